/**
 * A commit is one statement: it moves the root where version and epoch still allow it, and logs the segments where it moved.
 *
 * A connection that is lost meanwhile leaves the outcome unknown, and the statement may even arrive later. So each commit
 * carries a number that its writer uses once, and to learn the outcome the writer first declares that number void. The
 * branch row puts the two in order: either the commit was there before, or it has no effect for ever.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError } from '../../../schema/error.ts';
import { idToStore } from '../commit-id.ts';
import { encodeSegments } from '../segment-list.ts';
import type { Commit } from '../store.ts';
import type { Connections } from './connections.ts';
import { isConnectionLost, toDatabaseError } from './faults.ts';

const RETRY_MS = 100;

export interface CommitOptions {
  /** How long a lost connection may keep the outcome of a commit unknown before the caller is told so. */
  readonly outcomeTimeoutMs: number;
}

export class PostgresCommits {
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #databaseId: number;
  readonly #options: CommitOptions;
  /** Moves the root, and nothing else. */
  readonly #move: string;
  /** Moves the root and logs the segments. */
  readonly #commit: string;
  /** The same, with the keys of their requests. */
  readonly #commitKeys: string;
  // Without a lease several processes share the epoch 0: starting at the time keeps their numbers apart.
  #attempt = Date.now() * 1_000;

  constructor(
    connections: Connections,
    schema: string,
    databaseId: number,
    options: CommitOptions,
  ) {
    this.#connections = connections;
    this.#schema = schema;
    this.#databaseId = databaseId;
    this.#options = options;
    this.#move = `
      UPDATE ${schema}.branches
      SET version = version + 1, epoch = $4, root_epoch = $4, attempt = $5, record = $6, indexed_tx = $7
      WHERE database_id = $1 AND branch = $2 AND version = $3 AND epoch <= $4
        AND (void_epoch = $4 AND $5 <= void_attempt) IS NOT TRUE`;
    const moved = `moved AS (${this.#move} RETURNING branch_id, version)`;
    const keyed = `keyed AS (
      INSERT INTO ${schema}.keys (database_id, branch_id, key, tx)
      SELECT $1, branch_id, request.key, request.tx
      FROM moved, unnest($12::uuid[], $13::bigint[]) AS request (key, tx))`;
    // What counts the row is the last step and not a query about it: that would cost a twentieth of the commit.
    const logged = `
      INSERT INTO ${schema}.log
        (database_id, branch_id, last_tx, first_tx, version, epoch, attempt, bytes, commit_id)
      SELECT $1, branch_id, $9, $8, version, $4, $5, $10, $11 FROM moved`;
    this.#commit = `WITH ${moved} ${logged}`;
    this.#commitKeys = `WITH ${moved}, ${keyed} ${logged}`;
  }

  async commit(commit: Commit): Promise<boolean> {
    const commitId = idToStore(commit);
    if (commit.expectedVersion === 0) await this.#ensureBranch(commit.branch);
    const deadlineMs = performance.now() + this.#options.outcomeTimeoutMs;
    for (;;) {
      const attempt = ++this.#attempt;
      try {
        return await this.#send(commit, attempt, commitId);
      } catch (error) {
        if (!isConnectionLost(error)) throw toDatabaseError(error);
        if (await this.#isCommittedAfterAll(commit, attempt, deadlineMs, error)) return true;
        if (performance.now() > deadlineMs) throw toDatabaseError(error);
        // It did not happen and cannot any more: sending it again is no blind retry.
      }
    }
  }

  async #ensureBranch(branch: string): Promise<void> {
    await this.#connections.queryAsWriter({
      text: `INSERT INTO ${this.#schema}.branches (database_id, branch)
        SELECT database_id, $2 FROM ${this.#schema}.databases WHERE database_id = $1
        ON CONFLICT DO NOTHING`,
      values: [this.#databaseId, branch],
    });
  }

  async #send(commit: Commit, attempt: number, id: string | undefined): Promise<boolean> {
    const { branch, expectedVersion, epoch, record, indexedTx, segments, keys = [] } = commit;
    const move = [
      this.#databaseId,
      branch,
      expectedVersion,
      epoch,
      attempt,
      Buffer.from(record.buffer, record.byteOffset, record.length),
      indexedTx,
    ];
    const log = [segments[0]?.tx, segments.at(-1)?.tx, encodeSegments(segments), id ?? null];
    const named = [
      `{${keys.map(({ key }) => key).join(',')}}`,
      `{${keys.map(({ tx }) => tx).join(',')}}`,
    ];
    const { rowCount } = await this.#connections.queryOnce(
      segments.length === 0
        ? { name: 'move', text: this.#move, values: move }
        : keys.length === 0
          ? { name: 'commit', text: this.#commit, values: [...move, ...log] }
          : { name: 'commit keys', text: this.#commitKeys, values: [...move, ...log, ...named] },
    );
    return rowCount === 1;
  }

  async #isCommittedAfterAll(
    commit: Commit,
    attempt: number,
    deadlineMs: number,
    cause: unknown,
  ): Promise<boolean> {
    for (;;) {
      try {
        await this.#declareVoid(commit, attempt);
        return await this.#isCommitted(commit, attempt);
      } catch (error) {
        if (!(error instanceof DatabaseError) || !error.retryable) throw error;
        if (performance.now() > deadlineMs) throw unknownOutcome(commit, cause);
        await wait(RETRY_MS);
      }
    }
  }

  async #declareVoid({ branch, epoch }: Commit, attempt: number): Promise<void> {
    await this.#connections.queryAsWriter({
      text: `UPDATE ${this.#schema}.branches SET void_epoch = $3, void_attempt = $4
        WHERE database_id = $1 AND branch = $2`,
      values: [this.#databaseId, branch, epoch, attempt],
    });
  }

  async #isCommitted({ branch, epoch, segments }: Commit, attempt: number): Promise<boolean> {
    const lastTx = segments.at(-1)?.tx;
    // A commit without segments has no row in the log; whether it is still the newest one is all that matters.
    const { rows } = await this.#connections.queryAsWriter({
      text: `SELECT 1 FROM ${this.#schema}.branches b
        LEFT JOIN ${this.#schema}.log l
          ON l.database_id = b.database_id AND l.branch_id = b.branch_id AND l.last_tx = $5
        WHERE b.database_id = $1 AND b.branch = $2
          AND (l.epoch = $3 AND l.attempt = $4 OR b.root_epoch = $3 AND b.attempt = $4)`,
      values: [this.#databaseId, branch, epoch, attempt, lastTx ?? null],
    });
    return rows.length > 0;
  }
}

function unknownOutcome({ branch, expectedVersion }: Commit, cause: unknown): DatabaseError {
  return new DatabaseError(
    'OUTCOME_UNKNOWN',
    `The connection was lost during a commit of the branch ${JSON.stringify(branch)}: whether it happened is unknown`,
    { cause, data: { outcome: 'unknown', branch, version: expectedVersion + 1 } },
  );
}
