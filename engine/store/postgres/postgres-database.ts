/**
 * One database in PostgreSQL. Nodes and the log are rows that are added by writers; what removes and rewrites them are the
 * rare steps.
 */
import { checkName } from '../names.ts';
import type { Retention } from '../retention.ts';
import { missingNode } from '../store-errors.ts';
import type {
  Address,
  Commit,
  CommitPlace,
  ForkRequest,
  LeaseStore,
  ListedNode,
  RootWithLog,
  Store,
  StoredNode,
  StoredSegment,
} from '../store.ts';
import { PostgresBranches } from './branches.ts';
import { PostgresCommits, type CommitOptions } from './commit.ts';
import type { Connections } from './connections.ts';
import { PostgresLeases } from './leases.ts';
import { PostgresLogRewrite } from './log-rewrite.ts';
import { readLogRows } from './log-rows.ts';
import { nodeChunks } from './node-chunks.ts';
import { PostgresRetention } from './retention.ts';
import { rootColumns, rootOf, type RootRow } from './root-rows.ts';

const ADDRESSES_PER_STATEMENT = 10_000;

export interface DatabaseIdentity {
  /** In every key; never given to another database. */
  readonly databaseId: number;
  readonly id: string;
}

export class PostgresStore implements Store {
  readonly id: string;
  readonly leases: LeaseStore;
  readonly retention: Retention;
  readonly #databaseId: number;
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #commits: PostgresCommits;
  readonly #branches: PostgresBranches;
  readonly #rewrite: PostgresLogRewrite;
  /** Made once: to make a text of its parts costs as much as to send it. */
  readonly #selectNode: string;

  constructor(
    { databaseId, id }: DatabaseIdentity,
    connections: Connections,
    schema: string,
    options: CommitOptions,
  ) {
    this.id = id;
    this.#databaseId = databaseId;
    this.#connections = connections;
    this.#schema = schema;
    this.#commits = new PostgresCommits(connections, schema, databaseId, options);
    this.#branches = new PostgresBranches(connections, schema, databaseId);
    this.#rewrite = new PostgresLogRewrite(connections, schema, databaseId);
    this.#selectNode = `SELECT bytes FROM ${schema}.nodes WHERE database_id = $1 AND address = $2`;
    this.leases = new PostgresLeases(connections, schema, databaseId);
    this.retention = new PostgresRetention(connections, schema, databaseId);
  }

