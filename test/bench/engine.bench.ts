/** What the engine does in memory, against DataScript: import, small transactions, warm point pull, a join of two clauses. */
import {
  DEFAULT_DATABASE_CONFIG,
  dbWith,
  emptyDb,
  kw,
  pull,
  q,
  readEdn,
} from '../../engine/index.ts';
import type { Db } from '../../engine/index.ts';
import { ds, emptyPeople, personObject } from './datascript.ts';
import type { Result } from './harness.ts';
import { compareRates, compareTimes } from './harness.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

const COUNT = 20_000;
const ATTRIBUTES = 5;

/** How many of them come one by one, on top of all. */
const SINGLE_COUNT = 2_000;

/** One object each, so that it is parsed once. */
const PATTERN = ['name', 'last-name', 'sex', 'age', 'salary'].map(kw);
const EVERYTHING = readEdn('[*]');

async function emptyOfPeople(): Promise<Db> {
  return dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), PEOPLE_SCHEMA);
}

export async function engineBench(): Promise<Result[]> {
  const everybody = people(COUNT);
  const forms = everybody.map(personForm);
  const objects = everybody.map(personObject);
  const empty = await emptyOfPeople();
  const db = await dbWith(empty, forms);
  const theirs = ds.db_with(emptyPeople(), objects);
  const datoms = COUNT * ATTRIBUTES;
  const first = db.maxEid - COUNT + 1;
  let next = 0;
  return [
    await compareRates({
      name: 'import of 20,000 people in one transaction',
      peer: 'DataScript',
      unit: 'datoms/s',
      rounds: 5,
      ours: async () => {
        await dbWith(empty, forms);
        return datoms;
      },
      theirs: async () => {
        ds.db_with(emptyPeople(), objects);
        return datoms;
      },
    }),
    await compareRates({
      name: 'one person per transaction, 2,000 times on top of 20,000 people',
      peer: 'DataScript',
      unit: 'transactions/s',
      rounds: 5,
      ours: async () => {
        let growing = db;
        for (const form of forms.slice(0, SINGLE_COUNT)) growing = await dbWith(growing, [form]);
        return SINGLE_COUNT;
      },
      theirs: async () => {
        let growing = theirs;
        for (const object of objects.slice(0, SINGLE_COUNT))
          growing = ds.db_with(growing, [object]);
        return SINGLE_COUNT;
      },
    }),
    await compareTimes({
      name: 'warm point pull of 5 attributes',
      peer: 'DataScript',
      ours: () => pull(db, PATTERN, first + (next++ % COUNT)),
      theirs: () =>
        ds.pull(theirs, '["name" "last-name" "sex" "age" "salary"]', 1 + (next++ % COUNT)),
    }),
    await compareTimes({
      name: 'warm point pull of everything',
      peer: 'DataScript',
      ours: () => pull(db, EVERYTHING, first + (next++ % COUNT)),
      theirs: () => ds.pull(theirs, '["*"]', 1 + (next++ % COUNT)),
    }),
    await compareTimes({
      name: 'join of two clauses over 20,000 people (name and age of each Ivan)',
      peer: 'DataScript',
      ours: () => q('[:find ?e ?a :where [?e :name "Ivan"] [?e :age ?a]]', db),
      theirs: () => ds.q('[:find ?e ?a :where [?e "name" "Ivan"] [?e "age" ?a]]', theirs),
    }),
  ];
}
