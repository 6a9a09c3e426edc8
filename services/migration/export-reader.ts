/** A stream that `exportDatabase` made, read back: its header, its rows, and whether all of it came as it was. */
import { createHash } from 'node:crypto';
import type { EdnData, ExportHeader } from '../../engine/index.ts';
import {
  DatabaseError,
  badExport,
  giveWay,
  headerOfItem,
  printEdn,
  trailerOfItem,
} from '../../engine/index.ts';
import { CBOR_FORMAT } from './cbor-format.ts';
import { EDN_FORMAT } from './edn-format.ts';
import type { ItemFormat } from './item-format.ts';
import { UnreadableItem } from './item-format.ts';
import { ItemSplitter } from './item-splitter.ts';

/** Where bytes come from; a stream of Node is one. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Rows that came together. */
export interface RowBatch {
  /** The number of the first one among the items of the export, of which the header is the first. */
  readonly at: number;
  readonly rows: ReadonlyArray<EdnData>;
}

/** What is read before other work gets its turn. */
const PIECE_BYTES = 16 * 1024;

/** How streams begin. */
const FIRST_OF_CBOR = 0xd9;
const FIRST_OF_GZIP = 0x1f;

/**
 * Opens an export of either format. The rows are trusted only when the batches have ended without an error: the checksum comes last.
 *
 * @throws BAD_EXPORT, BAD_CONFIG
 */
export async function readExport(source: ByteSource): Promise<{
  readonly header: ExportHeader;
  readonly batches: AsyncIterable<RowBatch>;
}> {
  const batches = new ExportReader().batches(source);
  const first = await batches.next();
  const [item] = first.done === true ? [] : first.value.rows;
  if (first.done === true || item === undefined) throw badExport('Expected a header', 1);
  try {
    return { header: headerOfItem(item), batches: after(first.value, batches) };
  } catch (error) {
    await batches.return();
    throw error;
  }
}

async function* after(
  { rows }: RowBatch,
  batches: AsyncIterable<RowBatch>,
): AsyncGenerator<RowBatch, void, void> {
  yield { at: 2, rows: rows.slice(1) };
  yield* batches;
}

class ExportReader {
  readonly #hash = createHash('sha256');
  /** Items so far. */
  #count = 0;
  #isEnded = false;

  async *batches(source: ByteSource): AsyncGenerator<RowBatch, void, void> {
    let format: ItemFormat | undefined;
    let splitter: ItemSplitter | undefined;
    for await (const piece of piecesOf(source)) {
      format ??= formatOf(piece);
      splitter ??= new ItemSplitter(format.createScanner());
      const at = this.#count + 1;
      const rows = this.#rowsIn(piece, format, splitter);
      if (rows.length > 0) yield { at, rows };
    }
    const isWhole = splitter?.isBetweenItems !== false;
    if (this.#isEnded && isWhole) return;
    const expected = this.#isEnded
      ? 'nothing after the trailer'
      : this.#count === 0
        ? 'a header'
        : 'a trailer';
    throw this.#error(
      `Expected ${expected}, got the end of the stream${isWhole ? '' : ' within an item'}`,
    );
  }

  #rowsIn(piece: Uint8Array, format: ItemFormat, splitter: ItemSplitter): EdnData[] {
    const { bytes, ends, failure } = splitter.push(piece);
    const rows: EdnData[] = [];
    /** Up to where the bytes belong to the rows. */
    let hashedUpTo = 0;
    try {
      for (const item of format.read(bytes)) {
        if (this.#isEnded) throw new UnreadableItem('Expected nothing after the trailer, got more');
        if (this.#count > 0 && item instanceof Map) {
          this.#hash.update(bytes.subarray(0, hashedUpTo));
          this.#end(item);
        } else {
          hashedUpTo = ends[rows.length] ?? 0;
          rows.push(item);
        }
        this.#count++;
      }
      if (failure !== undefined) throw failure;
    } catch (error) {
      throw this.#error(
        error instanceof UnreadableItem ? error.message : 'Expected an item, got what is none',
        error,
      );
    }
    if (!this.#isEnded) this.#hash.update(bytes);
    return rows;
  }

  #end(item: EdnData): void {
    const trailer = trailerOfItem(item);
    const datomCount = this.#count - 1;
    if (trailer === undefined)
      throw new UnreadableItem(`Expected a row or the trailer, got ${printEdn(item)}`);
    if (trailer.datomCount !== datomCount)
      throw new UnreadableItem(
        `Expected ${trailer.datomCount} rows, as the trailer says, got ${datomCount}`,
      );
    const sha256 = this.#hash.digest('hex');
    if (trailer.sha256 !== sha256)
      throw new UnreadableItem(
        `Expected the checksum ${trailer.sha256}, got ${sha256}: the export was changed or damaged`,
      );
    this.#isEnded = true;
  }

  /** About the item after those that were read. */
  #error(message: string, cause?: unknown): DatabaseError {
    const { message: text, data } = badExport(message, this.#count + 1);
    return new DatabaseError('BAD_EXPORT', text, { data, cause });
  }
}

function formatOf(start: Uint8Array): ItemFormat {
  if (start[0] === FIRST_OF_GZIP)
    throw badExport('Expected EDN or CBOR, got data that gzip made: decompress it first', 1);
  return start[0] === FIRST_OF_CBOR ? CBOR_FORMAT : EDN_FORMAT;
}

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array))
      throw new DatabaseError(
        'BAD_USER_INPUT',
        `Expected a stream of bytes, got one of ${typeof chunk}`,
      );
    for (let lo = 0; lo < chunk.length; lo += PIECE_BYTES) {
      yield chunk.subarray(lo, lo + PIECE_BYTES);
      await giveWay();
    }
  }
}
