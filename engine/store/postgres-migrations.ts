/**
 * The tables, as a list of numbered steps that only ever grows: a step that has been released is never changed.
 *
 * Every key starts with the database id. Values are `bytea` and stay uncompressed; a node of up to about 8,000 bytes is one
 * heap tuple, which halves the time of a batched read against out-of-line chunks.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Connections } from './postgres/connections.ts';

type Migration = (schema: string) => string;

const MIGRATIONS: ReadonlyArray<Migration> = [
  (schema) => `
    CREATE TABLE ${schema}.databases (
      database_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      uuid uuid NOT NULL DEFAULT gen_random_uuid(),
      epoch integer NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON COLUMN ${schema}.databases.epoch IS 'the latest writer epoch that was given out, over all branches';

    CREATE TABLE ${schema}.deleted_databases (database_id integer PRIMARY KEY);
    COMMENT ON TABLE ${schema}.deleted_databases IS 'databases whose rows are still being removed';

    CREATE TABLE ${schema}.nodes (
      database_id integer NOT NULL,
      address bigint NOT NULL,
      bytes bytea NOT NULL,
      PRIMARY KEY (database_id, address)
    ) WITH (toast_tuple_target = 8160);
    ALTER TABLE ${schema}.nodes ALTER COLUMN bytes SET STORAGE EXTERNAL;

    CREATE TABLE ${schema}.branches (
      branch_id integer GENERATED ALWAYS AS IDENTITY UNIQUE,
      database_id integer NOT NULL,
      branch text COLLATE "C" NOT NULL,
      version bigint NOT NULL DEFAULT 0,
      epoch integer NOT NULL DEFAULT 0,
      root_epoch integer NOT NULL DEFAULT 0,
      attempt bigint NOT NULL DEFAULT 0,
      record bytea NOT NULL DEFAULT ''::bytea,
      indexed_tx bigint NOT NULL DEFAULT 0,
      void_epoch integer,
      void_attempt bigint,
      owner text,
      address text,
      lease_epoch integer,
      lease_until timestamptz,
      PRIMARY KEY (database_id, branch)
    ) WITH (fillfactor = 40);
    COMMENT ON COLUMN ${schema}.branches.epoch IS 'the earliest writer epoch that may still commit';
    COMMENT ON COLUMN ${schema}.branches.void_attempt IS
      'commits of void_epoch up to this attempt have no effect, should they arrive';

    CREATE TABLE ${schema}.log (
      database_id integer NOT NULL,
      branch_id integer NOT NULL,
      last_tx bigint NOT NULL,
      first_tx bigint NOT NULL,
      version bigint NOT NULL,
      epoch integer NOT NULL,
      attempt bigint NOT NULL,
      bytes bytea NOT NULL,
      PRIMARY KEY (database_id, branch_id, last_tx)
    );
    ALTER TABLE ${schema}.log ALTER COLUMN bytes SET STORAGE EXTERNAL;`,

  (schema) => `
    ALTER TABLE ${schema}.log ADD COLUMN commit_id uuid;
    CREATE INDEX log_commit_id ON ${schema}.log (database_id, commit_id) WHERE commit_id IS NOT NULL;

    CREATE TABLE ${schema}.inherited_logs (
      database_id integer NOT NULL,
      branch_id integer NOT NULL,
      source_id integer NOT NULL,
      after_tx bigint NOT NULL,
      until_tx bigint NOT NULL,
      PRIMARY KEY (database_id, branch_id, source_id)
    );
    CREATE INDEX inherited_logs_source ON ${schema}.inherited_logs (database_id, source_id);
    COMMENT ON TABLE ${schema}.inherited_logs IS
      'the log of a branch has the rows of source_id with after_tx < last_tx <= until_tx; those of its origins'' origins too';

    CREATE TABLE ${schema}.deleted_branches (
      database_id integer NOT NULL,
      branch_id integer NOT NULL,
      PRIMARY KEY (database_id, branch_id)
    );
    COMMENT ON TABLE ${schema}.deleted_branches IS 'branches that are gone and may have rows in the log still';`,

  (schema) => `
    CREATE TABLE ${schema}.keys (
      database_id integer NOT NULL,
      branch_id integer NOT NULL,
      key uuid NOT NULL,
      tx bigint NOT NULL,
      PRIMARY KEY (database_id, branch_id, key)
    );
    COMMENT ON TABLE ${schema}.keys IS 'transactions by the hashes of the idempotency keys of their requests';`,

  (schema) => `
    ALTER TABLE ${schema}.databases
      ADD COLUMN sweeps integer NOT NULL DEFAULT 0,
      ADD COLUMN kept_since_ms double precision NOT NULL DEFAULT 0;
    COMMENT ON COLUMN ${schema}.databases.kept_since_ms IS
      'base trees that were replaced before this time may have been collected';

    CREATE TABLE ${schema}.readers (
      reader text COLLATE "C" PRIMARY KEY,
      lease_until timestamptz NOT NULL
    ) WITH (fillfactor = 40);
    COMMENT ON TABLE ${schema}.readers IS 'processes that read: one lease for all databases of the schema';

    CREATE TABLE ${schema}.held_nodes (
      database_id integer NOT NULL,
      reader text COLLATE "C" NOT NULL,
      addresses bigint[] NOT NULL,
      PRIMARY KEY (database_id, reader)
    );
    COMMENT ON TABLE ${schema}.held_nodes IS
      'roots of the trees that a reader may read: they and all below them are not collected while its lease lives';`,

  // Most ids are UUIDs of version 7, which come in the order of the rows: for them the least and the largest of a stretch of the table say
  // enough, and each commit is spared an entry.
  (schema) => `
    DROP INDEX ${schema}.log_commit_id;
    CREATE INDEX log_timed_commits ON ${schema}.log USING brin (commit_id) WITH (autosummarize = on);
    CREATE INDEX log_other_commits ON ${schema}.log (database_id, commit_id) WHERE ${isOtherCommit('commit_id')};`,
];

/** Whether the id of a commit is no UUID of version 7, in the words of the index of those. */
export function isOtherCommit(column: string): string {
  return `get_byte(uuid_send(${column}), 6) >> 4 <> 7`;
}

