/**
 * Requests with an idempotency key: a branch writes one transaction under a key, and whoever sends the request again is told what that one did,
 * also by the next writer. The keys are stored with the commit of the transaction.
 */
import { createHash } from 'node:crypto';
import DataLoader from 'dataloader';
import type { KeyedRequest } from '../../engine/index.ts';
import { DatabaseError, datomOf, printEdn, readSegment, run } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';
import { instantIn } from '../versions/transactions.ts';
import type { RequestName, Waiting } from './waiting.ts';

const MAX_KEY_LENGTH = 1_024;

/** Transactions that are read together to find the commit that ends with one of them. */
const SEGMENTS_PER_READ = 256;

export class KeyedRequests {
  readonly #connection: Connection;
  /** By the hash of their key. */
  readonly #pending = new Map<string, PendingRequest>();
  readonly #transactions: DataLoader<string, number | undefined>;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { store, branch } = connection;
    // All that come in one turn are asked for together.
    this.#transactions = new DataLoader(
      async (hashes) => {
        const found = await store.findKeys(branch, [...new Set(hashes)]);
        return hashes.map((hash) => found.get(hash));
      },
      { cache: false },
    );
  }

  /**
   * The answer to a request with a key. Where it is new, `write` writes it.
   *
   * @throws IDEMPOTENCY_KEY_REUSED
   */
  async transact(
    key: string,
    request: TransactRequest,
    write: (name: RequestName) => Waiting,
  ): Promise<TransactResult> {
    const name = nameOf(key, request);
    for (;;) {
      const pending = this.#pending.get(name.hash);
      if (pending === undefined) break;
      requireSame(name, pending.name.digest);
      if (!pending.isAnswered) return pending.answer;
      // It was given up, and may still be written: until that is known nothing can be said.
      await pending.settled;
    }
    const pending = new PendingRequest(name, (self) => this.#answer(self, write));
    this.#pending.set(name.hash, pending);
    void pending.settled.then(() => this.#pending.delete(name.hash));
    return pending.answer;
  }

  /** No other process can write the key meanwhile: the lease is ours, and whoever sends it to this one waits for the same answer. */
  async #answer(
    pending: PendingRequest,
    write: (name: RequestName) => Waiting,
  ): Promise<TransactResult> {
    const { name } = pending;
    const tx = await this.#transactions.load(name.hash);
    if (tx !== undefined) return this.#answerAgain(tx, name);
    pending.waiting = write(name);
    return pending.waiting.answered;
  }

  async #answerAgain(tx: number, name: RequestName): Promise<TransactResult> {
    const { store, branch } = this.#connection;
    const [stored] = await store.readLog(branch, tx, tx + 1);
    const segment = stored && (await run(readSegment(stored.bytes)));
    if (segment?.request === undefined)
      throw new DatabaseError(
        'STORE_CORRUPT',
        `Expected transaction ${tx} in the log with the request that it answers`,
        { data: { tx } },
      );
    requireSame(name, segment.request.digest);
    const { request, changes } = segment;
    const commitId = await this.#commitWith(tx);
    return {
      tx,
      instant: instantIn(changes.map(datomOf), tx, this.#connection) ?? new Date(0),
      tempids: request.tempids,
      datomCount: changes.length,
      commitId,
    };
  }

  /** The commit that a transaction was written with. */
  async #commitWith(tx: number): Promise<string | undefined> {
    const { store, branch } = this.#connection;
    const segments = await store.readLog(branch, tx, tx + SEGMENTS_PER_READ);
    for (const { bytes } of segments) {
      const { commit } = await run(readSegment(bytes));
      if (commit !== undefined) return commit.id;
    }
    return undefined;
  }
}

/** A request until it is known what became of it. */
class PendingRequest {
  readonly name: RequestName;
  readonly answer: Promise<TransactResult>;
  readonly settled: Promise<void>;
  waiting: Waiting | undefined;
  isAnswered = false;

  constructor(name: RequestName, answer: (self: PendingRequest) => Promise<TransactResult>) {
    this.name = name;
    this.answer = answer(this).finally(() => (this.isAnswered = true));
    this.settled = this.answer.then(
      () => undefined,
      () => this.waiting?.settled,
    );
  }
}

function nameOf(key: string, { txData, txMeta, parents, content }: TransactRequest): RequestName {
  if (key.length === 0 || key.length > MAX_KEY_LENGTH)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected an idempotency key of 1 to ${MAX_KEY_LENGTH} characters, got ${key.length}`,
    );
  const text = content ?? printEdn([txData, txMeta ?? null, parents ?? null]);
  return {
    hash: createHash('sha256').update(key).digest('hex').slice(0, 32),
    digest: createHash('sha256').update(text).digest().subarray(0, 16),
  };
}

function requireSame({ digest }: RequestName, known: KeyedRequest['digest']): void {
  if (Buffer.compare(digest, known) === 0) return;
  throw new DatabaseError(
    'IDEMPOTENCY_KEY_REUSED',
    'Expected the same transaction as before under this idempotency key: a new transaction needs a new key',
  );
}
