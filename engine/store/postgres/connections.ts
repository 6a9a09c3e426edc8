/**
 * Connections to PostgreSQL. Commits and leases have a few of their own, so that no crowd of reads can keep a writer from
 * renewing its lease.
 */
import { createHash } from 'node:crypto';
import {
  Client,
  Pool,
  type CustomTypesConfig,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
} from 'pg';
import { DatabaseError } from '../../../schema/error.ts';
import {
  isConnectionLost,
  isParameterRefused,
  isStatementUnknown,
  toDatabaseError,
} from './faults.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** How many connections read, and write nodes. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** How long a connection that nobody needs stays open; those of a writer stay. */
  readonly idleTimeoutMs: number;
  /** How long a connection is silent before the system asks whether the server is still there. */
  readonly keepAliveMs: number;
}

export interface Statement {
  readonly text: string;
  readonly values?: ReadonlyArray<unknown>;
  /** Statements with a name are parsed once per connection. */
  readonly name?: string;
}

export type Row = Readonly<Record<string, unknown>>;
export type Query = <R extends Row>(
  text: string,
  values?: ReadonlyArray<unknown>,
) => Promise<QueryResult<R>>;

const WRITER_POOL_SIZE = 3;
/** The server should end a statement itself; the client waits a little longer and then gives the connection up. */
const ANSWER_GRACE_MS = 2_000;
/** The longest that a timer can wait for: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Session: a connection is one to the server. Transaction: there is a pooler in between that gives each transaction another
 * connection, so what is said at the start of a session has no place, and what is prepared in it is not found again.
 */
type Mode = 'session' | 'transaction';

/**
 * Connects. Whether there is a pooler is seen by its answer to a parameter of the session.
 *
 * @throws BAD_CONFIG, STORE_UNAVAILABLE
 */
export async function openConnections(options: ConnectionOptions): Promise<Connections> {
  checkUrl(options.url);
  const connections = new Connections(options, 'session');
  try {
    await connections.query({ text: 'SELECT 1' });
    return connections;
  } catch (error) {
    await connections.close();
    if (error instanceof DatabaseError && isParameterRefused(error.cause)) {
      return new Connections(options, 'transaction');
    }
    throw error;
  }
}

