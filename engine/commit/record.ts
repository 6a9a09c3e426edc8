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
import { ERAS, addressesOf } from '../indices/base-index.ts';
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
  /** How many purges there were: who met fewer holds nodes in memory that must be forgotten. */
  readonly purges: number;
  /** The last purge, while the log and old nodes may still hold what was purged. */
  readonly purge: UnfinishedPurge | undefined;
  /**
   * Of the epoch that this address is of, the writer may still name nodes from here on; what is before was named or never will be. Of later
   * epochs it may be any node.
   */
  readonly unnamedFrom: number;
  /** The node that lists the trees that were replaced, the last ones of the branch; see `past-trees.ts`. */
  readonly past: number | undefined;
}

export interface UnfinishedPurge {
  /** The transaction that purged; what is to be taken out of the log comes before it. */
  readonly tx: number;
  /** Addresses of the nodes that list the facts, see `purge.ts`. */
  readonly lists: ReadonlyArray<number>;
}

export function encodeRecord(record: RootRecord): Uint8Array {
  const { config, indexedTx, maxEid, commit, roots, purges, purge, unnamedFrom, past } = record;
  return sealBlock((writer) => {
    writer.string(printEdn(configToEdn(config)));
    writer.varint(indexedTx);
    writer.varint(maxEid);
    writer.byte(commit === undefined ? 0 : 1);
    if (commit !== undefined) encodeCommit(commit, writer);
    for (const era of ERAS) for (const order of INDEX_ORDERS) encodeRoot(roots[era][order], writer);
    writer.varint(purges);
    writer.varint(purge?.tx ?? 0);
    writer.varint(purge?.lists.length ?? 0);
    for (const address of purge?.lists ?? []) writer.varint(address);
    writer.varint(unnamedFrom);
    writer.varint(past ?? 0);
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
    const purges = reader.varint();
    const tx = reader.varint();
    const lists = Array.from({ length: reader.varint() }, () => reader.varint());
    const purge = tx === 0 ? undefined : { tx, lists };
    // Records of before there was collection end here.
    const unnamedFrom = reader.isAtEnd ? 0 : reader.varint();
    const past = reader.isAtEnd ? 0 : reader.varint();
    return {
      config,
      indexedTx,
      maxEid,
      commit,
      roots,
      purges,
      purge,
      unnamedFrom,
      past: past === 0 ? undefined : past,
    };
  });
}

/** The addresses of the roots of all trees that a record names. */
export function addressesOfRecord({ roots }: RootRecord): number[] {
  return addressesOf(roots);
}

function decodeRoots(reader: ByteReader): BaseRoots[Era] {
  return { eavt: decodeRoot(reader), aevt: decodeRoot(reader), avet: decodeRoot(reader) };
}

function encodeRoot({ address, count, level, hash }: TreeRoot, writer: ByteWriter): void {
  writer.varint(count);
  if (count === 0) return;
  writer.varint(address ?? 0);
  writer.byte(level);
  writer.bytes(hash ?? NO_HASH);
}

const NO_HASH = new Uint8Array();

function decodeRoot(reader: ByteReader): TreeRoot {
  const count = reader.varint();
  if (count === 0) return { address: undefined, count, level: 0 };
  const [address, level, hash] = [reader.varint(), reader.byte(), reader.bytes()];
  return hash.length === 0
    ? { address, count, level }
    : { address, count, level, hash: hash.slice() };
}
