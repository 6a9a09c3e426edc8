/** Filters of any kind over values of any type, against going through the entities in memory. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDecimal } from '../../schema/decimal.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import { scalarOfValueType, valueToJson } from '../../schema/model/scalars.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import type { ValueType } from '../../schema/attribute.ts';
import { compareValues } from '../../services/reader/reader.ts';
import type { Json, ServedWorld } from '../gateway/served-world.ts';
import { serveDatabase } from '../gateway/served-world.ts';
import { attribute, entity } from '../gateway/world.ts';
import { SORTED } from '../model/generate-values.ts';
import { runs } from '../support/runs.ts';

const TYPES = Object.keys(SORTED);
const ROWS = 30;
const TAGS = ['a', 'b', 'c', ''];

interface Row {
  readonly values: Readonly<Record<string, EdnData | undefined>>;
  readonly tags: ReadonlyArray<string>;
  readonly next: number | undefined;
}

const rows: fc.Arbitrary<Row> = fc.record({
  values: fc.record(
    Object.fromEntries(TYPES.map((type) => [type, fc.option(SORTED[type]!, { nil: undefined })])),
  ),
  tags: fc.uniqueArray(fc.constantFrom(...TAGS)),
  next: fc.option(fc.nat(ROWS - 1), { nil: undefined }),
});

/** A filter as it is asked for, and what it means. */
interface Case {
  readonly where: Json;
  readonly holds: (row: number, all: ReadonlyArray<Row>) => boolean;
}

type Test = (value: EdnData, operand: EdnData) => boolean;

const isNaNumber = (value: EdnData): boolean => Number.isNaN(value);
const isNumeric = (value: EdnData): boolean =>
  typeof value === 'number' || typeof value === 'bigint' || isDecimal(value);
const same: Test = (a, b) =>
  isNumeric(a) && isNumeric(b)
    ? !isNaNumber(a) && compareValues(a as Value, b as Value) === 0
    : valueEquals(a, b);
const ordered =
  (isHeld: (difference: number) => boolean): Test =>
  (a, b) =>
    !isNaNumber(a) && isHeld(compareValues(a as Value, b as Value));

const TESTS: Readonly<Record<string, Test>> = {
  eq: same,
  ne: (a, b) => !same(a, b),
  lt: ordered((difference) => difference < 0),
  lte: ordered((difference) => difference <= 0),
  gt: ordered((difference) => difference > 0),
  gte: ordered((difference) => difference >= 0),
  startsWith: (a, b) => String(a).startsWith(String(b)),
  endsWith: (a, b) => String(a).endsWith(String(b)),
  contains: (a, b) => String(a).includes(String(b)),
};

const UNORDERED = new Set(['uuid', 'keyword', 'symbol']);

function operatorsOf(type: string): ReadonlyArray<string> {
  if (type === 'boolean') return ['eq', 'ne'];
  if (UNORDERED.has(type)) return ['eq', 'ne'];
  const orders = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte'];
  return type === 'string' ? [...orders, 'startsWith', 'endsWith', 'contains'] : orders;
}

/** Numbers that JSON does not have are no operands. */
const operandOf = (type: string): fc.Arbitrary<EdnData> =>
  SORTED[type]!.filter((value) => typeof value !== 'number' || Number.isFinite(value));

/** As a variable has it; exact numbers of a floating point field as floating point ones. */
const jsonOf = (type: string, value: EdnData): Json =>
  type === 'number' || type === 'double'
    ? Number(String(value))
    : valueToJson(scalarOfValueType(type as ValueType)!, value);

const onValue: fc.Arbitrary<Case> = fc.constantFrom(...TYPES).chain((type) => {
  const one = fc
    .tuple(fc.constantFrom(...operatorsOf(type)), operandOf(type))
    .map(([operator, operand]): Case => ({
      where: { [type]: { [operator]: jsonOf(type, operand) } },
      holds: (row, all) => {
        const value = all[row]!.values[type];
        return value !== undefined && TESTS[operator]!(value, given(type, operand));
      },
    }));
  const several = fc
    .tuple(fc.boolean(), fc.array(operandOf(type), { maxLength: 3 }))
    .map(([isIn, operands]): Case => ({
      where: {
        [type]: { [isIn ? 'in' : 'nin']: operands.map((operand) => jsonOf(type, operand)) },
      },
      holds: (row, all) => {
        const value = all[row]!.values[type];
        if (value === undefined) return false;
        return operands.some((operand) => same(value, given(type, operand))) === isIn;
      },
    }));
  const nothing = fc.boolean().map((isNull): Case => ({
    where: { [type]: { isNull } },
    holds: (row, all) => (all[row]!.values[type] === undefined) === isNull,
  }));
  return type === 'boolean' ? fc.oneof(one, nothing) : fc.oneof(one, one, several, nothing);
});

/** What the gateway is told of an operand: JSON has no exact numbers among floating point ones. */
function given(type: string, operand: EdnData): EdnData {
  return type === 'number' ? (jsonOf(type, operand) as EdnData) : operand;
}

const onKeyword: fc.Arbitrary<Case> = fc.constantFrom('a', 'b').map((namespace) => ({
  where: { keyword: { ns: namespace } },
  holds: (row, all) => {
    const value = all[row]!.values['keyword'];
    return value instanceof Keyword && value.namespace === namespace;
  },
}));

