/** DataScript as the peer: the same people under the same attributes. */
import { createRequire } from 'node:module';
import type { Person } from './people.ts';

export interface DataScriptDb {
  readonly kind: 'DataScript database';
}

interface DataScript {
  empty_db(schema: object): DataScriptDb;
  db_with(db: DataScriptDb, txData: ReadonlyArray<object>): DataScriptDb;
  /** Inputs follow the database in `:in`; rules are EDN text. */
  q(
    query: string,
    db: DataScriptDb,
    ...inputs: ReadonlyArray<string | number>
  ): ReadonlyArray<unknown>;
  pull(db: DataScriptDb, pattern: string, id: number): unknown;
}

const require = createRequire(import.meta.url);

// The package has no types.
export const ds = require('datascript') as DataScript;

export const INDEXED = { ':db/index': true };

export function emptyPeople(): DataScriptDb {
  return ds.empty_db({
    name: INDEXED,
    'last-name': INDEXED,
    sex: INDEXED,
    age: INDEXED,
    salary: INDEXED,
  });
}

export function personObject(person: Person, index: number): object {
  const { name, lastName, sex, age, salary } = person;
  return { ':db/id': -1 - index, name, 'last-name': lastName, sex, age, salary };
}
