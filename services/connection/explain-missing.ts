/** What to say of a node that a database value reads and the store has not: whether it was collected, or is lost. */
import type { Store } from '../../engine/index.ts';
import { DatabaseError, Reachable, addressOfMissing, decodeRecord } from '../../engine/index.ts';

/**
 * The error for a node that is missing. Where a root of a branch leads to it, it is damage; else the value that needs it is older than what is kept.
 *
 * @param error what the store said
 */
export async function explainMissing(
  store: Store,
  address: number,
  error: unknown,
): Promise<unknown> {
  const needed = new Reachable(store);
  try {
    for (const branch of await store.branches()) {
      const root = await store.readRoot(branch);
      if (root !== undefined) await needed.addTrees(decodeRecord(root.record).roots);
    }
  } catch (fault) {
    // A root lacks a node itself; or the trees were replaced and collected on the way, and the caller may ask again.
    return addressOfMissing(fault) === undefined ? error : fault;
  }
  if (needed.addresses.has(address)) return error;
  return new DatabaseError(
    'SNAPSHOT_EXPIRED',
    `Expected node ${address} of ${store.id}, which this database value reads, got none: it was collected, because the value is older than what is kept and nobody held it, or because something was purged. Take a new value with db() and ask again`,
    { data: { database: store.id, address }, cause: error },
  );
}
