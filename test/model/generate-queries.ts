/** Random queries with all that they are given. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import { EdnList, type EdnData } from '../../schema/value.ts';
import type { Places } from './generate-clauses.ts';
import {
  ENTITIES,
  RULES,
  RULE_NEEDS,
  alternatives,
  call,
  patterns,
  ruleCalls,
  testsOver,
  twins,
} from './generate-clauses.ts';
import { FIRST_ID } from './generate-schemas.ts';
import { ids, kinds, numbers, texts } from './generate-transactions.ts';
import { pullPatterns } from './generate-pulls.ts';
import type { ModelQuery } from './query-find.ts';
import { symbolName, variablesIn } from './query-world.ts';

/** Entities that queries find something of: a transaction for the start. */
export const populations: fc.Arbitrary<ReadonlyArray<EdnData>> = fc
  .array(
    fc.record({
      n: fc.option(numbers, { freq: 4 }),
      tags: fc.uniqueArray(texts, { maxLength: 3 }),
      ref: fc.option(ids, { freq: 3 }),
      refs: fc.uniqueArray(ids, { maxLength: 3 }),
      kind: fc.option(kinds, { freq: 3 }),
    }),
    { minLength: 4, maxLength: 7 },
  )
  .map((all) =>
    all.map(({ n, tags, ref, refs, kind }, i): EdnData => {
      const entries: ReadonlyArray<readonly [string, EdnData]> = [
        ['db/id', FIRST_ID + i],
        ['x/id', i < 4 ? 'abcd'.charAt(i) : null],
        ['x/code', i < 3 ? i : null],
        ['x/n', n],
        ['x/tags', tags],
        ['x/ref', ref],
        ['y/refs', refs],
        ['kind', kind],
      ];
      const said = entries.filter(([, value]) => value !== null);
      return new Map(said.map(([name, value]): [EdnData, EdnData] => [kw(name), value]));
    }),
  );

/** What stands for a source of the test. */
export type Given = { readonly source: 'present' | 'view' | 'other' | 'history' } | EdnData;

export interface Question {
  readonly query: ModelQuery;
  /** One for each of `:in`, but for `%`. */
  readonly inputs: ReadonlyArray<Given>;
}

interface Input {
  readonly form: EdnData;
  readonly value: Given;
}

const tupleSources = fc
  .array(
    fc.tuple(texts, numbers).map((pair): EdnData => pair),
    { maxLength: 4 },
  )
  .map((value): Input => ({ form: sym('$t'), value }));

const moreSources: fc.Arbitrary<ReadonlyArray<Input>> = fc
  .tuple(
    fc.option(
      fc
        .constantFrom<'present' | 'other' | 'history'>('present', 'other', 'history')
        .map((source): Input => ({ form: sym('$2'), value: { source } })),
      { freq: 2 },
    ),
    fc.option(tupleSources, { freq: 5 }),
  )
  .map((all) => all.filter((one) => one !== null));

const lookupRefs = texts.map((text): EdnData => [kw('x/id'), text]);
const idsOrNames = fc.oneof({ weight: 4, arbitrary: ids }, { weight: 2, arbitrary: lookupRefs });
const values: fc.Arbitrary<EdnData> = fc.oneof(texts, numbers, kinds);
const attributeNames = fc.constantFrom<EdnData>(kw('x/n'), kw('x/id'), kw('y/refs'));

const many = (of: fc.Arbitrary<EdnData>): fc.Arbitrary<EdnData> =>
  fc.array(of, { maxLength: 3 }).map((all): EdnData => all);
const pairs = (...of: Array<fc.Arbitrary<EdnData>>): fc.Arbitrary<EdnData> =>
  fc.tuple(...of).map((all): EdnData => all);
const input = (form: EdnData, of: fc.Arbitrary<EdnData>): fc.Arbitrary<Input> =>
  of.map((value): Input => ({ form, value }));
const [v, w, a, more] = [sym('?v'), sym('?w'), sym('?a'), sym('...')] as const;