  async read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    const [first] = addresses;
    if (first === undefined) return [];
    if (addresses.length === 1) return [await this.#readOne(first)];
    const { rows } = await this.#connections.query<{ address: Address; bytes: Buffer }>({
      name: 'read',
      text: `SELECT address, bytes FROM ${this.#schema}.nodes
        WHERE database_id = $1 AND address = ANY($2::bigint[])`,
      values: [this.#databaseId, `{${addresses.join(',')}}`],
    });
    const bytesByAddress = new Map(rows.map(({ address, bytes }) => [address, bytes]));
    return addresses.map((address) => {
      const bytes = bytesByAddress.get(address);
      if (bytes === undefined) throw missingNode(this.id, address);
      return bytes;
    });
  }

  /** A list of one would be planned anew each time, as the plan for any list expects several. */
  async #readOne(address: Address): Promise<Uint8Array> {
    const { rows } = await this.#connections.query<{ bytes: Buffer }>({
      name: 'read one',
      text: this.#selectNode,
      values: [this.#databaseId, address],
    });
    const [row] = rows;
    if (row === undefined) throw missingNode(this.id, address);
    return row.bytes;
  }

  async write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    for (const { addresses, starts, lengths, bytes } of nodeChunks(nodes)) {
      await this.#connections.query({
        name: 'write',
        // One value for all nodes: an array of bytea would travel as text, five times slower.
        text: `INSERT INTO ${this.#schema}.nodes (database_id, address, bytes)
          SELECT $1, node.address, substring($5::bytea FROM node.start FOR node.length)
          FROM unnest($2::bigint[], $3::integer[], $4::integer[]) AS node (address, start, length)
          WHERE EXISTS (SELECT FROM ${this.#schema}.databases WHERE database_id = $1)
          ON CONFLICT DO NOTHING`,
        values: [this.#databaseId, addresses, starts, lengths, bytes],
      });
    }
  }

  async *listNodes(): AsyncGenerator<ReadonlyArray<ListedNode>> {
    let after = -1;
    for (;;) {
      const { rows } = await this.#connections.query<{ address: Address; size: number }>({
        text: `SELECT address, octet_length(bytes) AS size FROM ${this.#schema}.nodes WHERE database_id = $1 AND address > $2
          ORDER BY address LIMIT ${ADDRESSES_PER_STATEMENT}`,
        values: [this.#databaseId, after],
      });
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(({ address, size }) => ({ address, sizeBytes: size }));
      after = last.address;
    }
  }

  /** The server reuses the space of deleted rows when it has vacuumed the table, which it does by itself. */
  async deleteNodes(addresses: ReadonlyArray<Address>): Promise<void> {
    for (let start = 0; start < addresses.length; start += ADDRESSES_PER_STATEMENT) {
      const some = addresses.slice(start, start + ADDRESSES_PER_STATEMENT);
      await this.#connections.query({
        text: `DELETE FROM ${this.#schema}.nodes
          WHERE database_id = $1 AND address = ANY($2::bigint[])`,
        values: [this.#databaseId, `{${some.join(',')}}`],
      });
    }
  }

  async readRoot(branch: string, afterTx = 0): Promise<RootWithLog | undefined> {
    const { rows } = await this.#connections.query<RootRow>({
      name: 'root',
      text: `SELECT ${rootColumns(this.#schema, '$3::bigint')} FROM ${this.#schema}.branches b
        WHERE database_id = $1 AND branch = $2 AND version > 0`,
      values: [this.#databaseId, branch, afterTx],
    });
    return rows[0] && rootOf(rows[0], afterTx);
  }

  async readVersion(branch: string): Promise<number> {
    const { rows } = await this.#connections.query<{ readonly version: number }>({
      name: 'version',
      text: `SELECT version FROM ${this.#schema}.branches WHERE database_id = $1 AND branch = $2`,
      values: [this.#databaseId, branch],
    });
    return rows[0]?.version ?? 0;
  }

  async mayLag(): Promise<boolean> {
    const { rows } = await this.#connections.query<{ readonly lags: boolean }>({
      text: 'SELECT pg_is_in_recovery() AS lags',
    });
    return rows[0]?.lags !== false;
  }

  readLog(branch: string, fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>> {
    return readLogRows(this.#connections, this.#schema, this.#databaseId, branch, fromTx, toTx);
  }

  async commit(commit: Commit): Promise<boolean> {
    checkName('branch', commit.branch);
    return this.#commits.commit(commit);
  }

  findCommit(id: string): Promise<CommitPlace | undefined> {
    return this.#branches.findCommit(id);
  }

  async findKeys(
    branch: string,
    keys: ReadonlyArray<string>,
  ): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#connections.query<{ readonly key: string; readonly tx: number }>({
      name: 'find keys',
      text: `SELECT replace(k.key::text, '-', '') AS key, k.tx FROM ${this.#schema}.branches b
        JOIN ${this.#schema}.keys k ON k.database_id = b.database_id AND k.branch_id = b.branch_id
        WHERE b.database_id = $1 AND b.branch = $2 AND k.key = ANY($3::uuid[])`,
      values: [this.#databaseId, branch, `{${keys.join(',')}}`],
    });
    return new Map(rows.map(({ key, tx }) => [key, tx]));
  }

  branches(): Promise<ReadonlyArray<string>> {
    return this.#branches.names();
  }

  fork(request: ForkRequest): Promise<boolean> {
    return this.#branches.fork(request);
  }

  deleteBranch(branch: string): Promise<void> {
    return this.#branches.delete(branch);
  }

  rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    return this.#rewrite.rewrite(branch, epoch, segments);
  }

  /** The connections belong to the host. */
  async close(): Promise<void> {}
}
