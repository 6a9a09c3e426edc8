/** The record of a root: everything about a database that is not a datom and cannot be derived from one. */
import { configFromEdn, configToEdn } from '../../schema/database.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { readEdn } from '../../schema/edn-read.ts';
import type { EdnMap } from '../../schema/value.ts';
import { readBlock, sealBlock } from '../codec/block.ts';
import type { ByteReader, ByteWriter } from '../codec/bytes.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import type { Era, BaseRoots } from '../indices/base-index.ts';
import { ERAS } from '../indices/base-index.ts';
import type { CommitInfo } from '../db/db.ts';
import type { TreeRoot } from '../tree/node.ts';
import { decodeCommit, encodeCommit } from './commit-info.ts';

export interface RootRecord {
  readonly config: DatabaseConfig;
  /** The base trees hold everything up to this transaction. */
  readonly indexedTx: number;
  /** The commit whose last transaction is {@link indexedTx}. */
  readonly commit: CommitInfo | undefined;
  /** The largest entity id as of {@link indexedTx}; later ones are in the segments of the log. */
  readonly maxEid: number;
  readonly roots: BaseRoots;
}

export function encodeRecord({ config, indexedTx, maxEid, commit, roots }: RootRecord): Uint8Array {
  return sealBlock((writer) => {
    writer.string(printEdn(configToEdn(config)));
    writer.varint(indexedTx);
    writer.varint(maxEid);
    writer.byte(commit === undefined ? 0 : 1);
    if (commit !== undefined) encodeCommit(commit, writer);
    for (const era of ERAS) for (const order of INDEX_ORDERS) encodeRoot(roots[era][order], writer);
  });
}

/** @throws STORE_CORRUPT */
export function decodeRecord(bytes: Uint8Array): RootRecord {
  return readBlock(bytes, (reader) => {
    const config = configFromEdn(readEdn(reader.string()) as EdnMap);
    const indexedTx = reader.varint();
    const maxEid = reader.varint();
    const commit = reader.byte() === 0 ? undefined : decodeCommit(reader);
    const roots = { current: decodeRoots(reader), temporal: decodeRoots(reader) };
    return { config, indexedTx, maxEid, commit, roots };
  });
}

function decodeRoots(reader: ByteReader): BaseRoots[Era] {
  return { eavt: decodeRoot(reader), aevt: decodeRoot(reader), avet: decodeRoot(reader) };
}

function encodeRoot({ address, count, level }: TreeRoot, writer: ByteWriter): void {
  writer.varint(count);
  if (count === 0) return;
  writer.varint(address ?? 0);
  writer.byte(level);
}

function decodeRoot(reader: ByteReader): TreeRoot {
  const count = reader.varint();
  if (count === 0) return { address: undefined, count, level: 0 };
  const address = reader.varint();
  return { address, count, level: reader.byte() };
}
