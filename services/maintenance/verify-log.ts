/** The log of a branch: whether it is whole, its commits follow each other, and what its transactions come to. */
import type { CommitInfo, RootRecord, Segment, Store, StoredSegment } from '../../engine/index.ts';
import {
  LogFold,
  TX0,
  contentCommit,
  giveWay,
  hashOfTrees,
  readSegment,
  run,
  withoutCommit,
} from '../../engine/index.ts';
import type { Findings } from './findings.ts';
import { messageOf } from './findings.ts';

/** So many transactions are read together. */
const BATCH = 128;

export interface LogOfTrees {
  /** What the log says that the base trees hold, of transactions after {@link afterTx}. */
  readonly fold: LogFold;
  /** The log says nothing of this transaction and those before, as after an import. */
  readonly afterTx: number;
  /** Whether a purge took something out, or something cannot be read, so that the rest tells too little. */
  readonly isPartial: boolean;
}

/** Every transaction of the log up to one, each commit against its id and the one before it. */
export async function verifyLog(
  store: Store,
  branch: string,
  { roots, indexedTx, purges }: RootRecord,
  lastTx: number,
  findings: Findings,
): Promise<LogOfTrees> {
  const check = new LogCheck(hashOfTrees(roots), indexedTx, findings);
  for (let tx = TX0; tx <= lastTx; tx += BATCH) {
    const segments = await store.readLog(branch, tx, Math.min(lastTx + 1, tx + BATCH));
    for (const segment of segments) await check.take(segment);
    findings.step();
    await giveWay();
  }
  check.end(lastTx);
  const { fold = new LogFold(lastTx), afterTx, isPartial } = check;
  return { fold, afterTx, isPartial: isPartial || purges > 0 };
}

interface LoggedSegment {
  readonly commit: CommitInfo | undefined;
  /** The segment as its commit was named for; undefined where that is not known any more. */
  readonly body: Uint8Array | undefined;
}

class LogCheck {
  fold: LogFold | undefined;
  afterTx = -1;
  isPartial = false;
  readonly #trees: string;
  readonly #indexedTx: number;
  readonly #findings: Findings;
  #previousTx: number | undefined;
  #previous: CommitInfo | undefined;
  #group: LoggedSegment[] = [];

  constructor(trees: string, indexedTx: number, findings: Findings) {
    this.#trees = trees;
    this.#indexedTx = indexedTx;
    this.#findings = findings;
  }

  async take(stored: StoredSegment): Promise<void> {
    const { tx } = stored;
    this.#findings.segments++;
    if (this.#previousTx !== undefined && tx !== this.#previousTx + 1)
      this.#fault(tx, `expected transaction ${this.#previousTx + 1} after the one before it`);
    this.#previousTx = tx;
    const read = await this.#read(stored);
    this.#group.push(read);
    if (read.commit !== undefined) this.#endCommit(read.commit);
  }

  end(lastTx: number): void {
    if (this.#previousTx !== lastTx)
      this.#fault(
        lastTx,
        `expected the log up to it, got it up to ${this.#previousTx ?? 'nowhere'}`,
      );
  }

  async #read({ tx, bytes }: StoredSegment): Promise<LoggedSegment> {
    try {
      const segment = await run(readSegment(bytes));
      if (segment.tx !== tx) this.#fault(tx, `it says that it is transaction ${segment.tx}`);
      if (segment.isPurged === true) {
        this.#findings.purged++;
        this.isPartial = true;
      }
      this.#apply(segment, tx);
      const { commit, isPurged } = segment;
      return { commit, body: isPurged === true ? undefined : withoutCommit(bytes) };
    } catch (error) {
      this.#fault(tx, messageOf(error));
      return { commit: undefined, body: undefined };
    }
  }

  #apply({ changes }: Segment, tx: number): void {
    if (this.fold === undefined) {
      // The log of an import begins with an empty transaction, and does not say what was before.
      this.afterTx = changes.length === 0 ? tx : tx - 1;
      this.fold = new LogFold(this.afterTx);
    }
    if (tx <= this.#indexedTx) for (const change of changes) this.fold.apply(change);
  }

  #endCommit(commit: CommitInfo): void {
    const { id, parents, trees } = commit;
    this.#findings.commits++;
    if (trees === this.#trees) this.#findings.isAnchored = true;
    if (this.#previous !== undefined && !parents.includes(this.#previous.id))
      this.#findings.add({
        what: 'commit',
        where: id,
        why: `it does not follow ${this.#previous.id}, which is before it`,
      });
    const bodies = this.#group.flatMap(({ body }) => body ?? []);
    const isKnown = trees !== undefined && bodies.length === this.#group.length;
    if (isKnown && contentCommit(parents, trees, bodies).id !== id)
      this.#findings.add({
        what: 'commit',
        where: id,
        why: 'its transactions are not what it was named for',
      });
    this.#previous = commit;
    this.#group = [];
  }

  #fault(tx: number, why: string): void {
    this.isPartial = true;
    this.#findings.add({ what: 'segment', where: tx, why });
  }
}
