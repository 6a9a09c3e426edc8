/** Numbers that JSON does not have: infinities have their place in an order, NaN counts as no value; neither is shown, and that is said. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveDatabase } from './served-world.ts';
import { attribute, entity } from './world.ts';

const SCHEMA = [
  attribute('probe/name', 'string', { 'db/unique': kw('db.unique/identity') }),
  attribute('probe/readings', 'double', { 'db/cardinality': kw('db.cardinality/many') }),
  attribute('probe/span', 'tuple', {
    'db/tupleTypes': [kw('db.type/string'), kw('db.type/double')],
  }),
  attribute('sample/probe', 'ref', { 'gateway/targets': kw('probe') }),
  attribute('sample/number', 'long'),
  attribute('sample/half', 'long'),
  attribute('sample/plain', 'double'),
  attribute('sample/indexed', 'double', { 'db/index': true }),
];

const VALUES = [-Infinity, -1.5, 0, 2, Infinity, NaN, undefined, 2, NaN, Infinity, undefined];

const SAMPLES = VALUES.map((value, i) =>
  entity({
    'sample/probe': 'probe',
    'sample/number': i,
    'sample/half': Math.floor(i / 4),
    ...(value === undefined ? {} : { 'sample/plain': value, 'sample/indexed': value }),
  }),
);

/** Of what they are in an order of their values. */
const RISING = [0, 1, 2, 3, 7, 4, 9];
const NONE = [5, 6, 8, 10];

let served: ServedWorld;

beforeAll(async () => {
  const probe = entity({
    'db/id': 'probe',
    'probe/name': 'one',
    'probe/readings': [1.5, Infinity],
    'probe/span': ['m', NaN],
  });
  const calm = entity({ 'probe/name': 'calm', 'probe/readings': [0.5], 'probe/span': ['m', 2] });
  served = await serveDatabase('lab', [SCHEMA, [probe, calm, ...SAMPLES]]);
});

afterAll(() => served.stop());

const numbersIn = (nodes: ReadonlyArray<Json>): number[] =>
  nodes.map(({ number }) => Number(number));

/** A list as its pages show it, from its start or from its end. */
async function inPages(orderBy: string, step: 'first' | 'last'): Promise<number[]> {
  const [side, cursor, hasMore] =
    step === 'first'
      ? ['after', 'endCursor', 'hasNextPage']
      : ['before', 'startCursor', 'hasPreviousPage'];
  const found: number[] = [];
  let at: string | null = null;
  for (let page = 0; page <= VALUES.length; page++) {
    const query = `query ($at: String) { sampleConnection(orderBy: ${orderBy}, ${step}: 2, ${side}: $at) {
      nodes { number } pageInfo { ${cursor} ${hasMore} } } }`;
    const { nodes, pageInfo }: Json = (await served.data(query, { at })).sampleConnection;
    if (step === 'first') found.push(...numbersIn(nodes));
    else found.unshift(...numbersIn(nodes));
    if (!pageInfo[hasMore]) return found;
    at = pageInfo[cursor];
  }
  throw new Error(`Expected an end after ${found}`);
}

describe('in an order', () => {
  it.each(['plain', 'indexed'])(
    '%s values: infinities are at its ends, NaN is none',
    async (name) => {
      const listed = async (orderBy: string): Promise<number[]> =>
        numbersIn(
          (await served.data(`{ sampleConnection(orderBy: ${orderBy}) { nodes { number } } }`))
            .sampleConnection.nodes,
        );
      expect(await listed(`[{${name}: ASC}]`)).toEqual([...RISING, ...NONE]);
      expect(await listed(`[{${name}: ASC_NULLS_FIRST}]`)).toEqual([...NONE, ...RISING]);
      expect(await listed(`[{${name}: DESC}, {number: DESC}]`)).toEqual([
        ...[9, 4, 7, 3, 2, 1, 0],
        ...NONE.toReversed(),
      ]);
    },
  );

  const keys = ['plain', 'indexed'].flatMap((name) =>
    ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'DESC_NULLS_FIRST'].map((sort) => `{${name}: ${sort}}`),
  );
  const orders = keys.flatMap((key) => [
    `[${key}]`,
    `[${key}, {number: DESC}]`,
    `[{half: ASC}, ${key}]`,
  ]);
  it.each(orders)('%s: pages are the list, forwards and backwards', async (orderBy) => {
    const { sampleConnection, probe } = await served.data(
      `{ sampleConnection(orderBy: ${orderBy}) { nodes { number } }
        probe(by: { name: "one" }) { _sampleByProbe(orderBy: ${orderBy}) { nodes { number } } } }`,
    );
    const whole = numbersIn(sampleConnection.nodes);
    expect(whole).toHaveLength(VALUES.length);
    expect(numbersIn(probe._sampleByProbe.nodes)).toEqual(whole);
    expect(await inPages(orderBy, 'first')).toEqual(whole);
    expect(await inPages(orderBy, 'last')).toEqual(whole);
  });
});

