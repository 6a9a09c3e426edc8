/**
 * The floor: each question about people answered by a loop written for it, over columns, as rows in arrays. Everybody has all
 * attributes; that the entities of an attribute are all entities is not made use of, so joins are merges of ascending entities.
 */
import type { Keyword } from '../../../engine/index.ts';
import { kw } from '../../../engine/index.ts';
import type { Person } from '../people.ts';
import type { Column } from './columns.ts';
import {
  entitiesWith,
  lowerBound,
  numberColumn,
  seek,
  textColumn,
  upperBound,
  valueOf,
} from './columns.ts';
import type { Row } from './question.ts';

export interface PeopleColumns {
  readonly number: Column<number>;
  readonly name: Column<string>;
  readonly lastName: Column<string>;
  readonly sex: Column<string>;
  readonly age: Column<number>;
  readonly salary: Column<number>;
}

export function peopleColumns(
  everybody: ReadonlyArray<Person>,
  entityOf: (index: number) => number,
): PeopleColumns {
  const numbers = (value: (person: Person, index: number) => number): Column<number> =>
    numberColumn(everybody.map((person, i) => [entityOf(i), value(person, i)]));
  const texts = (value: (person: Person) => string): Column<string> =>
    textColumn(everybody.map((person, i) => [entityOf(i), value(person)]));
  return {
    number: numbers((_, index) => index),
    name: texts((person) => person.name),
    lastName: texts((person) => person.lastName),
    sex: texts((person) => person.sex),
    age: numbers((person) => person.age),
    salary: numbers((person) => person.salary),
  };
}

/** Adds to rows that are there. */
export function named({ name }: PeopleColumns, wanted: string, rows: Row[] = []): Row[] {
  const found = entitiesWith(name, wanted);
  for (let i = 0; i < found.length; i++) rows.push([found[i]]);
  return rows;
}

/** Adds to rows that are there. */
export function namedWithAge(
  { name, age }: PeopleColumns,
  wanted: string,
  rows: Row[] = [],
): Row[] {
  const found = entitiesWith(name, wanted);
  let a = 0;
  for (let i = 0; i < found.length; i++) {
    const e = found[i]!;
    a = seek(age.entities, a, e);
    rows.push([e, age.values[a]]);
  }
  return rows;
}

export function namedMenWithAge({ name, sex, age }: PeopleColumns, wanted: string): Row[] {
  const rows: Row[] = [];
  const found = entitiesWith(name, wanted);
  const men = entitiesWith(sex, 'male');
  let [m, a] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    const e = found[i]!;
    m = seek(men, m, e);
    if (men[m] !== e) continue;
    a = seek(age.entities, a, e);
    rows.push([e, age.values[a]]);
  }
  return rows;
}

export function namedMenWithLastNameAndAge(people: PeopleColumns, wanted: string): Row[] {
  const { name, lastName, sex, age } = people;
  const rows: Row[] = [];
  const found = entitiesWith(name, wanted);
  const men = entitiesWith(sex, 'male');
  let [m, l, a] = [0, 0, 0];
  for (let i = 0; i < found.length; i++) {
    const e = found[i]!;
    m = seek(men, m, e);
    if (men[m] !== e) continue;
    l = seek(lastName.entities, l, e);
    a = seek(age.entities, a, e);
    rows.push([e, lastName.values[l], age.values[a]]);
  }
  return rows;
}

export function ofTheAgeOfSomebodyNamed(people: PeopleColumns, wanted: string): Row[] {
  const { name, lastName, age } = people;
  const found = entitiesWith(name, wanted);
  const isWanted = new Uint8Array(age.sortedValues[age.sortedValues.length - 1]! + 1);
  let a = 0;
  for (let i = 0; i < found.length; i++) {
    a = seek(age.entities, a, found[i]!);
    isWanted[age.values[a]!] = 1;
  }
  const rows: Row[] = [];
  let l = 0;
  for (let i = 0; i < age.entities.length; i++) {
    const value = age.values[i]!;
    if (isWanted[value] === 0) continue;
    const e = age.entities[i]!;
    l = seek(lastName.entities, l, e);
    rows.push([e, lastName.values[l], value]);
  }
  return rows;
}

