/** The data of the benchmark of queries, loaded on all sides. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { kw, readEdn } from '../../../engine/index.ts';
import { INDEXED, ds, personObject } from '../datascript.ts';
import { PEOPLE_SCHEMA, people, personForm } from '../people.ts';
import { numberColumn } from './columns.ts';
import { askDataScript } from './datascript-side.ts';
import type { Graph } from './follows.ts';
import { reachQuestion } from './follows.ts';
import { askOurs, loadStored, loadValue } from './ours.ts';
import { peopleColumns } from './people-floor.ts';
import { PEOPLE_COUNT, peopleQuestions } from './people-questions.ts';
import type { Dataset } from './question.ts';
import { askFloor, entityOf } from './question.ts';
import { askSqlite, loadSqlite } from './sqlite.ts';

/** The attribute that finds one of them, and the tuple that has those of one name in the order of their age; the other benches do without. */
const NUMBER_SCHEMA = readEdn(`[
  {:db/ident :name+age :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one :db/index true :db/tupleAttrs [:name :age]}
  {:db/ident :number :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}]`) as ReadonlyArray<EdnMap>;

const PERSON_TABLE = [
  `CREATE TABLE person (id INTEGER PRIMARY KEY, number INTEGER UNIQUE,
     name TEXT, last_name TEXT, sex TEXT, age INTEGER, salary INTEGER)`,
  ...['name', 'last_name', 'sex', 'age', 'salary'].map(
    (column) => `CREATE INDEX person_${column} ON person (${column})`,
  ),
  'CREATE INDEX person_best_paid ON person (salary DESC, id)',
  'CREATE INDEX person_oldest ON person (name, age DESC, id)',
];

export async function loadPeople(): Promise<Dataset> {
  const everybody = people(PEOPLE_COUNT);
  const schema = [...PEOPLE_SCHEMA, ...NUMBER_SCHEMA];
  const forms = everybody.map(
    (person, i): EdnMap =>
      new Map<EdnData, EdnData>([
        [kw('db/id'), entityOf(i)],
        [kw('number'), i],
        ...personForm(person),
      ]),
  );
  const sqlite = loadSqlite(
    PERSON_TABLE,
    'person',
    everybody.map((person, i) => {
      const { name, lastName, sex, age, salary } = person;
      return [entityOf(i), i, name, lastName, sex, age, salary];
    }),
  );
  const dataScript = ds.db_with(
    ds.empty_db({
      number: { ':db/unique': ':db.unique/identity' },
      ...Object.fromEntries(PEOPLE_INDEXED.map((attribute) => [attribute, INDEXED])),
    }),
    everybody.map((person, i) => ({
      ...personObject(person, i),
      ':db/id': entityOf(i),
      number: i,
    })),
  );
  const stored = await loadStored(schema, forms);
  return {
    questions: peopleQuestions(peopleColumns(everybody, entityOf)),
    asks: {
      ours: askOurs(stored.db),
      novelty: askOurs(await loadValue(schema, forms)),
      floor: askFloor,
      sqlite: askSqlite(sqlite),
      datascript: askDataScript(dataScript),
    },
    async close() {
      sqlite.close();
      await stored.close();
    },
  };
}

const PEOPLE_INDEXED = ['name', 'last-name', 'sex', 'age', 'salary'];

const FOLLOWS_SCHEMA = readEdn(`[
  {:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :follows :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`) as ReadonlyArray<EdnMap>;

const FOLLOWS_TABLE = [
  'CREATE TABLE follows (e INTEGER, v INTEGER, PRIMARY KEY (e, v)) WITHOUT ROWID',
  'CREATE INDEX follows_v ON follows (v)',
];

export async function loadGraph(graph: Graph): Promise<Dataset> {
  const follows = graph.follows.map(([from, to]) => [entityOf(from), entityOf(to)] as const);
  const followedBy = new Map<number, number[]>(follows.flat().map((id) => [id, []]));
  for (const [from, to] of follows) followedBy.get(from)?.push(to);
  const forms = Array.from(
    followedBy,
    ([id, followed]): EdnMap =>
      new Map<EdnData, EdnData>([
        [kw('db/id'), id],
        [kw('name'), 'Ivan'],
        [kw('follows'), followed],
      ]),
  );
  const sqlite = loadSqlite(FOLLOWS_TABLE, 'follows', follows);
  const dataScript = ds.db_with(
    ds.empty_db({
      follows: { ':db/valueType': ':db.type/ref', ':db/cardinality': ':db.cardinality/many' },
    }),
    Array.from(followedBy, ([id, followed]) => ({ ':db/id': id, name: 'Ivan', follows: followed })),
  );
  const stored = await loadStored(FOLLOWS_SCHEMA, forms);
  return {
    questions: [reachQuestion(graph, numberColumn(follows))],
    asks: {
      ours: askOurs(stored.db),
      novelty: askOurs(await loadValue(FOLLOWS_SCHEMA, forms)),
      floor: askFloor,
      sqlite: askSqlite(sqlite),
      datascript: askDataScript(dataScript),
    },
    async close() {
      sqlite.close();
      await stored.close();
    },
  };
}
