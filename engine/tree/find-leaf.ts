/** The leaf where the keys of a bound begin, without a cursor: for those who look for many, one near the other. */
import { must } from '../shared/assert.ts';
import type { KeyRange, Locate, NodeSource, TreeRoot } from './node.ts';

/**
 * The keys of the leaf that holds the first key which is not before the bound, or would hold it; the last leaf where all are. Undefined in an
 * empty tree, and where a node is not in memory, whose address is then noted in `missing`.
 */
export function findLeaf<K extends { readonly length: number }, B>(
  root: TreeRoot,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  bound: B,
  missing: number[],
): K | undefined {
  let { address } = root;
  while (address !== undefined) {
    const node = source.peek(address);
    if (node === undefined) {
      missing.push(address);
      return undefined;
    }
    if (node.kind === 'leaf') return node.keys;
    scratch.lo = 0;
    scratch.hi = node.keys.length;
    locate(node.keys, bound, scratch);
    const child = Math.min(scratch.lo, node.keys.length - 1);
    address = must(node.addresses[child], 'an address for each child');
  }
  return undefined;
}

const scratch: KeyRange = { lo: 0, hi: 0 };