/** Brings the tables of a schema up to date; makes the schema where it is not there. */
export async function migrate(connections: Connections, schema: string): Promise<void> {
  if ((await appliedCount(connections, schema)) === MIGRATIONS.length) return;
  // An index of a large table takes what it takes, and so does waiting for another process that makes it.
  await connections.longTransaction(async (query) => {
    await query('SELECT pg_advisory_xact_lock(hashtext($1))', [`datahike-gateway ${schema}`]);
    // `IF NOT EXISTS` asks for the right to create a schema even where it exists.
    const { rows } = await query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (rows.length === 0) await query(`CREATE SCHEMA ${schema}`);
    await query(`CREATE TABLE IF NOT EXISTS ${schema}.migrations (
      number integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
    const applied = await query(`SELECT number FROM ${schema}.migrations`);
    for (const [i, migration] of MIGRATIONS.entries()) {
      if (i < applied.rows.length) continue;
      await query(migration(schema));
      await query(`INSERT INTO ${schema}.migrations (number) VALUES ($1)`, [i + 1]);
    }
  });
}

async function appliedCount(connections: Connections, schema: string): Promise<number> {
  const table = await connections.query<{ readonly found: boolean }>({
    text: 'SELECT to_regclass($1) IS NOT NULL AS found',
    values: [`${schema}.migrations`],
  });
  if (table.rows[0]?.found !== true) return 0;
  const { rows } = await connections.query<{ readonly count: number }>({
    text: `SELECT count(*)::integer AS count FROM ${schema}.migrations`,
  });
  const count = rows[0]?.count ?? 0;
  if (count <= MIGRATIONS.length) return count;
  throw new DatabaseError(
    'BAD_CONFIG',
    `The schema ${schema} has ${count} migrations and this version knows ${MIGRATIONS.length}: a newer version wrote it`,
  );
}
