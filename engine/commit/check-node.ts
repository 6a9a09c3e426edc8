/** A node against what its parent says of it: hash, level, count and the keys between which it is; and against itself. */
import { corrupt } from '../codec/block.ts';
import { contentHash } from '../codec/hash.ts';
import { decodeNode } from '../codec/node-codec.ts';
import type { Columns } from '../datom/columns.ts';
import { compareDatoms } from '../datom/compare-datoms.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import type { Era } from '../indices/base-index.ts';
import { ERAS } from '../indices/base-index.ts';
import type { Branch } from '../tree/node.ts';
import type { RootRecord } from './record.ts';

/** A node as its parent knows it. */
export interface ExpectedNode {
  readonly era: Era;
  readonly order: IndexOrder;
  readonly address: number;
  readonly level: number;
  readonly count: number;
  /** Undefined where the database has no content hashes. */
  readonly hash: Uint8Array | undefined;
  /** All keys are after this one, */
  readonly after: Datom | undefined;
  /** and none is after this one. */
  readonly upTo: Datom | undefined;
}

/** What is below a node: more nodes, or rows. */
export type BelowNode =
  | { readonly kind: 'branch'; readonly children: ReadonlyArray<ExpectedNode> }
  | { readonly kind: 'leaf'; readonly rows: Columns };

/** The roots of the trees of a record. */
export function expectedRoots({ roots }: RootRecord): ExpectedNode[] {
  return ERAS.flatMap((era) =>
    INDEX_ORDERS.flatMap((order) => {
      const { address, level, count, hash } = roots[era][order];
      if (address === undefined) return [];
      return [{ era, order, address, level, count, hash, after: undefined, upTo: undefined }];
    }),
  );
}

/** @throws STORE_CORRUPT where it is not what it should be */
export function checkNode(bytes: Uint8Array, expected: ExpectedNode): BelowNode {
  const { address, hash, level, count, order } = expected;
  const node = decodeNode(bytes, address);
  const found = hash === undefined ? undefined : contentHash(bytes);
  if (found?.every((byte, i) => byte === hash?.[i]) === false)
    throw corrupt('The content of a node is not what its parent has the hash of');
  const foundLevel = node.kind === 'leaf' ? 0 : node.level;
  if (foundLevel !== level)
    throw corrupt(`Expected a node of level ${level}, got one of level ${foundLevel}`);
  // Values are decoded when they are first looked at.
  if (node.keys.v.length !== node.keys.length)
    throw corrupt('Expected a value for each row of a node');
  const foundCount =
    node.kind === 'leaf' ? node.keys.length : node.counts.reduce((sum, each) => sum + each, 0);
  if (foundCount !== count)
    throw corrupt(
      `Expected ${count} rows below a node, as its parent counts them, got ${foundCount}`,
    );
  checkKeys(node.keys, order, expected);
  return node.kind === 'leaf'
    ? { kind: 'leaf', rows: node.keys }
    : { kind: 'branch', children: childrenOf(node, expected) };
}

function checkKeys(keys: Columns, order: IndexOrder, { after, upTo }: ExpectedNode): void {
  const compare = compareDatoms[order];
  let previous = after;
  for (let row = 0; row < keys.length; row++) {
    const key = keys.datom(row);
    if (previous !== undefined && compare(previous, key) >= 0)
      throw corrupt(
        row === 0
          ? 'Expected the keys of a node after those of the one before it'
          : `Expected the keys of a node in order, got one that is not, at ${row}`,
      );
    previous = key;
  }
  if (previous !== undefined && upTo !== undefined && compare(previous, upTo) > 0)
    throw corrupt('Expected the keys of a node up to the one that its parent has of it');
}

function childrenOf(node: Branch<Columns>, parent: ExpectedNode): ExpectedNode[] {
  const { keys, addresses, counts, hashes } = node;
  return Array.from(addresses, (address, i) => ({
    ...{ era: parent.era, order: parent.order, level: node.level - 1 },
    ...{ address, count: counts[i] ?? 0, hash: hashes?.[i] },
    after: i === 0 ? parent.after : keys.datom(i - 1),
    upTo: keys.datom(i),
  }));
}
