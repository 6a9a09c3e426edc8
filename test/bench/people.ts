/** The people of Datahike's and DataScript's benchmarks: name, last name, sex, age, salary; the same for everybody, from a seed. */
import type { EdnData, EdnMap } from '../../engine/index.ts';
import { kw, readEdn } from '../../engine/index.ts';

export interface Person {
  readonly name: string;
  readonly lastName: string;
  readonly sex: 'male' | 'female';
  readonly age: number;
  readonly salary: number;
}

const NAMES = ['Ivan', 'Petr', 'Sergei', 'Oleg', 'Yuri', 'Dmitry', 'Fedor', 'Denis'];
const LAST_NAMES = ['Ivanov', 'Petrov', 'Sidorov', 'Kovalev', 'Kuznetsov', 'Voronoi'];

export function people(count: number): Person[] {
  const random = randomFrom(42);
  const pick = <T>(items: ReadonlyArray<T>): T => items[Math.floor(random() * items.length)]!;
  return Array.from({ length: count }, () => ({
    name: pick(NAMES),
    lastName: pick(LAST_NAMES),
    sex: pick(['male', 'female'] as const),
    age: Math.floor(random() * 100),
    salary: Math.floor(random() * 100_000),
  }));
}

export const PEOPLE_SCHEMA = readEdn(`[
  {:db/ident :id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :last-name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :sex :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :age :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :salary :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}]`) as ReadonlyArray<EdnMap>;

export function personForm(person: Person): EdnMap {
  return new Map<EdnData, EdnData>([
    [kw('name'), person.name],
    [kw('last-name'), person.lastName],
    [kw('sex'), kw(person.sex)],
    [kw('age'), person.age],
    [kw('salary'), person.salary],
  ]);
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