export function earningMoreThan({ salary }: PeopleColumns, limit: number): Row[] {
  const { sortedValues, sortedEntities } = salary;
  const rows: Row[] = [];
  for (let i = upperBound(sortedValues, limit); i < sortedValues.length; i++)
    rows.push([sortedEntities[i], sortedValues[i]]);
  return rows;
}

export function namedEither(people: PeopleColumns, one: string, other: string): Row[] {
  return named(people, other, named(people, one));
}

export function namedEitherWithAge(people: PeopleColumns, one: string, other: string): Row[] {
  return namedWithAge(people, other, namedWithAge(people, one));
}

export function womenWithAge({ sex, age }: PeopleColumns): Row[] {
  const rows: Row[] = [];
  const men = entitiesWith(sex, 'male');
  let m = 0;
  for (let i = 0; i < age.entities.length; i++) {
    const e = age.entities[i]!;
    m = seek(men, m, e);
    if (men[m] !== e) rows.push([e, age.values[i]]);
  }
  return rows;
}

export function menWithAll(people: PeopleColumns): Row[] {
  const { name, lastName, sex, age, salary } = people;
  const rows: Row[] = [];
  let [n, l, a, s] = [0, 0, 0, 0];
  const men = entitiesWith(sex, 'male');
  for (let i = 0; i < men.length; i++) {
    const e = men[i]!;
    n = seek(name.entities, n, e);
    l = seek(lastName.entities, l, e);
    a = seek(age.entities, a, e);
    s = seek(salary.entities, s, e);
    rows.push([e, name.values[n], lastName.values[l], age.values[a], salary.values[s]]);
  }
  return rows;
}

export function nameAndAge({ name, age }: PeopleColumns): Row[] {
  const rows: Row[] = [];
  let a = 0;
  for (let i = 0; i < name.entities.length; i++) {
    const e = name.entities[i]!;
    a = seek(age.entities, a, e);
    rows.push([e, name.values[i], age.values[a]]);
  }
  return rows;
}

export function averageSalary({ salary: { values } }: PeopleColumns): Row[] {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return [[sum / values.length]];
}

export function leastMostAndSumOfSalaries({ salary: { values } }: PeopleColumns): Row[] {
  let [least, most, sum] = [Infinity, -Infinity, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
  }
  return [[least, most, sum]];
}

const SEXES = [kw('female'), kw('male')];

export function averageSalaryBySex({ sex, salary }: PeopleColumns): Row[] {
  return SEXES.map((each) => {
    const found = entitiesWith(sex, each.name);
    let [sum, s] = [0, 0];
    for (let i = 0; i < found.length; i++) {
      s = seek(salary.entities, s, found[i]!);
      sum += salary.values[s]!;
    }
    return [each, sum / found.length, found.length];
  });
}

export function nameOfNumber({ number, name }: PeopleColumns, wanted: number): Row[] {
  const at = lowerBound(number.sortedValues, wanted);
  return [[valueOf(name, number.sortedEntities[at]!)]];
}

const [NAME, LAST_NAME, SEX, AGE, SALARY] = [
  kw('name'),
  kw('last-name'),
  kw('sex'),
  kw('age'),
  kw('salary'),
] as const;

/** As `pull` answers. */
export function everythingAbout(people: PeopleColumns, e: number): ReadonlyMap<Keyword, unknown> {
  const found = new Map<Keyword, unknown>();
  found.set(NAME, valueOf(people.name, e));
  found.set(LAST_NAME, valueOf(people.lastName, e));
  found.set(SEX, valueOf(people.sex, e) === 'male' ? SEXES[1] : SEXES[0]);
  found.set(AGE, valueOf(people.age, e));
  found.set(SALARY, valueOf(people.salary, e));
  return found;
}
