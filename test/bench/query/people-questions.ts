/**
 * The questions about 20,000 people of DataScript's and Datahike's benchmarks (`bench.cljc`, `datascript_bench.clj`), and some more. SQL is as
 * somebody would write it who knows SQL, not word for word what the Datalog says: the value join is a semi-join.
 */
import type { PeopleColumns } from './people-floor.ts';
import {
  averageSalary,
  averageSalaryBySex,
  earningMoreThan,
  everythingAbout,
  leastMostAndSumOfSalaries,
  menWithAll,
  nameAndAge,
  nameOfNumber,
  named,
  namedEither,
  namedEitherWithAge,
  namedMenWithAge,
  namedMenWithLastNameAndAge,
  namedWithAge,
  ofTheAgeOfSomebodyNamed,
  womenWithAge,
} from './people-floor.ts';
import type { Question } from './question.ts';
import { entityOf } from './question.ts';

export const PEOPLE_COUNT = 20_000;

/** A number that is prime to the count, so that all of them come up, far from each other. */
const STRIDE = 7_919;

/** Whom the call with this number is about. */
function personOf(call: number): number {
  return (call * STRIDE) % PEOPLE_COUNT;
}

/** By a value, the greatest first, and then by the entity. */
const BEST_FIRST = [
  [1, 'desc'],
  [0, 'asc'],
] as const;

