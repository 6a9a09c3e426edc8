/** Collecting: nodes that no root of any branch needs are deleted. */
import type { Store, StoredNodes } from '../../engine/index.ts';
import { decodeRecord, reachable, run } from '../../engine/index.ts';

/** Part of the format of addresses: the epoch of the lease is above a counter of so many bits. */
const ADDRESSES_PER_EPOCH = 2 ** 32;

/**
 * Deletes what no root names, and gives how many nodes that were. What the writers of other branches have stored since they took their
 * leases stays, because they may be about to name it.
 *
 * @param ownEpoch the epoch of the caller, who names nothing now that no root names yet
 */
export async function collectNodes(
  store: Store,
  nodes: StoredNodes,
  ownEpoch: number,
): Promise<number> {
  const [kept, living] = [new Set<number>(), new Set<number>()];
  for (const branch of await store.branches()) {
    const lease = await store.leases.current(branch);
    if (lease !== undefined && lease.epoch !== ownEpoch) living.add(lease.epoch);
    const root = await store.readRoot(branch);
    if (root === undefined) continue;
    for (const address of await run(reachable(decodeRecord(root.record), nodes))) kept.add(address);
  }
  const isGarbage = (address: number): boolean =>
    !kept.has(address) && !living.has(Math.floor(address / ADDRESSES_PER_EPOCH));
  const garbage: number[] = [];
  for await (const addresses of store.listNodes())
    for (const address of addresses) if (isGarbage(address)) garbage.push(address);
  await store.deleteNodes(garbage);
  return garbage.length;
}
