/** Recursive rules in all shapes, against the same rules worked out naively: everything joined with everything until nothing new comes. */
import { describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  dbWith,
  emptyDb,
  kw,
  q,
  readEdn,
} from '../../../../engine/index.ts';

const SCHEMA = readEdn(`[
  {:db/ident :a :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}
  {:db/ident :b :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :s :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`) as EdnData[];

type Tuple = ReadonlyArray<number | string>;

/** Facts by attribute, answers by rule. */
type Facts = ReadonlyMap<string, ReadonlyArray<Tuple>>;

/** Rules as `name x y: a x z, name z y`: atoms are attributes, rules, comparisons and, with `!`, what must not be. */
const PROGRAMS: Readonly<Record<string, ReadonlyArray<string>>> = {
  'call themselves at the end': ['r x y: a x y', 'r x y: a x z, r z y'],
  'call themselves at the beginning': ['r x y: a x y', 'r x y: r x z, a z y'],
  'call themselves twice': ['r x y: a x y', 'r x y: r x z, r z y'],
  'call each other': ['r x y: a x y', 'r x y: a x z, o z y', 'o x y: b x z, r z y', 'o x y: b x y'],
  'go up and down': ['r x y: b x p, b y p', 'r x y: b x p, r p o, b y o'],
  'turn their arguments': ['r x y: a x y', 'r x y: r y x', 'r x y: b x z, r z y'],
  'only test in between': ['r x y: a x y', 'r x y: r x z, a z y, b z _'],
  'compare rows with two columns': ['r x y: a x y', 'r x y: r x z, b z y, a z y'],
  'have numbers': ['r x m: n x m', 'r x m: a x z, r z m'],
  'have texts': ['r x t: s x t', 'r x t: a x z, r z t'],
  'join by numbers': ['r x y: a x y', 'r x y: r x z, n z m, n y m'],
  'mix numbers and texts': ['r x m: n x m', 'r x m: s x m', 'r x m: b x z, r z m'],
  'have constants': ['r x y: a x y', 'r x y: a x z, r z y', 'r x y: r x 103, b y x'],
  'name an argument twice': ['r x y: a x y', 'r x y: r x z, a z y', 'r x y: b x y, r x x'],
  'leave arguments open': ['r x y: a x y', 'r x y: b x y, r y _'],
  compare: ['r x y: a x y', 'r x y: r x z, a z y, < x y'],
  negate: ['r x y: a x y', 'r x y: r x z, a z y, ! b x y'],
  'are not connected': ['r x y: a x y', 'r x y: r x x, b y y'],
};

/** What is asked for, and which answers those are. */
const CALLS: ReadonlyArray<
  readonly [header: string, inputs: EdnData[], fits: (row: Tuple) => boolean]
> = [
  ['?x ?y :in $ %', [], () => true],
  ['?x ?y :in $ % ?x', [100], ([x]) => x === 100],
  ['?x ?y :in $ % [?x ...]', [[101, 104, 107]], ([x]) => [101, 104, 107].includes(Number(x))],
  ['?x ?y :in $ % ?y', [105], ([, y]) => y === 105],
];

describe('recursive rules', () => {
  for (const [title, program] of Object.entries(PROGRAMS))
    it(`that ${title} answer as those that are worked out naively`, async () => {
      const rules = readEdn(`[${program.map(ednOf).join(' ')}]`);
      for (const seed of [1, 2, 3]) {
        const facts = randomFacts(seed);
        const db = await dbOf(facts);
        const expected = fixpoint(program, facts).get('r') ?? [];
        for (const [header, inputs, fits] of CALLS) {
          const rows = await q(`[:find ${header} :where (r ?x ?y)]`, db, rules, ...inputs);
          expect(sorted(rows as Tuple[]), header).toEqual(sorted(expected.filter(fits)));
        }
      }
    });

  it('join more rows than go through at once', async () => {
    const [width, depth] = [40, 4];
    const a: Tuple[] = [];
    for (let i = 0; i < width * (depth - 1); i++)
      for (let j = 0; j < width; j++)
        a.push([1_000 + i, 1_000 + width * (Math.floor(i / width) + 1) + j]);
    const db = await dbOf(new Map([['a', a]]));
    const rules = readEdn(`[${(PROGRAMS['call themselves twice'] ?? []).map(ednOf).join(' ')}]`);
    const ask = (find: string): Promise<EdnData> =>
      q(`[:find ${find} :in $ % :where (r ?x ?y)]`, db, rules);
    expect(await ask('?x ?y')).toHaveLength((width * width * depth * (depth - 1)) / 2);
    expect(await ask('?y')).toHaveLength(width * (depth - 1));
  });
});

