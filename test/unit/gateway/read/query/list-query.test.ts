import { describe, expect, it } from 'vitest';
import { kw } from '../../../../../schema/keyword.ts';
import { printEdn } from '../../../../../schema/edn-print.ts';
import { buildModel } from '../../../../../schema/model/build-model.ts';
import type { EntityType } from '../../../../../schema/model/model.ts';
import type { EdnData } from '../../../../../schema/value.ts';
import type {
  ListSpec,
  PositionSlots,
  Segment,
} from '../../../../../gateway/read/query/list-clauses.ts';
import {
  rowQuery,
  segmentsOf,
  totalCountQuery,
} from '../../../../../gateway/read/query/list-query.ts';
import type { QueryForm } from '../../../../../gateway/read/query/list-query.ts';
import { NO_RULES } from '../../../../../gateway/read/row-rules.ts';
import { Slot, Slots, shapeWhere } from '../../../../../gateway/read/query/slots.ts';
import { parseOrder, reverseOrder } from '../../../../../gateway/read/query/order.ts';
import type { OrderInput, Where } from '../../../../../gateway/select/selection.ts';
import { attributes, IDENTITY, MANY } from '../../../schema/model/attributes.ts';

const model = buildModel(
  attributes(
    ['country/cca2', 'string', IDENTITY],
    ['country/languages', 'string', MANY],
    ['country/borders', 'ref', { ...MANY, annotations: { targets: [kw('country')] } }],
    ['city/name', 'string'],
    ['city/population', 'long'],
    ['city/country', 'ref'],
  ),
);
const city = model.types.get('City') as EntityType;

const cities = (template: Where, orderBy: ReadonlyArray<OrderInput> = []): ListSpec => ({
  model,
  decodeId: Number,
  rules: NO_RULES,
  origin: { kind: 'type', type: city },
  parents: new Slot(0),
  where: template,
  order: parseOrder(model, 'City', orderBy),
});

const UNBOUNDED = { after: undefined, before: undefined };
const VALUED: Segment = { valued: true };
const UNVALUED: Segment = { valued: false };

const part = (form: QueryForm, name: string): string => printEdn(form.query.get(kw(name)) ?? null);

/** The clauses of a filter over cities, and its inputs. */
function filter(where: Where): { clauses: string; inputs: ReadonlyArray<EdnData> } {
  const slots = new Slots();
  const form = totalCountQuery(cities(shapeWhere(where, slots).template()));
  return { clauses: part(form, 'where'), inputs: form.inputs(slots.values) };
}

const IS_CITY = '(or-join [?e] [?e :city/name] [?e :city/population] [?e :city/country])';

describe('a filter', () => {
  it.each<[string, Where, string, ReadonlyArray<EdnData>]>([
    ['nothing', {}, `[${IS_CITY}]`, []],
    ['equality', { name: { eq: 'Paris' } }, '[[?e :city/name ?in2]]', ['Paris']],
    [
      'a range',
      { population: { gte: 5, lt: 9 } },
      '[[?e :city/population ?v1] [(>= ?v1 ?in2)] [(< ?v1 ?in3)]]',
      [5, 9],
    ],
    [
      'membership',
      { name: { in: ['A', 'B'] } },
      '[[?e :city/name ?v1] [(ground ?in2) [?v1 ...]]]',
      [['A', 'B']],
    ],
    ['absence', { name: { isNull: true } }, `[${IS_CITY} (not-join [?e] [?e :city/name])]`, []],
    [
      'text',
      { name: { startsWith: 'P' } },
      '[[?e :city/name ?v1] [(clojure.string/starts-with? ?v1 ?in2)]]',
      ['P'],
    ],
    [
      'a reference and its set',
      { country: { borders: { some: { cca2: { eq: 'FR' } } } } },
      '[[?e :city/country ?r1] [?r1 :country/borders ?r2] [?r2 :country/cca2 ?in4]]',
      ['FR'],
    ],
    [
      'alternatives',
      { _or: [{ name: { eq: 'A' } }, { population: { gt: 1 } }] },
      '[(or-join [?e ?in2 ?in4] [?e :city/name ?in2] (and [?e :city/population ?v3] [(> ?v3 ?in4)]))]',
      ['A', 1],
    ],
    [
      'a negation',
      { _not: { name: { eq: 'A' } } },
      `[${IS_CITY} (not-join [?e ?in2] [?e :city/name ?in2])]`,
      ['A'],
    ],
    [
      'every',
      { country: { borders: { every: { cca2: { ne: 'X' } } } } },
      '[[?e :city/country ?r1] (not-join [?r1 ?in4] [?r1 :country/borders ?r2] (not-join [?r2 ?in4] [?r2 :country/cca2 ?v3] [(not= ?v3 ?in4)]))]',
      ['X'],
    ],
    [
      'values of a set',
      { country: { languages: { hasAll: ['a', 'b'] } } },
      '[[?e :city/country ?r1] [?r1 :country/languages ?in2] [?r1 :country/languages ?in3]]',
      ['a', 'b'],
    ],
    [
      'none of some values',
      { name: { nin: ['A', 'B'] } },
      '[[?e :city/name ?v1] (not-join [?v1 ?in2] [(ground ?in2) [?v1 ...]])]',
      [['A', 'B']],
    ],
    ['an id', { id: { eq: '7' } }, `[${IS_CITY} [(ground ?in1) ?e]]`, [7]],
    [
      'the absence of a reference',
      { country: { _isNull: true } },
      `[${IS_CITY} (not-join [?e] [?e :city/country ?r1])]`,
      [],
    ],
  ])('asks for %s', (_name, where, clauses, inputs) => {
    expect(filter(where)).toEqual({ clauses, inputs });
  });

  it.each<[Where, string]>([
    [{ name: { eq: null } }, 'where.name.eq is null; use isNull to ask for that'],
    [{ name: {} }, 'where.name has no operator; leave the field out to match everything'],
    [{ nmae: { eq: 'A' } }, "where.nmae names no field of City; did you mean 'name'?"],
    [{ name: { equals: 'A' } }, 'where.name.equals is no operator'],
    [{ name: { constructor: 'A' } }, 'where.name.constructor is no operator'],
    [{ __proto__x: {} }, 'where.__proto__x names no field of City'],
    [{ _or: [] }, 'where._or needs at least one alternative'],
    [{ _and: [{ name: null }] }, 'where._and[0].name is null; use isNull to ask for that'],
    [{ _isNull: true }, 'where._isNull is only for references, and stands alone there'],
  ])('refuses %j', (where, message) => {
    expect(() => filter(where)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message }),
    );
  });
});