/** Bindings of every form. */
const bindings: fc.Arbitrary<Input> = fc.oneof(
  input(v, values),
  input(a, idsOrNames),
  input([v, more], many(values)),
  input([a, more], many(idsOrNames)),
  input([v, w], pairs(values, values, values)),
  input([v, sym('_'), w], pairs(values, values, values)),
  input([a, v], pairs(ids, values)),
  input([[v, w]], many(pairs(values, values))),
  input([[a, sym('_'), w]], many(pairs(idsOrNames, values, values))),
  input([[v, [w, more]]], many(pairs(values, many(values)))),
  input([[v, w]], many(pairs(texts, values)).map(toMap)),
  input(sym('_'), values),
  input(sym('?attr'), attributeNames),
  input(sym('?tx'), fc.integer({ min: 536_870_913, max: 536_870_916 })),
  // One that is too short.
  input([v, w], pairs(values)),
);

function toMap(all: EdnData): EdnData {
  return new Map(all as ReadonlyArray<readonly [EdnData, EdnData]>);
}

const inputsOf = fc
  .array(bindings, { maxLength: 2 })
  .map((all) =>
    all.filter(
      (one, i) =>
        !all
          .slice(0, i)
          .some((other) =>
            variablesIn(one.form).some((name) => variablesIn(other.form).includes(name)),
          ),
    ),
  );

