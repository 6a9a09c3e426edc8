/** Which nodes a root needs. */
import type { Columns } from '../datom/columns.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import { ERAS } from '../indices/base-index.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { fetchNode } from '../tree/fetch.ts';
import type { NodeSource, TreeRoot } from '../tree/node.ts';
import type { RootRecord } from './record.ts';

/** The addresses of all nodes below the roots of a record, and of what else the record names. Reads branches and no leaf. */
export function* reachable(
  { roots, purge }: RootRecord,
  source: NodeSource<Columns>,
): Suspended<ReadonlySet<number>> {
  const addresses = new Set(purge?.lists);
  for (const era of ERAS)
    for (const order of INDEX_ORDERS) yield* addTree(roots[era][order], source, addresses);
  return addresses;
}

function* addTree(
  { address: root, level }: TreeRoot,
  source: NodeSource<Columns>,
  addresses: Set<number>,
): Suspended<void> {
  const pending = root === undefined ? [] : [{ address: root, level }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    addresses.add(next.address);
    if (next.level === 0) continue;
    const node = yield* fetchNode(source, next.address);
    if (node.kind === 'leaf') continue;
    for (const child of node.addresses)
      if (next.level === 1) addresses.add(child);
      else pending.push({ address: child, level: next.level - 1 });
    yield PAUSE;
  }
}