describe('an order', () => {
  const query = (spec: ListSpec, segment: Segment) => rowQuery(spec, segment, UNBOUNDED);

  it('reads those with a value from one pattern, in the query', () => {
    const form = query(cities({}, [{ population: 'DESC' }]), VALUED);
    expect(part(form, 'find')).toBe('[?e ?k1]');
    expect(part(form, 'where')).toBe('[[?e :city/population ?k1]]');
    expect(part(form, 'order-by')).toBe('[?k1 :desc ?e :asc]');
  });

  it('reads those without a value as a segment of their own', () => {
    const form = query(cities({}, [{ population: 'DESC' }]), UNVALUED);
    expect(part(form, 'where')).toBe(`[${IS_CITY} (not-join [?e] [?e :city/population ?k1])]`);
    expect(part(form, 'order-by')).toBe('[?e :asc]');
  });

  it('has the segments in the order of its nulls, and only those between its bounds', () => {
    const last = cities({}, [{ population: 'DESC' }]);
    const first = cities({}, [{ population: 'DESC_NULLS_FIRST' }]);
    const after: PositionSlots = { entity: 3, values: [null] };
    expect(segmentsOf(last, UNBOUNDED)).toEqual([VALUED, UNVALUED]);
    expect(segmentsOf(first, UNBOUNDED)).toEqual([UNVALUED, VALUED]);
    expect(segmentsOf(last, { after, before: undefined })).toEqual([{ ...UNVALUED, equal: 0 }]);
    expect(segmentsOf(cities({}), UNBOUNDED)).toEqual([UNVALUED]);
  });

  it('continues after a position with its equals first, then with what is past it', () => {
    const spec = cities({}, [{ population: 'DESC' }]);
    const bounds = { after: { entity: new Slot(1), values: [new Slot(0)] }, before: undefined };
    const values = [500, 3];
    const [equals, past, ...others] = segmentsOf(spec, bounds).map((segment) =>
      rowQuery(spec, segment, bounds),
    );
    expect(part(equals!, 'where')).toBe(
      '[[?e :city/population ?k1] [(ground ?in2) ?k1] [(> ?e ?in3)]]',
    );
    expect(equals!.inputs(values)).toEqual([500, 3]);
    expect(part(past!, 'where')).toBe('[[?e :city/population ?k1] [(< ?k1 ?in2)]]');
    expect(past!.inputs(values)).toEqual([500]);
    expect(others.map((form) => part(form, 'where'))).toEqual([
      `[${IS_CITY} (not-join [?e] [?e :city/population ?k1])]`,
    ]);
  });

  it('follows references, and gives further keys a column that says whether there is a value', () => {
    const form = query(cities({}, [{ country: { cca2: 'ASC' } }, { population: 'DESC' }]), VALUED);
    expect(part(form, 'find')).toBe('[?e ?k1 ?m3 ?k4]');
    expect(part(form, 'order-by')).toBe('[?k1 :asc ?m3 :asc ?k4 :desc ?e :asc]');
    const row = form.toRow([7, 'FR', false, 12]);
    expect(row).toMatchObject({ parent: undefined, entity: 7 });
    expect(row.values()).toEqual(['FR', 12]);
    expect(form.toRow([7])).toMatchObject({ parent: undefined, entity: 7 });
    expect(form.toRow([7, 'FR', true, 0]).values()).toEqual(['FR', null]);
  });

  it('is reversed key by key, with its nulls', () => {
    const order = reverseOrder(parseOrder(model, 'City', [{ population: 'DESC' }]));
    expect(order).toMatchObject({
      entityDescending: true,
      keys: [{ descending: false, nullsFirst: true }],
    });
  });

  it.each<[ReadonlyArray<OrderInput>, string]>([
    [[{ nmae: 'ASC' }], "orderBy[0].nmae names no field of City; did you mean 'name'?"],
    [
      [{ name: 'UP' }],
      'orderBy[0].name must be one of ASC, DESC, ASC_NULLS_FIRST, ASC_NULLS_LAST, DESC_NULLS_FIRST, DESC_NULLS_LAST',
    ],
    [[{ country: 'ASC' }], 'orderBy[0].country must name a field of Country'],
    [
      [{ country: { languages: 'ASC' } }],
      'orderBy[0].country.languages has many values, which have no order',
    ],
    [[{}], 'orderBy[0] must name exactly one field'],
  ])('refuses %j', (orderBy, message) => {
    expect(() => cities({}, orderBy)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message }),
    );
  });
});
