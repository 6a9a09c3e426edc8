/** Nodes against the hashes that are kept of them. */
import { corrupt } from '../codec/block.ts';
import { contentHash } from '../codec/hash.ts';
import { decodeNode } from '../codec/node-codec.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import { ERAS } from '../indices/base-index.ts';
import type { RootRecord } from './record.ts';

/** A node as its parent knows it. */
export interface KnownNode {
  readonly address: number;
  /** Undefined where the database has no content hashes. */
  readonly hash: Uint8Array | undefined;
}

/** The roots of the trees of a record. */
export function rootNodes({ roots }: RootRecord): KnownNode[] {
  return ERAS.flatMap((era) =>
    INDEX_ORDERS.flatMap((order) => {
      const { address, hash } = roots[era][order];
      return address === undefined ? [] : [{ address, hash }];
    }),
  );
}

/**
 * Reads a node through and gives its children.
 *
 * @throws STORE_CORRUPT where its checksum does not hold, or it is not what its parent has the hash of
 */
export function auditNode(bytes: Uint8Array, { address, hash }: KnownNode): KnownNode[] {
  const node = decodeNode(bytes, address);
  const found = hash === undefined ? undefined : contentHash(bytes);
  if (found?.every((byte, i) => byte === hash?.[i]) === false)
    throw corrupt('The content of a node is not what its parent has the hash of');
  if (node.kind === 'branch')
    return Array.from(node.addresses, (child, i) => ({ address: child, hash: node.hashes?.[i] }));
  // Values are decoded when they are first looked at.
  if (node.keys.v.length !== node.keys.length)
    throw corrupt('Expected a value for each row of a node');
  return [];
}
