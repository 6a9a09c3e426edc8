/** Opening a branch in steps, for hosts that have no shorter way. */
import type { OpenedBranch, Store } from './store.ts';

/** A store with a root that was read after its sweeps were counted; the store is closed where that fails. */
export async function openBranchOf(store: Store, branch: string): Promise<OpenedBranch> {
  try {
    const sweeps = await store.retention.state();
    return { store, sweeps, root: await store.readRoot(branch) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
