/**
 * Versions of many branches, for hosts that ask for one after the other.
 */
import type { BranchPlace, Store } from './store.ts';

/**
 * The version of each branch among open stores; 0 where the store is not there. One that cannot be read must not hide the
 * others, so it is 0 too, unless none can be read.
 */
export async function readVersionsOf(
  stores: Iterable<Store>,
  places: ReadonlyArray<BranchPlace>,
): Promise<ReadonlyArray<number>> {
  const storesById = new Map(Array.from(stores, (store) => [store.id, store]));
  const answers = await Promise.allSettled(
    places.map(async ({ store, branch }) => storesById.get(store)?.readVersion(branch) ?? 0),
  );
  const [first] = answers;
  if (first?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) {
    throw first.reason;
  }
  return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 0));
}
