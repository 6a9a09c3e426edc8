/**
 * One database in a folder: its packs of nodes, the logs of its branches, and its leases.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type {
  Address,
  Commit,
  CommitPlace,
  ForkRequest,
  ListedNode,
  RootWithLog,
  Store,
  StoredNode,
  StoredSegment,
} from '../store.ts';
import { BranchChanges } from './branch-changes.ts';
import { BranchLogs } from './branch-logs.ts';
import { MOVED } from './commit-log.ts';
import { BranchReader } from './branch-reader.ts';
import { onFiles } from './faults.ts';
import { FileLeases } from './file-leases.ts';
import { FileRetention } from './file-retention.ts';
import { FolderLock } from './folder-lock.ts';
import { NONCE_BYTES } from './log-frame.ts';
import { NodePacks } from './node-packs.ts';

const NODES_PER_BATCH = 10_000;

export class FileStore implements Store {
  readonly id: string;
  readonly leases: FileLeases;
  readonly retention: FileRetention;
  readonly #onClose: () => void;
  readonly #packs: NodePacks;
  readonly #logs: BranchLogs;
  readonly #reader: BranchReader;
  readonly #changes: BranchChanges;
  readonly #lock: FolderLock;
  #isClosed = false;

  constructor(id: string, folder: string, onClose: () => void) {
    this.id = id;
    this.#onClose = onClose;
    this.#packs = new NodePacks(join(folder, 'nodes'), id);
    this.#lock = new FolderLock(join(folder, 'locks'), id);
    this.#logs = new BranchLogs(folder, id);
    this.#reader = new BranchReader(this.#logs);
    this.leases = new FileLeases(join(folder, 'epochs'), id, {
      fence: (branch, epoch) =>
        this.#logs.write(
          branch,
          (log) => log.fence(epoch),
          () => this.#changes.finish(branch),
        ),
      fencedBy: (branch) => this.#reader.epochOf(branch),
    });
    this.retention = new FileRetention(folder, this.#lock);
    this.#changes = new BranchChanges(this.#logs, this.#reader, this.leases, this.#lock);
  }

  read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    return onFiles(() => this.#packs.read(addresses));
  }

  write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    return onFiles(() => this.#packs.write(nodes));
  }

  async *listNodes(): AsyncGenerator<ReadonlyArray<ListedNode>> {
    const nodes = await onFiles(() => this.#packs.nodes());
    for (let start = 0; start < nodes.length; start += NODES_PER_BATCH) {
      yield nodes.slice(start, start + NODES_PER_BATCH);
    }
  }

  deleteNodes(addresses: ReadonlyArray<Address>): Promise<void> {
    return onFiles(async () => {
      if (addresses.length === 0) return;
      await this.#lock.run(() => this.#packs.erase(new Set(addresses)));
    });
  }

  readRoot(branch: string, afterTx = 0): Promise<RootWithLog | undefined> {
    return onFiles(() => this.#logs.read(branch, (log) => log.readRoot(afterTx)));
  }

  readVersion(branch: string): Promise<number> {
    return onFiles(async () => (await this.#logs.read(branch, (log) => log.readVersion())) ?? 0);
  }

  readLog(branch: string, fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>> {
    return onFiles(() => this.#reader.readLog(branch, fromTx, toTx));
  }

  commit(commit: Commit): Promise<boolean> {
    const { branch } = commit;
    const nonce = randomBytes(NONCE_BYTES);
    return onFiles(() =>
      this.#logs.write(
        branch,
        (log, isRetry) => log.commit(commit, nonce, isRetry),
        () => this.#changes.finish(branch),
      ),
    );
  }

  findCommit(id: string): Promise<CommitPlace | undefined> {
    return onFiles(() => this.#reader.findCommit(id));
  }

  findKeys(branch: string, keys: ReadonlyArray<string>): Promise<ReadonlyMap<string, number>> {
    return onFiles(
      async () =>
        (await this.#logs.read(branch, async (log) => {
          const version = await log.readVersion();
          if (version === MOVED) return MOVED;
          return version === 0 ? new Map<string, number>() : log.findKeys(keys);
        })) ?? new Map<string, number>(),
    );
  }

  branches(): Promise<ReadonlyArray<string>> {
    return onFiles(() => this.#reader.names());
  }

  fork(request: ForkRequest): Promise<boolean> {
    return onFiles(() =>
      this.#changes.fork(request, async () => (await this.retention.read()).sweeps),
    );
  }

  deleteBranch(branch: string): Promise<void> {
    return onFiles(() => this.#changes.delete(branch));
  }

  rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    return onFiles(() => this.#changes.rewriteLog(branch, epoch, segments));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    await this.#packs.close();
    await this.#logs.close();
  }
}
