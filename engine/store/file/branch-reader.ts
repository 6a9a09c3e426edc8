/**
 * Reads branches across logs: what a fork does not hold is read where it is stored.
 */
import { DatabaseError } from '../../../schema/error.ts';
import { parseCommitId } from '../commit-id.ts';
import type { CommitPlace, StoredSegment } from '../store.ts';
import type { BranchLogs } from './branch-logs.ts';
import { MOVED, type CommitLog, type OrMoved } from './commit-log.ts';
import type { LoggedCommit, LogPart } from './logged-commit.ts';

export class BranchReader {
  readonly #logs: BranchLogs;

  constructor(logs: BranchLogs) {
    this.#logs = logs;
  }

  async readLog(
    branch: string,
    fromTx: number,
    toTx: number,
  ): Promise<ReadonlyArray<StoredSegment>> {
    const root = await this.#logs.read(branch, (log) => log.readRoot());
    if (root === undefined) return [];
    const segments =
      fromTx > root.indexedTx
        ? root.segments
        : (await this.readCommits(branch, fromTx, toTx)).flatMap((commit) => commit.segments);
    return segments.filter(({ tx }) => tx >= fromTx && tx < toTx);
  }

  /** The commits of a branch with a transaction from one and before another, oldest first. */
  async readCommits(
    branch: string,
    fromTx: number,
    toTx: number,
  ): Promise<ReadonlyArray<LoggedCommit>> {
    const commits = await this.#logs.read(branch, async (log) => {
      const version = await log.readVersion();
      if (version === MOVED) return MOVED;
      return version === 0 ? [] : this.#readWithOrigins(log, fromTx, toTx);
    });
    return commits ?? [];
  }

  async names(): Promise<ReadonlyArray<string>> {
    const living: string[] = [];
    for (const name of await this.#logs.names()) {
      const version = await this.#logs.read(name, (log) => log.readVersion());
      if (version !== undefined && version > 0) living.push(name);
    }
    return living.sort();
  }

  /** The latest epoch that its log tells of; undefined where there has never been one. */
  epochOf(branch: string): Promise<number | undefined> {
    return this.#logs.read(branch, async (log) => {
      const version = await log.readVersion();
      return version === MOVED ? MOVED : log.position.epoch;
    });
  }

  async findCommit(id: string): Promise<CommitPlace | undefined> {
    const commitId = parseCommitId(id);
    if (commitId === undefined) return undefined;
    const branches = await this.names();
    for (const branch of branches) {
      const tx = await this.#logs.read(branch, async (log) => {
        const version = await log.readVersion();
        if (version === MOVED) return MOVED;
        return version === 0 ? undefined : log.findCommit(commitId);
      });
      if (tx !== undefined) return { branch, tx };
    }
    // Only logs of deleted branches are left to look in.
    for (const branch of branches) {
      for (const { log, afterTx, untilTx } of await this.#originsOf(branch)) {
        const tx = await this.#logs.readLife(log, (each) => each.findCommit(commitId));
        if (tx !== undefined && tx > afterTx && tx <= untilTx) return { branch, tx };
      }
    }
    return undefined;
  }

  async #originsOf(branch: string): Promise<ReadonlyArray<LogPart>> {
    return (await this.#logs.current(branch))?.origins ?? [];
  }

  async #readWithOrigins(
    log: CommitLog,
    fromTx: number,
    toTx: number,
  ): Promise<OrMoved<ReadonlyArray<LoggedCommit>>> {
    const found: LoggedCommit[] = [];
    let missing: LogPart | undefined;
    for (const part of log.origins) {
      const from = Math.max(fromTx, part.afterTx + 1);
      const to = Math.min(toTx, part.untilTx + 1);
      if (from >= to) continue;
      const commits = await this.#logs.readLife(part.log, (each) => each.readCommits(from, to));
      if (commits === undefined) missing = part;
      else found.push(...commits);
    }
    // Last, because it shows whether the branch was deleted meanwhile, and with it what it referred to.
    const own = await log.readCommits(fromTx, toTx);
    if (own === MOVED) return MOVED;
    if (missing !== undefined) throw missingPart(missing);
    return [...found, ...own];
  }
}

function missingPart(part: LogPart): DatabaseError {
  return new DatabaseError('STORE_CORRUPT', `The log ${part.log} that a fork needs is missing`, {
    data: { ...part },
  });
}
