/**
 * Connections to PostgreSQL. Commits and leases have a few of their own, so that no crowd of reads can keep a writer from
 * renewing its lease.
 */
import { Pool, type CustomTypesConfig, type PoolClient, type QueryResult } from 'pg';
import { DatabaseError } from '../../../schema/error.ts';
import { isConnectionLost, toDatabaseError } from './faults.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** How many connections read, and write nodes. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
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
const KEEP_ALIVE_MS = 5_000;
/** The server should end a statement itself; the client waits a little longer and then gives the connection up. */
const ANSWER_GRACE_MS = 2_000;

export class Connections {
  readonly #readers: Pool;
  readonly #writers: Pool;

  constructor(options: ConnectionOptions) {
    this.#readers = poolOf(options, options.poolSize);
    this.#writers = poolOf(options, WRITER_POOL_SIZE);
  }

  /** Runs a statement that may be run twice: after a lost connection it is sent once more. */
  query<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    return repeatable(() => run<R>(this.#readers, statement));
  }

  /** The same on the connections kept for writers. */
  queryAsWriter<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    return repeatable(() => run<R>(this.#writers, statement));
  }

  /** Runs a statement once. A lost connection is reported as it is, see `isConnectionLost`. */
  queryOnce<R extends Row>(statement: Statement): Promise<QueryResult<R>> {
    return run<R>(this.#writers, statement);
  }

  async transaction<T>(body: (query: Query) => Promise<T>): Promise<T> {
    try {
      const client = await this.#writers.connect();
      return await inTransaction(client, body);
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.end(), this.#writers.end()]);
  }
}

function poolOf(options: ConnectionOptions, max: number): Pool {
  const pool = new Pool({
    connectionString: options.url,
    max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + ANSWER_GRACE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'datahike-gateway',
    allowExitOnIdle: true,
    types: TYPES,
  });
  // An idle connection that breaks leaves the pool by itself; whoever asks next gets a new one.
  pool.on('error', () => undefined);
  return pool;
}

async function run<R extends Row>(pool: Pool, { text, values, name }: Statement) {
  const parameters = values === undefined ? [] : [...values];
  return name === undefined
    ? pool.query<R>(text, parameters)
    : pool.query<R>({ name, text, values: parameters });
}

async function repeatable<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt().catch((error: unknown) => {
      if (isConnectionLost(error)) return attempt();
      throw error;
    });
  } catch (error) {
    throw toDatabaseError(error);
  }
}

async function inTransaction<T>(
  client: PoolClient,
  body: (query: Query) => Promise<T>,
): Promise<T> {
  // Between two statements nobody else listens for the end of the connection.
  client.on('error', ignore);
  let fault: unknown;
  try {
    await client.query('BEGIN');
    const result = await body((text, values) => client.query(text, [...(values ?? [])]));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    fault = error;
    await client.query('ROLLBACK').catch(ignore);
    throw error;
  } finally {
    client.off('error', ignore);
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
