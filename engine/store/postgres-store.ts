/**
 * A store in PostgreSQL: one schema holds many databases, and any number of processes share it. An ordinary user who may
 * create a schema, or owns one, is enough.
 */
import { DatabaseError } from '../../schema/error.ts';
import { checkName } from './names.ts';
import { migrate } from './postgres-migrations.ts';
import { openConnections, type Connections } from './postgres/connections.ts';
import { PostgresStore, type DatabaseIdentity } from './postgres/postgres-database.ts';
import { checkDurability, type Durability } from './postgres/server-check.ts';
import { renewDatabase } from './postgres/renew.ts';
import { PostgresReaders, sweepStateOf, type StateRow } from './postgres/retention.ts';
import { rootColumns, rootOf, type RootRow } from './postgres/root-rows.ts';
import type { ReaderLeases } from './retention.ts';
import { databaseExists, databaseNotFound } from './store-errors.ts';
import type { BranchPlace, OpenedBranch, Store, StoreHost } from './store.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full&sslrootcert=<file>` for TLS. */
  readonly url: string;
  /** Lower-case letters, digits and underscores; `datahike_gateway` by default. Made where it is not there. */
  readonly schema?: string;
  /** Connections for reads; 8 by default. Commits and leases have three more. */
  readonly poolSize?: number;
  /** How long to wait for a connection, a new one or one of the pool; 2,000 by default. */
  readonly connectTimeoutMs?: number;
  /** 15,000 by default. */
  readonly statementTimeoutMs?: number;
  /** How long a connection for reads stays open that nobody needs; 30,000 by default. */
  readonly idleTimeoutMs?: number;
  /** How long a connection is silent before the system asks whether the server is still there; 5,000 by default. */
  readonly keepAliveMs?: number;
  /** Whether a server is refused that may lose confirmed commits in a crash; `warn` by default. */
  readonly durability?: Durability;
  /** Hears of such a server where it is not refused. */
  readonly onWarning?: (message: string) => void;
  /** How long a lost connection may keep the outcome of a commit unknown before the caller is told so; 10,000 by default. */
  readonly outcomeTimeoutMs?: number;
}

const DELETED_ROWS_PER_STATEMENT = 2_000;
const BRANCHES_PER_STATEMENT = 10_000;
/** All that have rows of a database: the one that lets new rows in first, and last the note that there is work to do. */
const TABLES = [
  'branches',
  'inherited_logs',
  'deleted_branches',
  'held_nodes',
  'log',
  'keys',
  'nodes',
  'deleted_databases',
];

/**
 * Connects, and brings the tables up to date.
 *
 * @throws BAD_CONFIG where the server refuses the login, the database or the schema, is not trusted, or may lose commits
 * @throws STORE_UNAVAILABLE where the server does not answer
 */
export async function openPostgresStoreHost(options: PostgresStoreOptions): Promise<StoreHost> {
  const schema = options.schema ?? 'datahike_gateway';
  checkSchema(schema);
  const connections = await openConnections({
    url: options.url,
    poolSize: options.poolSize ?? 8,
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 15_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    keepAliveMs: options.keepAliveMs ?? 5_000,
  });
  try {
    await checkDurability(connections, options.durability ?? 'warn', options.onWarning ?? ignore);
    await migrate(connections, schema);
  } catch (error) {
    await connections.close();
    throw error;
  }
  return new PostgresStoreHost(connections, schema, options.outcomeTimeoutMs ?? 10_000);
}

function ignore(): void {}

function checkSchema(schema: string): void {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith('pg_')) return;
  throw new DatabaseError(
    'BAD_CONFIG',
    `Expected a schema name of lower-case letters, digits and underscores, got ${JSON.stringify(schema)}`,
  );
}

interface DatabaseRow {
  readonly database_id: number;
  readonly uuid: string;
  readonly [column: string]: unknown;
}

/** A database with one of its branches; where there is none, its columns are null. */
type BranchRow = DatabaseRow & StateRow & (RootRow | { readonly version: null });

class PostgresStoreHost implements StoreHost {
  readonly readers: ReaderLeases;
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #outcomeTimeoutMs: number;
  /** Of the stores that were opened here, by their ids. */
  readonly #databaseIds = new Map<string, number>();

  constructor(connections: Connections, schema: string, outcomeTimeoutMs: number) {
    this.#connections = connections;
    this.#schema = schema;
    this.#outcomeTimeoutMs = outcomeTimeoutMs;
    this.readers = new PostgresReaders(connections, schema);
  }

