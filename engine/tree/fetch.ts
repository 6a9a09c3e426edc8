import type { Suspended } from '../shared/suspend.ts';
import type { Node, NodeSource } from './node.ts';

/** The node at an address, loaded first where it is not in memory. */
export function* fetchNode<K>(source: NodeSource<K>, address: number): Suspended<Node<K>> {
  for (;;) {
    const node = source.peek(address);
    if (node !== undefined) return node;
    yield { source, addresses: [address] };
  }
}