/** Queries of which most have an answer; some are refused. */
export const questions: fc.Arbitrary<Question> = fc
  .tuple(
    fc
      .constantFrom<'present' | 'view'>('present', 'present', 'view')
      .map((source): Input => ({ form: sym('$'), value: { source } })),
    moreSources,
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<ReadonlyArray<Input>>([]) },
      { weight: 1, arbitrary: inputsOf },
    ),
  )
  .chain(([main, sources, given]) => {
    const names = [main, ...sources].map(({ form }) => symbolName(form)!);
    const places: Places = {
      databases: names.filter((name) => name !== '$t'),
      tuples: names.filter((name) => name === '$t'),
    };
    return fc
      .tuple(
        fc.array(patterns(places), { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(ruleCalls(places), alternatives(places)), { maxLength: 1 }),
        fc.option(twins, { freq: 6 }),
      )
      .chain(([first, others, pair]) =>
        asked(
          [main, ...sources, ...given],
          pair === null ? [...first, ...others] : [...pair, ...others],
          places,
        ),
      );
  });

function asked(
  given: ReadonlyArray<Input>,
  binders: ReadonlyArray<EdnData>,
  places: Places,
): fc.Arbitrary<Question> {
  const bound = variablesIn([...binders, ...given.map(({ form }) => form)]).sort();
  const inputs = given.map(({ value }) => value);
  const rest = { with: [], rules: RULES, needs: RULE_NEEDS };
  if (bound.length === 0)
    return fc.constant({
      query: {
        ...rest,
        shape: 'relation',
        find: [sym('?z')],
        in: [...given.map(({ form }) => form), sym('%')],
        where: [[sym('?z'), kw('x/id'), sym('_')], ...binders],
      },
      inputs,
    });
  return fc
    .tuple(fc.array(testsOver(bound, places), { maxLength: 2 }), fc.boolean())
    .chain(([tests, isMore]) => {
      // What functions gave may be tested in turn.
      const known = [...new Set([...bound, ...(isMore ? variablesBoundBy(tests) : [])])];
      return fc
        .tuple(
          fc.shuffledSubarray([...binders, ...tests], { minLength: binders.length + tests.length }),
          findsOver(known, places),
          fc.nat(given.length),
        )
        .map(([where, find, place]): Question => {
          const forms = given.map(({ form }) => form);
          const withRules = [...forms.slice(0, place), sym('%'), ...forms.slice(place)];
          const { pattern, ...query } = find;
          return {
            query: {
              ...rest,
              ...query,
              in: pattern === undefined ? withRules : [...withRules, sym('?pattern')],
              where,
            },
            inputs: pattern === undefined ? inputs : [...inputs, pattern],
          };
        });
    });
}

function variablesBoundBy(tests: ReadonlyArray<EdnData>): string[] {
  return tests.flatMap((test) =>
    Array.isArray(test) && test.length === 2 ? variablesIn((test as EdnData[])[1]!) : [],
  );
}

type Find = Pick<
  ModelQuery,
  'shape' | 'find' | 'with' | 'keys' | 'orderBy' | 'limit' | 'offset'
> & {
  /** A pull pattern that comes in as input. */
  readonly pattern: EdnData | undefined;
};

const AGGREGATES = [
  'count',
  'count-distinct',
  'min',
  'max',
  'distinct',
  'sum',
  'avg',
  'variance',
  'median',
];

function findsOver(bound: ReadonlyArray<string>, places: Places): fc.Arbitrary<Find> {
  return fc
    .record({
      shape: fc.oneof(
        { weight: 4, arbitrary: fc.constant<ModelQuery['shape']>('relation') },
        {
          weight: 2,
          arbitrary: fc.constantFrom<ModelQuery['shape']>('collection', 'tuple', 'scalar'),
        },
      ),
      names: fc.shuffledSubarray([...bound], {
        minLength: 1,
        maxLength: Math.min(3, bound.length),
      }),
      aggregate: fc.option(fc.constantFrom(...AGGREGATES), { freq: 3 }),
      n: fc.option(fc.nat(3), { freq: 4 }),
      with: fc.option(fc.constantFrom(...bound).map(sym), { freq: 3 }),
      keys: fc.option(fc.constantFrom<'keys' | 'strs' | 'syms'>('keys', 'strs', 'syms'), {
        freq: 6,
      }),
      pulled: fc.option(pullPatterns, { freq: 6 }),
      isPatternGiven: fc.boolean(),
      source: fc.constantFrom(...places.databases),
      order: fc.option(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { freq: 3 }),
      isTotal: fc.boolean(),
      limit: fc.option(fc.nat(4), { freq: 4 }),
      offset: fc.option(fc.nat(3), { freq: 5 }),
      unknown: fc.integer({ min: -30, max: 30 }),
    })
    .map((r): Find => {
      const names =
        r.shape === 'collection' || r.shape === 'scalar' ? r.names.slice(0, 1) : r.names;
      const find: EdnData[] = names.map(sym);
      if (r.unknown === 17) find[0] = sym('?unknown');
      const last = names.at(-1)!;
      const isPull = r.pulled !== null && ENTITIES.includes(last) && r.aggregate === null;
      const isCounted = r.n !== null && (r.aggregate === 'min' || r.aggregate === 'max');
      if (isPull) {
        const source = r.source === '$' ? [] : [sym(r.source)];
        const pattern = r.isPatternGiven ? sym('?pattern') : r.pulled!;
        find.splice(-1, 1, new EdnList([sym('pull'), ...source, sym(last), pattern]));
      } else if (r.aggregate !== null && r.unknown !== 17)
        find.splice(-1, 1, call(r.aggregate, ...(isCounted ? [r.n] : []), sym(last)));
      const isNew = r.with !== null && !names.includes(r.with.name);
      const isSet = r.aggregate === 'distinct' || isCounted || isPull;
      const orderable = find.map((_, i) => i).filter((i) => !(isSet && i === find.length - 1));
      const order = r.isTotal ? orderable : orderable.slice(0, 1);
      const isRelation = r.shape === 'relation' && r.keys === null;
      const isOrdered = isRelation && r.order !== null && order.length > 0;
      const section = r.shape === 'relation' ? r.keys : null;
      return {
        shape: r.shape,
        find,
        with: isNew ? [r.with] : [],
        keys: section === null ? undefined : { section, names: find.map((_, i) => sym(`k${i}`)) },
        orderBy: isOrdered ? order.map((i) => [i, r.order![i]!] as const) : undefined,
        limit: r.limit ?? undefined,
        offset: r.offset ?? undefined,
        pattern: isPull && r.isPatternGiven ? r.pulled! : undefined,
      };
    });
}
