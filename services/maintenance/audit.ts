/**
 * Looks whether what is stored of a branch is what was written. With `crypto-hash?` every node is held against the hash that its parent has of
 * it, the trees against the commit that named them, and every commit against its id; without, against the checksums and each other alone.
 */
import type { Connection } from '../connection/connection.ts';
import type { VerifyReport } from './verify.ts';
import { verifyBranch } from './verify.ts';

export interface AuditReport extends Omit<VerifyReport, 'isAnchored' | 'segments'> {
  /**
   * `advisory`: nothing was found wrong, but whoever could write the store could have hidden it. So it is without content hashes, and with
   * them while no commit has been written since the last index job.
   */
  readonly status: 'ok' | 'damaged' | 'advisory';
}

/** Reads all nodes and the whole log of the connection's branch from the store. */
export async function audit({ store, branch }: Connection): Promise<AuditReport> {
  const { nodes, commits, purged, isAnchored, faults } = await verifyBranch(store, branch);
  const status = faults.length > 0 ? 'damaged' : isAnchored ? 'ok' : 'advisory';
  return { status, nodes, commits, purged, faults };
}
