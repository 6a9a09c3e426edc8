/** What identifies a commit, as bytes: part of segments and of root records. */
import type { ByteReader, ByteWriter } from '../codec/bytes.ts';
import { contentHash } from '../codec/hash.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import type { CommitInfo } from '../db/db.ts';
import type { BaseRoots } from '../indices/base-index.ts';
import { ERAS } from '../indices/base-index.ts';

export function encodeCommit({ id, parents, trees }: CommitInfo, writer: ByteWriter): void {
  writer.string(id);
  writer.varint(parents.length);
  for (const parent of parents) writer.string(parent);
  writer.string(trees ?? '');
}

export function decodeCommit(reader: ByteReader): CommitInfo {
  const id = reader.string();
  const parents = Array.from({ length: reader.varint() }, () => reader.string());
  const trees = reader.string();
  return trees === '' ? { id, parents } : { id, parents, trees };
}

/**
 * A commit whose id follows from what it says: its parents, its transactions, and the base trees of the root with which it was written. So
 * whoever knows the id of the last commit can find out whether any of it was changed.
 *
 * @param trees see {@link hashOfTrees}
 * @param segments as they are without the commit
 */
export function contentCommit(
  parents: ReadonlyArray<string>,
  trees: string,
  segments: ReadonlyArray<Uint8Array>,
): CommitInfo {
  const bodies = segments.map((bytes) => contentHash(bytes));
  const hash = contentHash(parents.join(), ' ', trees, ...bodies);
  return { id: uuidOf(hash), parents, trees };
}

/** A hash of the hashes of all base trees. */
export function hashOfTrees(roots: BaseRoots): string {
  const hashes = ERAS.flatMap((era) =>
    INDEX_ORDERS.map((order) => roots[era][order].hash ?? NO_TREE),
  );
  return hex(contentHash(...hashes));
}

/** Stands for the empty tree. */
const NO_TREE = new Uint8Array(1);

/** The first bytes of a hash in the shape of a UUID of version 5. */
function uuidOf(hash: Uint8Array): string {
  const bytes = hash.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const text = hex(bytes);
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => text.slice(from, to))
    .join('-');
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
