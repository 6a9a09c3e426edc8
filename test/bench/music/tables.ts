/** The music shop as tables of PostgreSQL. */
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { COLUMNS, TABLES } from './generate.ts';
import type { Music, TableName } from './generate.ts';

/** Makes the tables with their keys and indices in a new schema, and tells the planner what is in them. */
export async function writeTables(music: Music, url: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(`SET search_path = ${schema}`);
    await client.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
    for (const table of TABLES) {
      await insertAll(client, table, music);
      await client.query(`VACUUM ANALYZE ${table}`);
    }
  } finally {
    await client.end();
  }
}

/** Texts that are read as whatever each column is. */
async function insertAll(client: Client, table: TableName, music: Music): Promise<void> {
  const names = COLUMNS[table];
  const { rows: types } = await client.query<{ readonly name: string; readonly type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  const casts = names.map((name, i) => `column${i}::${types[i]?.type} AS ${name}`);
  const columns = names.map((_, i) => `column${i}`);
  const arrays = names.map((_, i) => `$${i + 1}::text[]`);
  await client.query(
    `INSERT INTO ${table} SELECT ${casts.join(', ')} FROM unnest(${arrays.join(', ')}) AS cells(${columns.join(', ')})`,
    names.map((_, i) => music[table].map((row) => row[i])),
  );
}
