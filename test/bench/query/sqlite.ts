/** SQLite in memory as a side of the benchmark of queries: tables with an index for each column that is asked for, statements prepared once. */
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Ask, Question } from './question.ts';
import { inputsOf } from './question.ts';

/** An open database with a table of these rows. */
export function loadSqlite(
  definition: ReadonlyArray<string>,
  table: string,
  rows: ReadonlyArray<ReadonlyArray<string | number>>,
): DatabaseSyncInstance {
  const database = new DatabaseSync(':memory:');
  for (const statement of definition) database.exec(statement);
  const places = (rows[0] ?? []).map(() => '?').join(', ');
  const insert = database.prepare(`INSERT INTO ${table} VALUES (${places})`);
  database.exec('BEGIN');
  for (const row of rows) insert.run(...row);
  database.exec('COMMIT');
  database.exec('ANALYZE');
  return database;
}

export function askSqlite(database: DatabaseSyncInstance): (question: Question) => Ask {
  return (question) => {
    const statement = database.prepare(question.sql);
    statement.setReturnArrays(true);
    const inputs = inputsOf(question);
    return (call) => statement.all(...inputs(call));
  };
}
