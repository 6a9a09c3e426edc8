/**
 * Leases as columns of the branch row, by the clock of the server.
 */
import { DatabaseError } from '../../../schema/error.ts';
import { checkName } from '../names.ts';
import { databaseNotFound } from '../store-errors.ts';
import type { BranchEpoch, Lease, LeaseRequest, LeaseStore } from '../store.ts';
import type { Connections, Query } from './connections.ts';
import { nextEpoch } from './next-epoch.ts';

interface LeaseRow {
  readonly owner: string;
  readonly address: string | null;
  readonly lease_epoch: number;
  readonly remaining_ms: number;
  readonly [column: string]: unknown;
}

const LEASE_COLUMNS = `owner, address, lease_epoch,
  extract(epoch FROM lease_until - clock_timestamp())::double precision * 1000 AS remaining_ms`;
const IS_HELD = 'lease_until > clock_timestamp()';
const UNTIL = (parameter: string): string =>
  `clock_timestamp() + make_interval(secs => ${parameter}::double precision / 1000)`;

export class PostgresLeases implements LeaseStore {
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #databaseId: number;

  constructor(connections: Connections, schema: string, databaseId: number) {
    this.#connections = connections;
    this.#schema = schema;
    this.#databaseId = databaseId;
  }

  async acquire(
    request: LeaseRequest,
  ): Promise<{ readonly acquired: boolean; readonly lease: Lease }> {
    checkName('branch', request.branch);
    return this.#connections.transaction(async (query) => {
      const held = await this.#lockBranch(query, request.branch);
      if (held !== undefined && held.owner !== request.owner) {
        return { acquired: false, lease: held };
      }
      const epoch = await nextEpoch(query, this.#schema, this.#databaseId, request.branch);
      await this.#take(query, request, epoch);
      const { owner, address, ttlMs } = request;
      return { acquired: true, lease: { owner, address, epoch, remainingMs: ttlMs } };
    });
  }

  async renew(request: LeaseRequest & { readonly epoch: number }): Promise<boolean> {
    const { branch, owner, epoch, address, ttlMs } = request;
    const { rowCount } = await this.#connections.queryAsWriter({
      name: 'renew',
      text: `UPDATE ${this.#schema}.branches SET address = $4, lease_until = ${UNTIL('$5')}
        WHERE database_id = $1 AND branch = $2 AND lease_epoch = $3 AND epoch = $3 AND owner = $6 AND ${IS_HELD}`,
      values: [this.#databaseId, branch, epoch, address, ttlMs, owner],
    });
    return rowCount === 1;
  }

  async release(branch: string, epoch: number): Promise<void> {
    await this.#connections.queryAsWriter({
      text: `UPDATE ${this.#schema}.branches SET owner = NULL, address = NULL, lease_until = NULL
        WHERE database_id = $1 AND branch = $2 AND lease_epoch = $3`,
      values: [this.#databaseId, branch, epoch],
    });
  }

  async current(branch: string): Promise<Lease | undefined> {
    const { rows } = await this.#connections.query<LeaseRow>({
      text: `SELECT ${LEASE_COLUMNS} FROM ${this.#schema}.branches
        WHERE database_id = $1 AND branch = $2 AND ${IS_HELD}`,
      values: [this.#databaseId, branch],
    });
    return leaseOf(rows[0]);
  }

  async epochs(): Promise<ReadonlyArray<BranchEpoch>> {
    const { rows } = await this.#connections.query<{
      branch: string;
      epoch: number;
      held: boolean;
    }>({
      text: `SELECT branch, epoch, coalesce(${IS_HELD} AND lease_epoch = epoch, false) AS held
        FROM ${this.#schema}.branches WHERE database_id = $1`,
      values: [this.#databaseId],
    });
    return rows.map(({ branch, epoch, held }) => ({ branch, epoch, isHeld: held }));
  }

  async fence(branch: string): Promise<boolean> {
    return this.#connections.transaction(async (query) => {
      if ((await this.#lockBranch(query, branch)) !== undefined) return false;
      const epoch = await nextEpoch(query, this.#schema, this.#databaseId, branch);
      await query(
        `UPDATE ${this.#schema}.branches
          SET epoch = $3, owner = NULL, address = NULL, lease_epoch = NULL, lease_until = NULL
          WHERE database_id = $1 AND branch = $2`,
        [this.#databaseId, branch, epoch],
      );
      return true;
    });
  }

  /** Makes the row where there is none, keeps others from it until the end of the transaction, and says who holds it. */
  async #lockBranch(query: Query, branch: string): Promise<Lease | undefined> {
    const key = [this.#databaseId, branch];
    await query(
      `INSERT INTO ${this.#schema}.branches (database_id, branch)
        SELECT database_id, $2 FROM ${this.#schema}.databases WHERE database_id = $1
        ON CONFLICT DO NOTHING`,
      key,
    );
    const { rows } = await query<LeaseRow>(
      `SELECT ${LEASE_COLUMNS}, ${IS_HELD} AS held FROM ${this.#schema}.branches
        WHERE database_id = $1 AND branch = $2 FOR UPDATE`,
      key,
    );
    const [row] = rows;
    if (row === undefined) throw databaseNotFound(String(this.#databaseId));
    return row.held === true ? leaseOf(row) : undefined;
  }

  async #take(query: Query, request: LeaseRequest, epoch: number): Promise<void> {
    const { branch, owner, address, ttlMs } = request;
    const { rowCount } = await query(
      `UPDATE ${this.#schema}.branches
        SET epoch = $3, lease_epoch = $3, owner = $4, address = $5, lease_until = ${UNTIL('$6')}
        WHERE database_id = $1 AND branch = $2`,
      [this.#databaseId, branch, epoch, owner, address, ttlMs],
    );
    if (rowCount === 1) return;
    throw new DatabaseError('INTERNAL', 'Expected the locked branch row to be there');
  }
}

function leaseOf(row: LeaseRow | undefined): Lease | undefined {
  if (row === undefined) return undefined;
  const { owner, address, lease_epoch: epoch, remaining_ms: remainingMs } = row;
  return { owner, address, epoch, remainingMs };
}
