/**
 * What readers hold, as rows. The row of the database puts sweeps, forks and what is newly held in an order: a sweep changes it, the others
 * keep it from being changed until they are done.
 */
import { must } from '../../shared/assert.ts';
import { databaseNotFound } from '../store-errors.ts';
import type { Holding, ReaderLeases, Retention, SweepState } from '../retention.ts';
import type { Address } from '../store.ts';
import type { Connections, Query } from './connections.ts';

const UNTIL = (parameter: string): string =>
  `clock_timestamp() + make_interval(secs => ${parameter}::double precision / 1000)`;
const IS_LIVING = 'lease_until > clock_timestamp()';

export interface StateRow {
  readonly sweeps: number;
  readonly kept_since_ms: number;
  readonly [column: string]: unknown;
}

export class PostgresReaders implements ReaderLeases {
  readonly #connections: Connections;
  readonly #schema: string;

  constructor(connections: Connections, schema: string) {
    this.#connections = connections;
    this.#schema = schema;
  }

  async renew(reader: string, ttlMs: number): Promise<boolean> {
    const { rowCount } = await this.#connections.queryAsWriter({
      name: 'renew reader',
      text: `UPDATE ${this.#schema}.readers SET lease_until = ${UNTIL('$2')}
        WHERE reader = $1 AND ${IS_LIVING}`,
      values: [reader, ttlMs],
    });
    return rowCount === 1;
  }

  async release(reader: string): Promise<void> {
    await this.#connections.queryAsWriter({
      text: `UPDATE ${this.#schema}.readers SET lease_until = clock_timestamp() WHERE reader = $1`,
      values: [reader],
    });
  }
}

export class PostgresRetention implements Retention {
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #databaseId: number;

  constructor(connections: Connections, schema: string, databaseId: number) {
    this.#connections = connections;
    this.#schema = schema;
    this.#databaseId = databaseId;
  }

  async state(): Promise<SweepState> {
    const { rows } = await this.#connections.query<StateRow>({
      name: 'sweeps',
      text: `SELECT sweeps, kept_since_ms FROM ${this.#schema}.databases WHERE database_id = $1`,
      values: [this.#databaseId],
    });
    return this.#stateOf(rows[0]);
  }

  async nowMs(): Promise<number> {
    const { rows } = await this.#connections.query<{ readonly now_ms: number }>({
      name: 'now',
      text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms`,
    });
    return must(rows[0], 'the time').now_ms;
  }

  async begin(keptSinceMs: number): Promise<SweepState> {
    const [row] = await this.#connections.transaction(async (query) => {
      const { rows } = await query<StateRow>(
        `UPDATE ${this.#schema}.databases
          SET sweeps = sweeps + 1, kept_since_ms = greatest(kept_since_ms, $2)
          WHERE database_id = $1 RETURNING sweeps, kept_since_ms`,
        [this.#databaseId, keptSinceMs],
      );
      return rows;
    });
    await this.#removeEnded();
    return this.#stateOf(row);
  }

  async hold(holding: Holding): Promise<SweepState | undefined> {
    // A reader that another statement began meanwhile is seen by the next one.
    return (await this.#tryToHold(holding)) ?? this.#tryToHold(holding);
  }

  async held(): Promise<ReadonlyArray<Address>> {
    const { rows } = await this.#connections.query<{ readonly address: Address }>({
      text: `SELECT DISTINCT address FROM ${this.#schema}.held_nodes h
        JOIN ${this.#schema}.readers r ON r.reader = h.reader AND ${IS_LIVING}
        CROSS JOIN LATERAL unnest(h.addresses) AS address
        WHERE h.database_id = $1`,
      values: [this.#databaseId],
    });
    return rows.map(({ address }) => address);
  }

  /**
   * One statement, and so one step. It keeps sweeps from beginning until it has ended; where one began just before, it waits for that and tells the
   * number after it.
   */
  async #tryToHold({ reader, addresses, ttlMs }: Holding): Promise<SweepState | undefined> {
    const { rows } = await this.#connections.queryAsWriter<StateRow & { readonly held: number }>({
      name: 'hold',
      text: `WITH state AS MATERIALIZED (
          SELECT sweeps, kept_since_ms FROM ${this.#schema}.databases WHERE database_id = $1 FOR SHARE
        ), begun AS (
          INSERT INTO ${this.#schema}.readers (reader, lease_until) SELECT $2::text, ${UNTIL('$3')} FROM state
          ON CONFLICT DO NOTHING RETURNING reader
        ), living AS (
          SELECT reader FROM begun
          UNION ALL SELECT reader FROM ${this.#schema}.readers WHERE reader = $2 AND ${IS_LIVING}
        ), held AS (
          INSERT INTO ${this.#schema}.held_nodes (database_id, reader, addresses)
          SELECT $1, living.reader, $4::bigint[] FROM state, living
          ON CONFLICT (database_id, reader) DO UPDATE SET addresses = EXCLUDED.addresses
          RETURNING 1
        )
        SELECT sweeps, kept_since_ms, (SELECT count(*) FROM held) AS held FROM state`,
      values: [this.#databaseId, reader, ttlMs, `{${addresses.join(',')}}`],
    });
    const [row] = rows;
    const state = this.#stateOf(row);
    return row?.held === 1 ? state : undefined;
  }

  /** A lease that ended long ago goes altogether; until then its reader finds that it ended, and not that it never was. */
  async #removeEnded(): Promise<void> {
    await this.#connections.query({
      text: `DELETE FROM ${this.#schema}.held_nodes h WHERE h.database_id = $1 AND NOT EXISTS (
        SELECT FROM ${this.#schema}.readers r WHERE r.reader = h.reader AND ${IS_LIVING})`,
      values: [this.#databaseId],
    });
    await this.#connections.query({
      text: `DELETE FROM ${this.#schema}.readers
        WHERE lease_until < clock_timestamp() - interval '7 days'`,
    });
  }

  #stateOf(row: StateRow | undefined): SweepState {
    if (row === undefined) throw databaseNotFound(String(this.#databaseId));
    return sweepStateOf(row);
  }
}

export function sweepStateOf({ sweeps, kept_since_ms: keptSinceMs }: StateRow): SweepState {
  return { sweeps, keptSinceMs };
}

/** How many sweeps there were; none begins before the transaction ends. A caller that locks rows of branches does so first. */
export async function lockedState(
  query: Query,
  schema: string,
  databaseId: number,
): Promise<StateRow | undefined> {
  const { rows } = await query<StateRow>(
    `SELECT sweeps, kept_since_ms FROM ${schema}.databases WHERE database_id = $1 FOR SHARE`,
    [databaseId],
  );
  return rows[0];
}
