/**
 * A backup as bytes: blocks that each have a checksum, and a hash over all of them at the end.
 *
 *     backup   = 'DHGBKUP1', block*
 *     block    = kind u8, length u32, crc u32, body      the crc is of the block's number, its kind and its body
 *     manifest = JSON, the first block
 *     entries  = count u32, count * (number f64, length u32), the bytes of each       nodes by address, segments by transaction
 *     end      = JSON, the last block
 *
 * All numbers are little-endian. A block that is changed, cut off, moved or left out is found where it is.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DatabaseError } from '../../engine/index.ts';

export const BACKUP_VERSION = 1;

const MAGIC = Buffer.from('DHGBKUP1', 'latin1');
const HEADER_BYTES = 9;
const ENTRY_BYTES = 12;
/** No block of ours is larger, but for one node or segment that is. */
const MAX_BLOCK_BYTES = 2 ** 31;

const KINDS = ['manifest', 'nodes', 'log', 'end'] as const;
export type BlockKind = (typeof KINDS)[number];

export interface Block {
  readonly kind: BlockKind;
  /** Of the first block it is 0. */
  readonly number: number;
  readonly body: Buffer;
}

/** Bytes by address, or by transaction. */
export interface Entry {
  readonly key: number;
  readonly bytes: Uint8Array;
}

export class BackupWriter {
  readonly #hash = createHash('sha256');
  #number = 0;

  /** The bytes of the next block; the first ones come with the mark of a backup. */
  block(kind: BlockKind, body: Uint8Array): Uint8Array {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(KINDS.indexOf(kind), 0);
    header.writeUInt32LE(body.length, 1);
    header.writeUInt32LE(checksumOf(this.#number, header, body), 5);
    const parts = this.#number === 0 ? [MAGIC, header, body] : [header, body];
    this.#number++;
    const bytes = Buffer.concat(parts);
    this.#hash.update(bytes);
    return bytes;
  }

  /** Of all bytes so far. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** The blocks of a backup, each checked before it is given; the last one is the end, and nothing comes behind it. */
export async function* readBlocks(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Block> {
  const bytes = new Pieces(source);
  const hash = createHash('sha256');
  const magic = await bytes.take(MAGIC.length);
  if (magic?.equals(MAGIC) !== true)
    throw badBackup('Expected a backup of this software, got something else', 0);
  hash.update(magic);
  for (let number = 0; ; number++) {
    const header = await bytes.take(HEADER_BYTES);
    const length = header?.readUInt32LE(1) ?? 0;
    const body = length < MAX_BLOCK_BYTES ? await bytes.take(length) : undefined;
    if (header === undefined || body === undefined)
      throw badBackup('Expected a whole block, got the end of the backup', number);
    const kind = KINDS[header.readUInt8(0)];
    if (kind === undefined || header.readUInt32LE(5) !== checksumOf(number, header, body))
      throw badBackup('The checksum of a block does not hold', number);
    if ((number === 0) !== (kind === 'manifest'))
      throw badBackup(`Expected the manifest first and once, got ${kind}`, number);
    if (kind === 'end' && endOf(body).sha256 !== hash.digest('hex'))
      throw badBackup('The hash over all blocks does not hold', number);
    yield { kind, number, body };
    if (kind === 'end') {
      if ((await bytes.take(1)) !== undefined)
        throw badBackup('Expected nothing behind the end', number + 1);
      return;
    }
    hash.update(header);
    hash.update(body);
  }
}

export interface BackupEnd {
  readonly nodes: number;
  readonly segments: number;
  readonly sha256: string;
}

export function endOf(body: Buffer): BackupEnd {
  return JSON.parse(body.toString('utf8')) as BackupEnd;
}

export function encodeEntries(entries: ReadonlyArray<Entry>): Buffer {
  const table = Buffer.alloc(4 + ENTRY_BYTES * entries.length);
  table.writeUInt32LE(entries.length, 0);
  for (const [i, { key, bytes }] of entries.entries()) {
    table.writeDoubleLE(key, 4 + ENTRY_BYTES * i);
    table.writeUInt32LE(bytes.length, 4 + ENTRY_BYTES * i + 8);
  }
  return Buffer.concat([table, ...entries.map(({ bytes }) => bytes)]);
}

/** @throws BAD_BACKUP */
export function decodeEntries({ body, number }: Block): Entry[] {
  const count = body.length < 4 ? 0 : body.readUInt32LE(0);
  let offset = 4 + ENTRY_BYTES * count;
  if (offset > body.length) throw badBackup('A block ends before what it holds', number);
  const entries = Array.from({ length: count }, (_, i) => {
    const at = 4 + ENTRY_BYTES * i;
    const end = offset + body.readUInt32LE(at + 8);
    const entry = { key: body.readDoubleLE(at), bytes: body.subarray(offset, end) };
    offset = end;
    return entry;
  });
  if (offset !== body.length) throw badBackup('A block ends before what it holds', number);
  return entries;
}

export function badBackup(message: string, block: number): DatabaseError {
  return new DatabaseError(
    'BAD_BACKUP',
    `${message}, at block ${block}; nothing was restored. Use another copy of the backup`,
    { data: { block } },
  );
}

function checksumOf(number: number, header: Buffer, body: Uint8Array): number {
  const numbered = Buffer.alloc(5);
  numbered.writeUInt32LE(number, 0);
  numbered.writeUInt8(header.readUInt8(0), 4);
  return crc32(body, crc32(numbered));
}

/** A stream as pieces of the lengths that are asked for. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #rest: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#source =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Undefined where the stream ends before. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#length < length) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#rest.push(Buffer.from(next.value));
      this.#length += next.value.length;
    }
    const [first] = this.#rest;
    const isOne = first !== undefined && this.#rest.length === 1;
    const all = isOne ? first : Buffer.concat(this.#rest);
    this.#rest = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }
}
