/** The transactions of a connection for one consumer at its own pace: from the log while there are any, then as they come. */
import { DatabaseError } from '../../schema/error.ts';
import type { Datom, Db, QueryLimits } from '../../engine/index.ts';
import { giveWay, waitWithin } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { LoggedTransaction } from '../versions/transactions.ts';
import { transactions } from '../versions/transactions.ts';
import type { Transaction } from './reader.ts';

/** So many are read together; more than a consumer may hold that falls behind. */
const TRANSACTIONS_PER_READ = 64;

/**
 * Reads on only while the consumer does.
 *
 * @throws SNAPSHOT_EXPIRED where the store was set back
 */
export async function* followTransactions(
  connection: Connection,
  from: number,
  signal: AbortSignal,
  limits?: QueryLimits,
): AsyncGenerator<Transaction, void> {
  const moves = new Moves(connection, signal);
  try {
    let next = from;
    let { purges: knownPurges } = connection.head;
    while (!signal.aborted) {
      const { db, purges } = connection.head;
      if (next > db.maxTx) {
        await moves.next();
        continue;
      }
      // The log does not say which of them has purged.
      const hasPurged = purges !== knownPurges;
      knownPurges = purges;
      const page = await waitWithin(readPage(connection, next, db.maxTx + 1), limits);
      for (const { tx, instant, txData } of page) {
        await giveWay();
        if (signal.aborted) return;
        moves.check();
        yield { tx, instant, changes: withIdents(db, txData), hasPurged };
        next = tx + 1;
      }
      moves.check();
    }
  } finally {
    moves.stop();
  }
}

/** One transaction of the log. */
export async function oneTransaction(
  connection: Connection,
  tx: number,
): Promise<Transaction | undefined> {
  const [found] = await readAll(transactions(connection, { from: tx, to: tx + 1 }));
  if (found === undefined) return undefined;
  const { instant, txData } = found;
  return { tx, instant, changes: withIdents(connection.db(), txData), hasPurged: false };
}

/** Datoms that name their attributes by idents, also where attributes are entities. */
function withIdents({ schema, config }: Db, datoms: ReadonlyArray<Datom>): ReadonlyArray<Datom> {
  if (!config.attributeRefs) return datoms;
  return datoms.map((datom) => {
    const { e, a, v, tx, added, attribute } = datom;
    return { e, a, v, tx, added, attribute: schema.identOfNumber(a) ?? attribute };
  });
}

/** The moves of a connection's head, for one who waits for the next. */
class Moves {
  readonly #signal: AbortSignal;
  readonly #unsubscribe: () => void;
  readonly #wake = (): void => this.#onMove?.();
  #onMove: (() => void) | undefined;
  #hasMoved = false;
  #isRebuilt = false;

  constructor(connection: Connection, signal: AbortSignal) {
    this.#signal = signal;
    this.#unsubscribe = connection.onAdvance((_db, isRebuilt) => {
      this.#hasMoved = true;
      this.#isRebuilt ||= isRebuilt;
      this.#wake();
    });
    signal.addEventListener('abort', this.#wake);
  }

  /** Resolves where the head has moved since this was last asked, or the signal was given. */
  async next(): Promise<void> {
    if (!this.#hasMoved && !this.#signal.aborted)
      await new Promise<void>((resolve) => {
        this.#onMove = resolve;
      });
    this.#hasMoved = false;
    this.check();
  }

  check(): void {
    if (!this.#isRebuilt) return;
    throw new DatabaseError(
      'SNAPSHOT_EXPIRED',
      'The store was set back to an earlier copy, and what was told since may be lost: begin again with what is there now',
    );
  }

  stop(): void {
    this.#unsubscribe();
    this.#signal.removeEventListener('abort', this.#wake);
  }
}

interface Page {
  readonly from: number;
  readonly to: number;
  /** Of the history that the page is of. */
  readonly nodes: Connection['nodes'];
  readonly read: Promise<ReadonlyArray<LoggedTransaction>>;
}

const lastPages = new WeakMap<Connection, Page>();

/** Those who keep up ask for the same page at the same time, and share it. */
function readPage(
  connection: Connection,
  from: number,
  end: number,
): Promise<ReadonlyArray<LoggedTransaction>> {
  const to = Math.min(end, from + TRANSACTIONS_PER_READ);
  const { nodes } = connection;
  const last = lastPages.get(connection);
  if (last?.from === from && last.to === to && last.nodes === nodes) return last.read;
  const read = readAll(transactions(connection, { from, to }));
  const page = { from, to, nodes, read };
  lastPages.set(connection, page);
  read.catch(() => {
    if (lastPages.get(connection) === page) lastPages.delete(connection);
  });
  return read;
}

async function readAll<T>(items: AsyncIterable<T>): Promise<ReadonlyArray<T>> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}
