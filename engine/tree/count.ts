/** How many keys a range of a tree holds, from the counts in its branches: O(log n). */
import { together } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Edge, Range } from './cursor.ts';
import { fetchNode } from './fetch.ts';
import type { Locate, Node, NodeSource, TreeRoot } from './node.ts';

export function* countRange<K extends { readonly length: number }, B>(
  root: TreeRoot,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  range: Range<B>,
): Suspended<number> {
  const { from, to } = range;
  const [start = 0, end = root.count] = yield* together([
    from === undefined ? known(0) : rankOf(root, source, locate, from, from.inclusive),
    to === undefined ? known(root.count) : rankOf(root, source, locate, to, !to.inclusive),
  ]);
  return Math.max(0, end - start);
}

function* known(rank: number): Suspended<number> {
  return rank;
}

/** How many keys come before the keys that match the edge, or before their end. */
function* rankOf<K extends { readonly length: number }, B>(
  root: TreeRoot,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  edge: Edge<B>,
  isStart: boolean,
): Suspended<number> {
  let rank = 0;
  let { address } = root;
  while (address !== undefined) {
    const node: Node<K> = yield* fetchNode(source, address);
    const range = { lo: 0, hi: node.keys.length };
    locate(node.keys, edge.bound, range);
    const place = isStart ? range.lo : range.hi;
    if (node.kind === 'leaf') return rank + place;
    for (let i = 0; i < place; i++) rank += node.counts[i]!;
    address = node.addresses[place];
  }
  return rank;
}