const onTags: fc.Arbitrary<Case> = fc.oneof(
  fc.constantFrom(...TAGS).map((tag): Case => ({
    where: { tags: { has: tag } },
    holds: (row, all) => all[row]!.tags.includes(tag),
  })),
  fc
    .tuple(fc.boolean(), fc.array(fc.constantFrom(...TAGS), { maxLength: 3 }))
    .map(([isAny, tags]): Case => ({
      where: { tags: { [isAny ? 'hasAny' : 'hasAll']: tags } },
      holds: (row, all) => {
        const has = (tag: string): boolean => all[row]!.tags.includes(tag);
        return isAny ? tags.some(has) : tags.every(has);
      },
    })),
  fc.boolean().map((isEmpty): Case => ({
    where: { tags: { isEmpty } },
    holds: (row, all) => (all[row]!.tags.length === 0) === isEmpty,
  })),
);

const backOf = (row: number, all: ReadonlyArray<Row>): number[] =>
  all.flatMap(({ next }, i) => (next === row ? [i] : []));

const { filter } = fc.letrec<{ filter: Case; nested: Case }>((tie) => ({
  nested: fc.oneof(
    fc
      .tuple(
        fc.constantFrom('_and', '_or'),
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
      )
      .map(([name, parts]): Case => ({
        where: { [name]: parts.map(({ where }) => where) },
        holds: (row, all) =>
          name === '_and'
            ? parts.every(({ holds }) => holds(row, all))
            : parts.some(({ holds }) => holds(row, all)),
      })),
    tie('filter').map(({ where, holds }): Case => ({
      where: { _not: where },
      holds: (row, all) => !holds(row, all),
    })),
    tie('filter').map(({ where, holds }): Case => ({
      where: { next: where },
      holds: (row, all) => {
        const { next } = all[row]!;
        return next !== undefined && holds(next, all);
      },
    })),
    fc.boolean().map((isNull): Case => ({
      where: { next: { _isNull: isNull } },
      holds: (row, all) => (all[row]!.next === undefined) === isNull,
    })),
    fc
      .tuple(fc.constantFrom('some', 'every', 'none'), tie('filter'))
      .map(([name, { where, holds }]): Case => ({
        where: { _tByNext: { [name]: where } },
        holds: (row, all) => {
          const found = backOf(row, all).map((each) => holds(each, all));
          if (name === 'some') return found.includes(true);
          return name === 'every' ? !found.includes(false) : !found.includes(true);
        },
      })),
    fc.tuple(fc.constantFrom('eq', 'gt', 'lte'), fc.nat(3)).map(([operator, count]): Case => ({
      where: { _tByNext: { count: { [operator]: count } } },
      holds: (row, all) => TESTS[operator]!(backOf(row, all).length, count),
    })),
  ),
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(onValue, onValue, onValue, onTags, onKeyword),
    tie('nested'),
  ),
}));

/** Two filters of different parts as one. */
const wheres = fc.oneof(
  filter,
  fc.tuple(filter, filter).map(([one, other]): Case => {
    const names = Object.keys(one.where as object);
    return names.some((name) => name in (other.where as object))
      ? one
      : {
          where: { ...one.where, ...other.where },
          holds: (row, all) => one.holds(row, all) && other.holds(row, all),
        };
  }),
);

const SEEDS = Array.from({ length: runs(1).numRuns }, (_, i) => i + 1);

describe.each(
  SEEDS.flatMap((seed) => [
    { seed, isIndexed: true },
    { seed, isIndexed: false },
  ]),
)('filters, $seed, in an index: $isIndexed', ({ seed, isIndexed }) => {
  const all = fc.sample(rows, { seed, numRuns: ROWS });
  let served: ServedWorld;

  beforeAll(async () => {
    const annotations = isIndexed ? { 'db/index': true } : {};
    const schema = [
      ...TYPES.map((type) => attribute(`t/${type}`, type, annotations)),
      attribute('t/row', 'long'),
      attribute('t/tags', 'string', {
        'db/cardinality': kw('db.cardinality/many'),
        ...annotations,
      }),
      attribute('t/next', 'ref', { 'gateway/targets': kw('t') }),
    ];
    served = await serveDatabase('filtered', [schema, all.map(factsOf)]);
  });
  afterAll(() => served.stop());

  it('find what meets them', () =>
    fc.assert(
      fc.asyncProperty(wheres, async ({ where, holds }) => {
        const { tConnection } = await served.data(
          'query ($where: TWhere) { tConnection(where: $where) { totalCount nodes { row } } }',
          { where },
        );
        const found = tConnection.nodes.map(({ row }: Json) => Number(row));
        const wanted = all.flatMap((_row, i) => (holds(i, all) ? [i] : []));
        expect(found.toSorted((a: number, b: number) => a - b)).toEqual(wanted);
        expect(tConnection.totalCount).toBe(wanted.length);
      }),
      { numRuns: 300 },
    ));
});

function factsOf({ values, tags, next }: Row, row: number): EdnData {
  const facts = TYPES.flatMap((type) =>
    values[type] === undefined ? [] : [[`t/${type}`, values[type]] as const],
  );
  return entity({
    'db/id': `row ${row}`,
    't/row': row,
    ...Object.fromEntries(facts),
    ...(tags.length === 0 ? {} : { 't/tags': [...tags] }),
    ...(next === undefined ? {} : { 't/next': `row ${next}` }),
  });
}
