/** A store that counts what is asked of another one. */
import type { Store } from '../../engine/index.ts';

export interface CountingStore extends Store {
  /** Calls of `read`: what a cold reader waits for one after the other. */
  readonly roundTrips: number;
  /** Nodes in all calls together. */
  readonly nodesRead: number;
  reset(): void;
}

export function countReads(store: Store): CountingStore {
  let roundTrips = 0;
  let nodesRead = 0;
  return {
    id: store.id,
    leases: store.leases,
    retention: store.retention,
    get roundTrips() {
      return roundTrips;
    },
    get nodesRead() {
      return nodesRead;
    },
    reset() {
      roundTrips = 0;
      nodesRead = 0;
    },
    read(addresses) {
      roundTrips++;
      nodesRead += addresses.length;
      return store.read(addresses);
    },
    write: (nodes) => store.write(nodes),
    listNodes: () => store.listNodes(),
    deleteNodes: (addresses) => store.deleteNodes(addresses),
    readRoot: (branch, afterTx) => store.readRoot(branch, afterTx),
    readVersion: (branch) => store.readVersion(branch),
    readLog: (branch, fromTx, toTx) => store.readLog(branch, fromTx, toTx),
    commit: (commit) => store.commit(commit),
    findCommit: (id) => store.findCommit(id),
    findKeys: (branch, keys) => store.findKeys(branch, keys),
    branches: () => store.branches(),
    fork: (request) => store.fork(request),
    rewriteLog: (branch, epoch, segments) => store.rewriteLog(branch, epoch, segments),
    deleteBranch: (branch) => store.deleteBranch(branch),
    close: () => store.close(),
  };
}
