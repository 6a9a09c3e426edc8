/** A database value as a stream of bytes. Reads on only while the consumer does, and gives other work its turn. */
import { createHash } from 'node:crypto';
import type { Db } from '../../engine/index.ts';
import {
  DatabaseError,
  exportRows,
  giveWay,
  itemOfHeader,
  itemOfTrailer,
  run,
} from '../../engine/index.ts';
import { CBOR_FORMAT } from './cbor-format.ts';
import { EDN_FORMAT } from './edn-format.ts';
import type { ItemFormat } from './item-format.ts';

export type ExportFormat = 'edn' | 'cbor';

/** How far an export or an import came. */
export interface Progress {
  readonly datoms: number;
  readonly ofDatoms: number;
}

export interface ExportOptions {
  /** `'edn'` by default. */
  readonly format?: ExportFormat;
  /** Called after each chunk. */
  readonly onProgress?: (progress: Progress) => void;
}

const FORMATS: Readonly<Record<ExportFormat, ItemFormat>> = {
  edn: EDN_FORMAT,
  cbor: CBOR_FORMAT,
};

const CHUNK_BYTES = 64 * 1024;

/**
 * All that a database value holds, its history too, as chunks of some 64 KiB, or one item where that is larger. The same value gives the
 * same bytes, wherever and however it is held. Takes memory for a few chunks.
 *
 * @throws BAD_USER_INPUT for a view, and for a format that there is not
 */
export async function* exportDatabase(
  db: Db,
  options: ExportOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { format = 'edn', onProgress } = options;
  if (!Object.hasOwn(FORMATS, format))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected edn or cbor as the format of an export, got ${String(format)}`,
    );
  const hash = createHash('sha256');
  const writer = FORMATS[format].createWriter();
  const take = (): Uint8Array => {
    const chunk = writer.take();
    hash.update(chunk);
    return chunk;
  };
  const rows = await run(exportRows(db));
  const { datomCount: ofDatoms } = rows.header;
  writer.write(itemOfHeader(rows.header));
  let datomCount = 0;
  for (let items = await run(rows.next()); items !== undefined; items = await run(rows.next())) {
    for (const item of items) {
      writer.write(item);
      datomCount++;
      if (writer.sizeBytes < CHUNK_BYTES) continue;
      yield take();
      onProgress?.({ datoms: datomCount, ofDatoms });
      await giveWay();
    }
  }
  if (datomCount !== ofDatoms)
    throw new DatabaseError(
      'STORE_CORRUPT',
      `Expected ${ofDatoms} datoms in the database, as its indices count them, got ${datomCount}`,
    );
  yield take();
  writer.write(itemOfTrailer({ datomCount, sha256: hash.digest('hex') }));
  yield writer.take();
  onProgress?.({ datoms: datomCount, ofDatoms });
}