/** Reads the URL with what it refers to, such as certificates. */
function checkUrl(url: string): void {
  try {
    new Client({ connectionString: url });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseError('BAD_CONFIG', `The URL of PostgreSQL cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

export class Connections {
  readonly #options: ConnectionOptions;
  readonly #mode: Mode;
  readonly #readers: Pool;
  readonly #writers: Pool;
  readonly #names = new Map<string, string>();
  readonly #used = new WeakSet<PoolClient>();
  /** Faults of connections that had worked before. */
  readonly #ofOldConnections = new WeakSet<Error>();
  #preparesStatements: boolean;
  #reserved: Promise<unknown> | undefined;
  #isReserved = false;

  constructor(options: ConnectionOptions, mode: Mode) {
    this.#options = options;
    this.#mode = mode;
    this.#preparesStatements = mode === 'session';
    this.#readers = poolOf(options, mode, options.poolSize, 0);
    this.#writers = poolOf(options, mode, WRITER_POOL_SIZE, WRITER_POOL_SIZE);
  }

  /** Runs a statement that may be run twice: after a lost connection it is sent once more. */
  query<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    return this.#repeatable(() => this.#run<R>(this.#readers, statement));
  }

  /** The same on the connections kept for writers. */
  async queryAsWriter<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    await this.#reserve();
    return this.#repeatable(() => this.#run<R>(this.#writers, statement));
  }

  /** Runs a statement once. A lost connection is reported as it is, see `isConnectionLost`. */
  queryOnce<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    const send = (): Promise<QueryResult<R>> => this.#run<R>(this.#writers, statement);
    return this.#isReserved ? send() : this.#reserve().then(send);
  }

  transaction<T>(body: (query: Query) => Promise<T>): Promise<T> {
    return this.#transact((client) => inTransaction(client, body));
  }

  /** A transaction whose statements take as long as they need, and are cut off neither here nor by the server. */
  longTransaction<T>(body: (query: Query) => Promise<T>): Promise<T> {
    return this.#transact((client) =>
      inTransaction(
        client,
        async (query) => {
          await query('SET LOCAL statement_timeout = 0');
          return body(query);
        },
        MAX_TIMER_MS,
      ),
    );
  }

  async #transact<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    await this.#reserve();
    try {
      // Nothing has happened yet where the connection is found to be dead.
      return await work(await this.#repeatable(() => this.#begin()));
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writers.end()]);
  }

  /**
   * Opens the connections of a writer when the first of them is needed, and they stay: a crowd that comes later may take all
   * that the server has left, and not these.
   */
  async #reserve(): Promise<void> {
    this.#reserved ??= Promise.allSettled(
      Array.from({ length: WRITER_POOL_SIZE }, async () => {
        const client = await this.#writers.connect();
        this.#used.add(client);
        client.release();
      }),
    );
    await this.#reserved;
    this.#isReserved = true;
  }

  #run<R extends Row>(pool: Pool, statement: Statement): Promise<QueryResult<R>> {
    const { text, values = [], name } = statement;
    const isPrepared = name !== undefined && this.#preparesStatements;
    if (!isPrepared) return this.#send<R>(pool, { text, values: [...values] });
    const prepared = { name: this.#nameOf(name, text), text, values: [...values] };
    return this.#send<R>(pool, prepared).catch((error: unknown) => {
      if (!isStatementUnknown(error)) throw error;
      // A pooler that keeps silent about parameters. The server refused before it did anything.
      this.#preparesStatements = false;
      return this.#send<R>(pool, { text, values: [...values] });
    });
  }

  #send<R extends Row>(pool: Pool, query: QueryConfig): Promise<QueryResult<R>> {
    return this.#with(pool, async (client) => {
      const result = await client.query<R>(query);
      client.release();
      return result;
    });
  }

  /** A connection in a transaction, for the caller to give back. */
  #begin(): Promise<PoolClient> {
    const timeoutMs = this.#options.statementTimeoutMs;
    const begin =
      this.#mode === 'session'
        ? 'BEGIN'
        : `BEGIN; SET LOCAL statement_timeout = ${timeoutMs};
          SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs}`;
    return this.#with(this.#writers, async (client) => {
      await client.query(begin);
      return client;
    });
  }

  /** Takes a connection, which the work gives back; where it fails, the connection is given up. */
  async #with<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    const isOld = this.#used.has(client);
    this.#used.add(client);
    try {
      return await work(client);
    } catch (error) {
      if (isOld && error instanceof Error) this.#ofOldConnections.add(error);
      client.release(true);
      throw error;
    }
  }

  /** Whoever finds one connection dead may find others so: it is tried until one is new, or too much time has passed. */
  async #repeatable<T>(attempt: () => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + this.#options.statementTimeoutMs;
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        return await attempt();
      } catch (error) {
        const isOld = error instanceof Error && this.#ofOldConnections.has(error);
        const mayGoOn = !isRepeated || (isOld && performance.now() < deadlineMs);
        if (!mayGoOn || !isConnectionLost(error)) throw toDatabaseError(error);
      }
    }
  }

  /** Means the same text to everybody, also where a pooler gives our connection to another process. */
  #nameOf(name: string, text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const unique = `${name} ${digest}`;
    this.#names.set(text, unique);
    return unique;
  }
}

function poolOf(options: ConnectionOptions, mode: Mode, max: number, min: number): Pool {
  const { statementTimeoutMs } = options;
  const pool = new Pool({
    connectionString: options.url,
    max,
    min,
    connectionTimeoutMillis: options.connectTimeoutMs,
    ...(mode === 'session' && {
      statement_timeout: statementTimeoutMs,
      // A process that is gone in the middle of a transaction must not hold its locks for ever.
      idle_in_transaction_session_timeout: statementTimeoutMs,
    }),
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idleTimeoutMillis: options.idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: options.keepAliveMs,
    application_name: 'datahike-gateway',
    allowExitOnIdle: true,
    types: TYPES,
  });
  // An idle connection that breaks leaves the pool by itself; whoever asks next gets a new one. Of others whoever uses them hears.
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** The driver reads it of each statement; its types know it of connections only. */
interface TimedQuery extends QueryConfig {
  readonly query_timeout: number | undefined;
}

/** Without `timeoutMs` an answer is waited for as long as for any other statement. */
async function inTransaction<T>(
  client: PoolClient,
  body: (query: Query) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  let fault: unknown;
  try {
    const result = await body(
      <R extends Row>(text: string, values: ReadonlyArray<unknown> = []) => {
        const statement: TimedQuery = { text, values: [...values], query_timeout: timeoutMs };
        return client.query<R>(statement);
      },
    );
    await client.query('COMMIT');
    return result;
  } catch (error) {
    fault = error;
    await client.query('ROLLBACK').catch(ignore);
    throw error;
  } finally {
    client.release(fault !== undefined);
  }
}

function ignore(): void {}

const BYTEA = 17;
const INT8 = 20;
const INT4 = 23;
const FLOAT8 = 701;
const BOOLEAN = 16;

/**
 * Values arrive as text and are read here. The driver's binary mode is not used: it hands out damaged values (measured with
 * pg 8.23.1).
 */
const TYPES: CustomTypesConfig = {
  getTypeParser: (type: number) => PARSERS.get(type) ?? ((text: string) => text),
};

const PARSERS = new Map<number, (text: string) => unknown>([
  [BYTEA, parseBytes],
  [INT8, Number],
  [INT4, Number],
  [FLOAT8, Number],
  [BOOLEAN, (text) => text === 't'],
]);

function parseBytes(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex');
  throw new DatabaseError('BAD_CONFIG', 'PostgreSQL must be set to bytea_output = hex');
}
