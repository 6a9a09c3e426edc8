/**
 * Forks and deletes branches, and rewrites their logs, one at a time under the lock of the folder. So while a fork is made
 * its origin stays, and a deletion knows all forks.
 *
 * The log of a fork begins with one frame: its first root, copies of the commits that its trees do not hold, and where the
 * commits before are: in its origin, and in all that its origin refers to, so that reading never walks a chain.
 */
import { checkName } from '../names.ts';
import { originNotFound, snapshotSwept } from '../store-errors.ts';
import type { ForkRequest, StoredSegment } from '../store.ts';
import type { BranchLogs } from './branch-logs.ts';
import type { BranchReader } from './branch-reader.ts';
import { removeUnneededLogs } from './branch-sweep.ts';
import type { FileLeases } from './file-leases.ts';
import type { FolderLock } from './folder-lock.ts';
import { lifeOf, parseLife } from './log-name.ts';
import {
  differsFrom,
  eraseLeftovers,
  replacingSegments,
  unchanged,
  writeNextGeneration,
} from './log-rewrite.ts';
import type { ForkContent, LoggedCommit, LogPart } from './logged-commit.ts';

export class BranchChanges {
  readonly #logs: BranchLogs;
  readonly #reader: BranchReader;
  readonly #leases: FileLeases;
  readonly #lock: FolderLock;

  constructor(logs: BranchLogs, reader: BranchReader, leases: FileLeases, lock: FolderLock) {
    this.#logs = logs;
    this.#reader = reader;
    this.#leases = leases;
    this.#lock = lock;
  }

  /** @param sweeps reads how many sweeps there were, under the lock */
  async fork(request: ForkRequest, sweeps: () => Promise<number>): Promise<boolean> {
    const { branch, origin } = request;
    checkName('branch', branch);
    return this.#lock.run(async () => {
      if (await this.#exists(branch)) return false;
      if (!(await this.#exists(origin.branch))) throw originNotFound(origin.branch);
      if (request.sweeps !== undefined && request.sweeps !== (await sweeps()))
        throw snapshotSwept(branch);
      const content = await this.#contentOf(request);
      const finish = () => this.#finishHere(branch);
      return this.#logs.write(branch, (log) => log.fork(request, content), finish);
    });
  }

  async delete(branch: string): Promise<void> {
    await this.#lock.run(async () => {
      const version = await this.#logs.read(branch, (log) => log.readVersion());
      if (version === undefined) return;
      if ((await this.#logs.current(branch))?.position.state !== 'ended') {
        await this.#leases.revoke(branch, (epoch) =>
          this.#logs.write(
            branch,
            (each) => each.end(epoch),
            () => this.#finishHere(branch),
          ),
        );
      }
      await removeUnneededLogs(this.#logs);
    });
  }

  async rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    return this.#lock.run(async () => {
      if (!(await this.#exists(branch))) return false;
      const own = await this.#logs.current(branch);
      if (own === undefined || epoch < own.position.epoch) return false;
      // One at a time has the lock, so nobody who takes over now comes in between.
      const parts = [...own.origins, { log: lifeOf(own.name), afterTx: -1, untilTx: Infinity }];
      for (const part of parts) await this.#rewritePart(part, segments);
      return true;
    });
  }

  /** Gives a sealed log its next generation, where the process that sealed it is not at it any more. */
  finish(branch: string): Promise<void> {
    return this.#lock.runIfFree(() => this.#finishHere(branch));
  }

  async #rewritePart(
    { log: life, afterTx, untilTx }: LogPart,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<void> {
    await eraseLeftovers(this.#logs, parseLife(life).folder);
    const log = await this.#logs.caughtUp(life);
    if (log === undefined) return;
    const inPart = segments.filter(({ tx }) => tx > afterTx && tx <= untilTx);
    const bytesByTx = new Map(inPart.map(({ tx, bytes }) => [tx, bytes]));
    if (await differsFrom(log, bytesByTx)) {
      await writeNextGeneration(this.#logs, log, replacingSegments(bytesByTx));
    }
  }

  async #finishHere(branch: string): Promise<void> {
    const log = await this.#logs.current(branch);
    if (log?.position.state !== 'sealed') return;
    await writeNextGeneration(this.#logs, log, unchanged);
  }

  async #exists(branch: string): Promise<boolean> {
    const version = await this.#logs.read(branch, (log) => log.readVersion());
    return version !== undefined && version > 0;
  }

  async #contentOf({ origin, indexedTx }: ForkRequest): Promise<ForkContent> {
    const log = await this.#logs.current(origin.branch);
    if (log === undefined) throw originNotFound(origin.branch);
    const copiedAfterTx = Math.min(indexedTx, origin.tx);
    const last = await this.#reader.readCommits(origin.branch, copiedAfterTx, origin.tx + 1);
    const commits = last
      .filter((commit) => lastTxOf(commit) > copiedAfterTx)
      .map((commit) => cutBehind(commit, origin.tx));
    const untilTx = (commits[0]?.segments[0]?.tx ?? origin.tx + 1) - 1;
    const afterTx = log.origins.at(-1)?.untilTx ?? -1;
    const origins = [...log.origins, { log: lifeOf(log.name), afterTx, untilTx }]
      .filter((part) => part.afterTx < untilTx)
      .map((part) => ({ ...part, untilTx: Math.min(part.untilTx, untilTx) }));
    return { origins, commits };
  }
}

function lastTxOf({ segments }: LoggedCommit): number {
  return segments.at(-1)?.tx ?? -Infinity;
}

/** A commit that is not whole any more has no id. */
function cutBehind(commit: LoggedCommit, tx: number): LoggedCommit {
  if (lastTxOf(commit) <= tx) return commit;
  return { id: undefined, segments: commit.segments.filter((segment) => segment.tx <= tx) };
}