/** Entities from 100 on; that of texts differs from that of numbers. */
function randomFacts(seed: number): Facts {
  let state = seed;
  const random = (count: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % count;
  };
  const entities = Array.from({ length: 12 }, (_, i) => 100 + i);
  const other = (): number => 100 + random(12);
  return new Map<string, Tuple[]>([
    ['a', distinct(Array.from({ length: 10 + 4 * seed }, () => [other(), other()]))],
    ['b', entities.filter(() => random(3) > 0).map((e) => [e, other()])],
    ['n', entities.filter(() => random(2) > 0).map((e) => [e, random(4)])],
    ['s', entities.filter(() => random(2) > 0).map((e) => [e, `text ${random(3)}`])],
  ]);
}

async function dbOf(facts: Facts): Promise<Db> {
  const empty = await dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA);
  const forms = [...facts].flatMap(([name, rows]) =>
    rows.map(([e, v]): EdnData => [kw('db/add'), e!, kw(name), v!]),
  );
  return await dbWith(empty, forms);
}

/** The head and the body, each atom in its words. */
function atomsOf(rule: string): string[][] {
  return rule.split(/[:,]/).map((atom) => atom.trim().split(' '));
}

function ednOf(rule: string): string {
  const [head, ...body] = atomsOf(rule);
  return `[(${textOf(head!)}) ${body.map(clauseOf).join(' ')}]`;
}

function clauseOf([name, ...words]: string[]): string {
  if (name === '!') return `(not ${clauseOf(words)})`;
  if (name === '<') return `[(${textOf([name, ...words])})]`;
  const [one, other] = words.map(termOf);
  return ATTRIBUTES.includes(name!) ? `[${one} :${name} ${other}]` : `(${name} ${one} ${other})`;
}

const ATTRIBUTES = ['a', 'b', 'n', 's'];

function textOf([name, ...words]: string[]): string {
  return [name, ...words.map(termOf)].join(' ');
}

function termOf(word: string): string {
  return /[0-9_]/.test(word) ? word : `?${word}`;
}

function fixpoint(program: ReadonlyArray<string>, facts: Facts): Facts {
  const known = new Map(facts);
  for (let before = -1, now = 0; before !== now;) {
    before = now;
    for (const rule of program) {
      const [head, ...body] = atomsOf(rule);
      const [name, ...words] = head!;
      let rows: ReadonlyArray<Bound> = [new Map()];
      for (const atom of body) rows = rows.flatMap((bound) => matches(atom, bound, known));
      const found = rows.map((bound) => words.map((word) => bound.get(word)!));
      known.set(name!, distinct([...(known.get(name!) ?? []), ...found]));
    }
    now = [...known.values()].flat().length;
  }
  return known;
}

type Bound = ReadonlyMap<string, number | string>;

function matches([name, ...words]: string[], bound: Bound, facts: Facts): Bound[] {
  if (name === '!') return matches(words, bound, facts).length > 0 ? [] : [bound];
  if (name === '<') return bound.get(words[0]!)! < bound.get(words[1]!)! ? [bound] : [];
  return (facts.get(name!) ?? []).flatMap((row) => {
    const own = new Map(bound);
    const fits = words.every((word, i) => {
      if (word === '_') return true;
      const value = own.get(word) ?? (/[0-9]/.test(word) ? Number(word) : row[i]!);
      own.set(word, value);
      return value === row[i];
    });
    return fits ? [own] : [];
  });
}

function distinct(rows: ReadonlyArray<Tuple>): Tuple[] {
  return [...new Map(rows.map((row) => [row.join(' '), row])).values()];
}

function sorted(rows: ReadonlyArray<Tuple>): string[] {
  return rows.map((row) => row.join(' ')).toSorted();
}
