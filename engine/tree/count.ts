/** How many keys a range of a tree holds, from the counts in its branches: O(log n). */
import type { Edge, Range } from './cursor.ts';
import type { KeyRange, Locate, Node, NodeSource, TreeRoot } from './node.ts';

/**
 * Where nodes are not in memory, their addresses are added to `missing`, and what is returned means nothing: it has to be asked again.
 */
export function countRange<K extends { readonly length: number }, B>(
  root: TreeRoot,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  { from, to }: Range<B>,
  missing: number[],
): number {
  const rank = (edge: Edge<B>, isStart: boolean): number =>
    rankOf(root, source, locate, edge.bound, isStart, missing);
  const start = from === undefined ? 0 : rank(from, from.inclusive);
  const end = to === undefined ? root.count : rank(to, !to.inclusive);
  return Math.max(0, end - start);
}

/** How many keys come before the keys that match the bound, or before their end. Notes a node that is not in memory, and gives up. */
function rankOf<K extends { readonly length: number }, B>(
  root: TreeRoot,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  bound: B,
  isStart: boolean,
  missing: number[],
): number {
  let rank = 0;
  let { address } = root;
  while (address !== undefined) {
    const node: Node<K> | undefined = source.peek(address);
    if (node === undefined) {
      missing.push(address);
      return rank;
    }
    scratch.lo = 0;
    scratch.hi = node.keys.length;
    locate(node.keys, bound, scratch);
    const place = isStart ? scratch.lo : scratch.hi;
    if (node.kind === 'leaf') return rank + place;
    for (let i = 0; i < place; i++) rank += node.counts[i]!;
    address = node.addresses[place];
  }
  return rank;
}

/** Locating never nests, so one range serves all. */
const scratch: KeyRange = { lo: 0, hi: 0 };