describe('in an answer of GraphQL', () => {
  /** What is kept of entities says it again. */
  const askedAgain = async (query: string): Promise<Json> => {
    const answers = [await served.send(query), await served.send(query), await served.send(query)];
    const [first, ...others] = answers.map(({ status, body }) => ({
      status,
      data: body.data,
      errors: body.errors?.map(({ path, message, extensions: { code } }: Json) => [
        path.join('.'),
        code,
        message,
      ]),
    }));
    for (const other of others) expect(other).toEqual(first);
    return first;
  };
  const notFinite = (path: string, number: string) => [
    path,
    'NOT_FINITE',
    `The value is ${number}, which JSON cannot say`,
  ];

  it('is null, with an error that has its path', async () => {
    const query = '{ sampleConnection(first: 6, orderBy: [{number: ASC}]) { nodes { plain } } }';
    const { status, data, errors } = await askedAgain(query);
    expect(status).toBe(200);
    const values = data.sampleConnection.nodes.map(({ plain }: Json) => plain);
    expect(values).toEqual([null, -1.5, 0, 2, null, null]);
    expect(errors).toEqual([
      notFinite('sampleConnection.nodes.0.plain', '-Infinity'),
      notFinite('sampleConnection.nodes.4.plain', 'Infinity'),
      notFinite('sampleConnection.nodes.5.plain', 'NaN'),
    ]);
  });

  it('takes the list with it whose elements are never null, and what has to have that list', async () => {
    const { data, errors } = await askedAgain(
      '{ probe(by: { name: "one" }) { name readings } calm: probe(by: { name: "calm" }) { readings } }',
    );
    expect(data).toEqual({ probe: null, calm: { readings: [0.5] } });
    expect(errors).toEqual([notFinite('probe.readings.1', 'Infinity')]);
  });

  it('is null in a tuple and in an aggregate', async () => {
    const { data, errors } = await askedAgain(
      `{ probe(by: { name: "one" }) { span { v0 v1 } }
        sampleConnection { aggregate { sum { plain } max { plain } min { number } } } }`,
    );
    expect(data.probe).toEqual({ span: { v0: 'm', v1: null } });
    expect(data.sampleConnection.aggregate).toEqual({
      sum: { plain: null },
      max: { plain: null },
      min: { number: '0' },
    });
    expect(errors).toEqual([
      notFinite('probe.span.v1', 'NaN'),
      notFinite('sampleConnection.aggregate.sum.plain', 'NaN'),
      notFinite('sampleConnection.aggregate.max.plain', 'NaN'),
    ]);
  });
});

describe('in an answer of REST', () => {
  it('is null, with a warning', async () => {
    const { status, body, headers } = await request(served.app).get(
      '/v1/lab/sample?fields=plain&orderBy=number',
    );
    expect(status).toBe(200);
    const values = body.nodes.map(({ plain }: Json) => plain);
    expect(values).toEqual(VALUES.map((value) => (Number.isFinite(value) ? value : null)));
    expect(headers['datahike-warnings']).toBe('NOT_FINITE;count=5');
  });

  it('is null in lines', async () => {
    const { status, text } = await request(served.app)
      .get('/v1/lab/sample?fields=plain&orderBy=number')
      .set('Accept', 'application/x-ndjson');
    expect(status).toBe(200);
    const values = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Json).plain);
    expect(values).toEqual(VALUES.map((value) => (Number.isFinite(value) ? value : null)));
  });
});
