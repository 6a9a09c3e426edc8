/** Which nodes a writer may be about to name: told by their addresses alone, because each writer gives these out in order. */
import type { BranchEpoch, RootWithLog } from '../../engine/index.ts';
import { decodeRecord } from '../../engine/index.ts';

/** Part of the format of addresses: the epoch of the lease is above a counter of so many bits. */
export const ADDRESSES_PER_EPOCH = 2 ** 32;

/** Who may still name a node: one that lives, one that left a branch without being followed, or none. */
export type NodeWriter = 'living' | 'none' | { readonly branch: string };

export interface InFlight {
  writerOf(address: number): NodeWriter;
}

/**
 * @param epochs as they were before the roots were read
 * @param roots the roots of all branches
 */
export function inFlightAddresses(
  epochs: ReadonlyArray<BranchEpoch>,
  roots: ReadonlyMap<string, RootWithLog>,
): InFlight {
  const latest = Math.max(0, ...epochs.map(({ epoch }) => epoch));
  const writers = new Map(
    epochs.map(({ branch, epoch, isHeld }) => {
      const writer: NodeWriter = isHeld ? 'living' : { branch };
      return [epoch, { from: unnamedFrom(epoch, roots.get(branch)), writer }];
    }),
  );
  return {
    writerOf(address) {
      const epoch = Math.floor(address / ADDRESSES_PER_EPOCH);
      // Given out since: its writer lives, or did when the nodes were looked at.
      if (epoch > latest) return 'living';
      const found = writers.get(epoch);
      return found === undefined || address < found.from ? 'none' : found.writer;
    },
  };
}

/** The first address of an epoch that is not named and may yet be. */
function unnamedFrom(epoch: number, root: RootWithLog | undefined): number {
  const first = epoch * ADDRESSES_PER_EPOCH;
  if (root === undefined) return first;
  const { unnamedFrom: named } = decodeRecord(root.record);
  return Math.floor(named / ADDRESSES_PER_EPOCH) === epoch ? named : first;
}
