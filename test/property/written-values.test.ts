/** What callers write, they read: values of every type through GraphQL and REST, each way in one answer and asked for again. */
import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ValueType } from '../../schema/attribute.ts';
import { kw } from '../../schema/keyword.ts';
import { scalarOfValueType, valueToJson } from '../../schema/model/scalars.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Json, ServedWorld } from '../gateway/served-world.ts';
import { serveDatabase } from '../gateway/served-world.ts';
import { attribute } from '../gateway/world.ts';
import { SORTED, VALUES } from '../model/generate-values.ts';
import { runs } from '../support/runs.ts';

const VALUES_OF: Readonly<Record<string, fc.Arbitrary<EdnData>>> = { ...VALUES, ...SORTED };
const TYPES = Object.keys(VALUES_OF);
const ONCE = TYPES.map((type) => [`t/${type}`, type] as const);
const nameOf = (type: string): string =>
  type.replace(/-(\w)/, (_dash, first: string) => first.toUpperCase());

/** As a body of JSON has it; exact numbers of a floating point field as floating point ones. */
function jsonOf(type: string, value: EdnData): Json {
  if (type === 'number' || type === 'double' || type === 'float') return Number(String(value));
  return valueToJson(scalarOfValueType(type as ValueType)!, value);
}

/** To say the same number in another scale changes nothing, as in Datahike. */
const isOfTwoScales = (type: string, json: Json): boolean => type === 'bigdec' && json === '1.0';

const valueOf = (type: string): fc.Arbitrary<Json> =>
  VALUES_OF[type]!.filter((value) => typeof value !== 'number' || Number.isFinite(value))
    .map((value) => jsonOf(type, value))
    .filter((json) => !isOfTwoScales(type, json));

const inputs: fc.Arbitrary<Readonly<Record<string, Json>>> = fc.record(
  Object.fromEntries(TYPES.map((type) => [nameOf(type), valueOf(type)])),
  { requiredKeys: [], noNullPrototype: true },
);
/** A patch of nothing is refused. */
const patches = inputs.map((input) => ({ string: 'changed', ...input }));
const lists = fc.array(SORTED['string']!.map(String), { maxLength: 3 });

let served: ServedWorld;

beforeAll(async () => {
  served = await serveDatabase('written', [
    [
      ...ONCE.map(([ident, type]) => attribute(ident, type)),
      attribute('t/tags', 'string', { 'db/cardinality': kw('db.cardinality/many') }),
    ],
  ]);
});
afterAll(() => served.stop());

const FIELDS = `${TYPES.map(nameOf).join(' ')} tags`;
const CREATE = `mutation ($input: TInput!) { createT(input: $input) { t { id ${FIELDS} } } }`;
const UPDATE = `mutation ($id: ID!, $patch: TPatch!) { updateT(by: { id: $id }, patch: $patch) { t { id ${FIELDS} } } }`;

/** All fields, with null for those that were not given. */
function shown(input: Readonly<Record<string, Json>>, tags: ReadonlyArray<string>): Json {
  const fields = TYPES.map((type) => [nameOf(type), input[nameOf(type)] ?? null] as const);
  return { ...Object.fromEntries(fields), tags: Array.from(new Set(tags)).toSorted() };
}

function seen({ id: _id, tags, ...fields }: Json): Json {
  const own = TYPES.map((type) => [nameOf(type), fields[nameOf(type)] ?? null] as const);
  return { ...Object.fromEntries(own), tags: (tags as string[]).toSorted() };
}

it('through GraphQL', () =>
  fc.assert(
    fc.asyncProperty(inputs, patches, lists, async (input, patch, tags) => {
      // An entity without a fact of its own has no type.
      const created = await served.data(CREATE, { input: { ...input, boolean: true, tags } });
      const { t } = created.createT;
      const before = { ...input, boolean: true };
      expect(seen(t)).toEqual(shown(before, tags));
      const updated = await served.data(UPDATE, { id: t.id, patch });
      const after = { ...before, ...patch };
      expect(seen(updated.updateT.t)).toEqual(shown(after, tags));
      const { node } = await served.data(
        `query ($id: ID!) { node(id: $id) { ... on T { id ${FIELDS} } } }`,
        {
          id: t.id,
        },
      );
      expect(seen(node)).toEqual(shown(after, tags));
    }),
    runs(40),
  ));

it('through REST', () =>
  fc.assert(
    fc.asyncProperty(inputs, patches, lists, async (input, patch, tags) => {
      const before = { ...input, boolean: true };
      const created = await request(served.app)
        .post('/v1/written/t')
        .send({ ...before, tags });
      expect(created.status, created.text).toBe(201);
      expect(seen(created.body)).toEqual(shown(before, tags));
      const place = `/v1/written/t/${created.body.id}`;
      const patched = await request(served.app)
        .patch(place)
        .set('Content-Type', 'application/merge-patch+json')
        .send(JSON.stringify(patch));
      expect(patched.status, patched.text).toBe(200);
      const { body } = await request(served.app).get(place);
      expect(seen(body)).toEqual(shown({ ...before, ...patch }, tags));
    }),
    runs(40),
  ));