  async create(name: string): Promise<Store> {
    checkName('database', name);
    const [row] = await this.#connections.transaction(async (query) => {
      const inserted = await query<DatabaseRow>(
        `INSERT INTO ${this.#schema}.databases (name) VALUES ($1)
          ON CONFLICT DO NOTHING RETURNING database_id, uuid`,
        [name],
      );
      return inserted.rows;
    });
    if (row === undefined) throw databaseExists(name);
    return this.#storeOf(row);
  }

  async open(name: string): Promise<Store> {
    checkName('database', name);
    const { rows } = await this.#connections.query<DatabaseRow>({
      text: `SELECT database_id, uuid FROM ${this.#schema}.databases WHERE name = $1`,
      values: [name],
    });
    const [row] = rows;
    if (row === undefined) throw databaseNotFound(name);
    return this.#storeOf(row);
  }

  async openBranch(name: string, branch: string): Promise<OpenedBranch> {
    checkName('database', name);
    const { rows } = await this.#connections.query<BranchRow>({
      name: 'open branch',
      text: `SELECT d.database_id, d.uuid, d.sweeps, d.kept_since_ms, ${rootColumns(this.#schema, '0')}
        FROM ${this.#schema}.databases d LEFT JOIN ${this.#schema}.branches b
          ON b.database_id = d.database_id AND b.branch = $2 AND b.version > 0
        WHERE d.name = $1`,
      values: [name, branch],
    });
    const [row] = rows;
    if (row === undefined) throw databaseNotFound(name);
    return {
      store: this.#storeOf(row),
      sweeps: sweepStateOf(row),
      root: row.version === null ? undefined : rootOf(row, 0),
    };
  }

  async list(): Promise<ReadonlyArray<string>> {
    const { rows } = await this.#connections.query<{ readonly name: string }>({
      text: `SELECT name FROM ${this.#schema}.databases`,
    });
    return rows.map(({ name }) => name).sort();
  }

  async delete(name: string): Promise<void> {
    checkName('database', name);
    await this.#connections.queryAsWriter({
      text: `WITH gone AS (DELETE FROM ${this.#schema}.databases WHERE name = $1 RETURNING database_id)
        INSERT INTO ${this.#schema}.deleted_databases SELECT database_id FROM gone`,
      values: [name],
    });
    await this.#removeDeleted();
  }

  async renew(name: string): Promise<void> {
    checkName('database', name);
    await renewDatabase(this.#connections, this.#schema, name);
  }

  async readVersions(places: ReadonlyArray<BranchPlace>): Promise<ReadonlyArray<number>> {
    const versions: number[] = [];
    for (let start = 0; start < places.length; start += BRANCHES_PER_STATEMENT) {
      const some = places.slice(start, start + BRANCHES_PER_STATEMENT);
      const { rows } = await this.#connections.query<{ readonly version: number | null }>({
        name: 'versions',
        text: `SELECT b.version
          FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS asked (database_id, branch, place)
          LEFT JOIN ${this.#schema}.branches b
            ON b.database_id = asked.database_id AND b.branch = asked.branch
          ORDER BY asked.place`,
        values: [
          some.map(({ store }) => this.#databaseIds.get(store) ?? null),
          some.map(({ branch }) => branch),
        ],
      });
      for (const { version } of rows) versions.push(version ?? 0);
    }
    return versions;
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  /** Removes the rows of deleted databases in small steps; what an interrupted deletion left, the next one removes. */
  async #removeDeleted(): Promise<void> {
    const { rows } = await this.#connections.query<{ readonly database_id: number }>({
      text: `SELECT database_id FROM ${this.#schema}.deleted_databases`,
    });
    for (const { database_id: databaseId } of rows) {
      for (const table of TABLES) await this.#removeRows(table, databaseId);
    }
  }

  async #removeRows(table: string, databaseId: number): Promise<void> {
    for (;;) {
      const { rowCount } = await this.#connections.query({
        text: `DELETE FROM ${this.#schema}.${table} WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${this.#schema}.${table} WHERE database_id = $1
          LIMIT ${DELETED_ROWS_PER_STATEMENT}))`,
        values: [databaseId],
      });
      if ((rowCount ?? 0) < DELETED_ROWS_PER_STATEMENT) return;
    }
  }

  #storeOf({ database_id: databaseId, uuid }: DatabaseRow): Store {
    const identity: DatabaseIdentity = { databaseId, id: `postgres:${uuid}` };
    this.#databaseIds.set(identity.id, databaseId);
    return new PostgresStore(identity, this.#connections, this.#schema, {
      outcomeTimeoutMs: this.#outcomeTimeoutMs,
    });
  }
}
