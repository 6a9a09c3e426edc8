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
  let { address } = root;
  while (address !== undefined) {
    const node = peekOr(source, address, missing);
    if (node === undefined) return 0;
    const last = node.kind === 'leaf' ? node.keys.length : node.counts.length;
    const start = from === undefined ? 0 : placeIn(node.keys, locate, from, from.inclusive);
    // The edge of a prefix is both, and was located already.
    const isBoth = from === to && to?.inclusive === true;
    const end = isBoth
      ? scratch.hi
      : to === undefined
        ? last
        : placeIn(node.keys, locate, to, !to.inclusive);
    if (node.kind === 'leaf' || start > end) return Math.max(0, end - start);
    if (start < end) {
      const { addresses, counts } = node;
      let count = 0;
      for (let i = start; i < end; i++) count += counts[i]!;
      if (from !== undefined)
        count -= rankOf(addresses[start], source, locate, from, from.inclusive, missing);
      if (to !== undefined)
        count += rankOf(addresses[end], source, locate, to, !to.inclusive, missing);
      return count;
    }
    // All of the range is below one child.
    address = node.addresses[start];
  }
  return 0;
}

/** How many keys below an address come before the keys that match the edge, or before their end. */
function rankOf<K extends { readonly length: number }, B>(
  root: number | undefined,
  source: NodeSource<K>,
  locate: Locate<K, B>,
  edge: Edge<B>,
  isStart: boolean,
  missing: number[],
): number {
  let rank = 0;
  let address = root;
  while (address !== undefined) {
    const node = peekOr(source, address, missing);
    if (node === undefined) return 0;
    const place = placeIn(node.keys, locate, edge, isStart);
    if (node.kind === 'leaf') return rank + place;
    for (let i = 0; i < place; i++) rank += node.counts[i]!;
    address = node.addresses[place];
  }
  return rank;
}

function peekOr<K>(source: NodeSource<K>, address: number, missing: number[]): Node<K> | undefined {
  const node = source.peek(address);
  if (node === undefined) missing.push(address);
  return node;
}

/** Where the keys that match the edge begin or end. */
function placeIn<K extends { readonly length: number }, B>(
  keys: K,
  locate: Locate<K, B>,
  { bound }: Edge<B>,
  isStart: boolean,
): number {
  scratch.lo = 0;
  scratch.hi = keys.length;
  locate(keys, bound, scratch);
  return isStart ? scratch.lo : scratch.hi;
}

/** Locating never nests, so one range serves all. */
const scratch: KeyRange = { lo: 0, hi: 0 };