export function peopleQuestions(people: PeopleColumns): ReadonlyArray<Question> {
  return [
    {
      kind: 'query',
      name: 'q1',
      query: '[:find ?e :where [?e :name "Ivan"]]',
      sql: `SELECT id FROM person WHERE name = 'Ivan'`,
      floor: () => named(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'q2',
      query: '[:find ?e ?a :where [?e :name "Ivan"] [?e :age ?a]]',
      sql: `SELECT id, age FROM person WHERE name = 'Ivan'`,
      floor: () => namedWithAge(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'q2-switch',
      query: '[:find ?e ?a :where [?e :age ?a] [?e :name "Ivan"]]',
      sql: `SELECT id, age FROM person WHERE name = 'Ivan'`,
      floor: () => namedWithAge(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'q3',
      query: '[:find ?e ?a :where [?e :name "Ivan"] [?e :age ?a] [?e :sex :male]]',
      sql: `SELECT id, age FROM person WHERE name = 'Ivan' AND sex = 'male'`,
      floor: () => namedMenWithAge(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'q4',
      query:
        '[:find ?e ?l ?a :where [?e :name "Ivan"] [?e :last-name ?l] [?e :age ?a] [?e :sex :male]]',
      sql: `SELECT id, last_name, age FROM person WHERE name = 'Ivan' AND sex = 'male'`,
      floor: () => namedMenWithLastNameAndAge(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'q5-shortcircuit',
      query: `[:find ?e ?n ?l ?a ?s :in $ ?n ?a
             :where [?e :name ?n] [?e :age ?a] [?e :last-name ?l] [?e :sex ?s]]`,
      inputs: () => ['Anastasia', 35],
      sql: 'SELECT id, name, last_name, age, sex FROM person WHERE name = ? AND age = ?',
      floor: undefined,
    },
    {
      kind: 'query',
      name: 'value-join',
      query: `[:find ?e1 ?l ?a
             :where [?e :name "Ivan"] [?e :age ?a] [?e1 :age ?a] [?e1 :last-name ?l]]`,
      sql: `SELECT id, last_name, age FROM person
          WHERE age IN (SELECT age FROM person WHERE name = 'Ivan')`,
      floor: () => ofTheAgeOfSomebodyNamed(people, 'Ivan'),
    },
    {
      kind: 'query',
      name: 'qpred1',
      query: '[:find ?e ?s :where [?e :salary ?s] [(> ?s 50000)]]',
      sql: 'SELECT id, salary FROM person WHERE salary > 50000',
      floor: () => earningMoreThan(people, 50_000),
    },
    {
      kind: 'query',
      name: 'qpred2',
      query: '[:find ?e ?s :in $ ?min :where [?e :salary ?s] [(> ?s ?min)]]',
      inputs: () => [50_000],
      sql: 'SELECT id, salary FROM person WHERE salary > ?',
      floor: ([limit]) => earningMoreThan(people, Number(limit)),
    },
    {
      kind: 'query',
      name: 'q-or',
      query: '[:find ?e :where (or [?e :name "Ivan"] [?e :name "Petr"])]',
      sql: `SELECT id FROM person WHERE name IN ('Ivan', 'Petr')`,
      floor: () => namedEither(people, 'Ivan', 'Petr'),
    },
    {
      kind: 'query',
      name: 'q-or-join',
      query: `[:find ?e ?a
             :where [?e :age ?a] (or-join [?e] [?e :name "Ivan"] [?e :name "Petr"])]`,
      sql: `SELECT id, age FROM person WHERE name IN ('Ivan', 'Petr')`,
      floor: () => namedEitherWithAge(people, 'Ivan', 'Petr'),
    },
    {
      kind: 'query',
      name: 'q-not',
      query: '[:find ?e ?a :where [?e :age ?a] (not [?e :sex :male])]',
      sql: `SELECT id, age FROM person WHERE NOT sex = 'male'`,
      floor: () => womenWithAge(people),
    },
    {
      kind: 'query',
      name: 'q-5-merge',
      query: `[:find ?e ?n ?l ?a ?s
             :where [?e :name ?n] [?e :last-name ?l] [?e :age ?a] [?e :salary ?s] [?e :sex :male]]`,
      sql: `SELECT id, name, last_name, age, salary FROM person WHERE sex = 'male'`,
      floor: () => menWithAll(people),
    },
    {
      kind: 'query',
      name: 'all-20k',
      query: '[:find ?e ?n ?a :where [?e :name ?n] [?e :age ?a]]',
      sql: 'SELECT id, name, age FROM person',
      floor: () => nameAndAge(people),
    },
    {
      kind: 'query',
      name: 'avg',
      query: '[:find (avg ?s) :with ?e :where [?e :salary ?s]]',
      sql: 'SELECT avg(salary) FROM person',
      floor: () => averageSalary(people),
    },
    {
      kind: 'query',
      name: 'avg-count-by-sex',
      query: '[:find ?sex (avg ?s) (count ?e) :where [?e :sex ?sex] [?e :salary ?s]]',
      sql: 'SELECT sex, avg(salary), count(*) FROM person GROUP BY sex',
      floor: () => averageSalaryBySex(people),
    },
    {
      kind: 'query',
      name: 'min-max-sum',
      query: '[:find (min ?s) (max ?s) (sum ?s) :with ?e :where [?e :salary ?s]]',
      sql: 'SELECT min(salary), max(salary), sum(salary) FROM person',
      floor: () => leastMostAndSumOfSalaries(people),
    },
    {
      kind: 'query',
      name: 'point',
      query: '[:find ?name :in $ ?number :where [?e :number ?number] [?e :name ?name]]',
      inputs: (call) => [personOf(call)],
      sql: 'SELECT name FROM person WHERE number = ?',
      floor: ([number]) => nameOfNumber(people, Number(number)),
    },
    {
      kind: 'query',
      name: 'top-20',
      query: '[:find ?e ?s :where [?e :salary ?s]]',
      page: { order: BEST_FIRST, limit: 20, offset: 0 },
      sql: 'SELECT id, salary FROM person ORDER BY salary DESC, id LIMIT 20',
      floor: undefined,
    },
    {
      kind: 'query',
      name: 'top-20-named',
      query: '[:find ?e ?a :in $ ?name :where [?e :name ?name] [?e :age ?a]]',
      page: { order: BEST_FIRST, limit: 20, offset: 0 },
      inputs: () => ['Ivan'],
      sql: 'SELECT id, age FROM person WHERE name = ? ORDER BY age DESC, id LIMIT 20',
      floor: undefined,
    },
    {
      kind: 'query',
      name: 'page-at-1000',
      query: '[:find ?e ?n :where [?e :name ?n]]',
      page: { order: [[0, 'asc']], limit: 50, offset: 1_000 },
      sql: 'SELECT id, name FROM person ORDER BY id LIMIT 50 OFFSET 1000',
      floor: undefined,
    },
    {
      kind: 'query',
      name: 'page-of-columns',
      query: `[:find ?e ?a ?l ?s :in $ ?name
             :where [?e :name ?name] [?e :age ?a] [?e :last-name ?l] [?e :salary ?s]]`,
      page: { order: BEST_FIRST, limit: 20, offset: 0 },
      inputs: () => ['Ivan'],
      sql: `SELECT id, age, last_name, salary FROM person
          WHERE name = ? ORDER BY age DESC, id LIMIT 20`,
      floor: undefined,
    },
    {
      kind: 'pull',
      name: 'pull',
      attributes: ['name', 'last-name', 'sex', 'age', 'salary'],
      inputs: (call) => [entityOf(personOf(call))],
      sql: 'SELECT name, last_name, sex, age, salary FROM person WHERE id = ?',
      floor: ([entity]) => everythingAbout(people, Number(entity)),
    },
  ];
}
