/** A shop whose lines name products of a catalogue, which is another database. */
import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { createApp } from '../../gateway/index.ts';
import type { App, DatabasePorts } from '../../gateway/index.ts';
import { createLog } from '../../services/shared/log.ts';
import { alwaysOpen } from '../support/served.ts';
import { listenOn, readEvents } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import { openWith } from './world-database.ts';
import type { WorldDatabase } from './world-database.ts';

const UNIQUE = { 'db/unique': kw('db.unique/identity') };
const MANY = { 'db/cardinality': kw('db.cardinality/many') };
const PRODUCT = {
  'gateway/reference-database': 'catalogue',
  'gateway/reference-attribute': kw('product/sku'),
};

const CATALOGUE_SCHEMA: ReadonlyArray<EdnData> = [
  attribute('maker/name', 'string', UNIQUE),
  attribute('product/sku', 'string', UNIQUE),
  attribute('product/price', 'long'),
  attribute('product/kind', 'keyword', { 'gateway/enum': [kw('kind/tool'), kw('kind/toy')] }),
  attribute('product/maker', 'ref'),
  attribute('stranger/name', 'string'),
];

const CATALOGUE: ReadonlyArray<EdnData> = [
  entity({ 'db/id': 'acme', 'maker/name': 'Acme' }),
  ...(
    [
      ['saw', 20, 'kind/tool'],
      ['axe', 30, 'kind/tool'],
      ['ball', 5, 'kind/toy'],
    ] as const
  ).map(([sku, price, kind]) =>
    entity({
      'product/sku': sku,
      'product/price': price,
      'product/kind': kw(kind),
      'product/maker': 'acme',
    }),
  ),
];

const SHOP_SCHEMA: ReadonlyArray<EdnData> = [
  attribute('order/number', 'long', UNIQUE),
  attribute('order/lines', 'ref', { ...MANY, 'db/isComponent': true }),
  attribute('order/gifts', 'string', { ...MANY, ...PRODUCT, 'gateway/reference-name': '_gifts' }),
  attribute('order.lines/sku', 'string', PRODUCT),
  attribute('order.lines/count', 'long'),
];

const line = (sku: string, count: number): EdnData =>
  entity({ 'order.lines/sku': sku, 'order.lines/count': count });

const SHOP: ReadonlyArray<EdnData> = [
  entity({
    'order/number': 1,
    'order/lines': [line('saw', 1), line('ball', 7)],
    'order/gifts': ['ball', 'none'],
  }),
  entity({ 'order/number': 2, 'order/lines': [line('axe', 2), line('gone', 3)] }),
  entity({ 'order/number': 3, 'order/lines': [entity({ 'order.lines/count': 9 })] }),
];

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const everything = { '*': { read: true, create: true, update: true, delete: true, history: true } };
const ACCESS: AccessConfig = {
  tokens: ['both', 'shopper', 'toys', 'tools'].map((name) => ({
    name,
    sha256: sha256(name),
    roles: name.startsWith('to') ? ['shopper', 'toys'] : [name],
    claims: { kind: name === 'tools' ? 'TOOL' : 'TOY' },
  })),
  roles: {
    both: { types: everything },
    shopper: { databases: ['shop'], types: everything },
    toys: {
      databases: ['catalogue'],
      types: {
        Product: {
          read: { kind: { eq: '$claims.kind' } },
          fields: { price: { read: false } },
        },
      },
    },
  },
};

let shop: WorldDatabase;
let catalogue: WorldDatabase;
let served: ServedWorld;
const { counts, reader: counted } = ((): ReturnType<typeof countingReader> => {
  const late = new Proxy({} as WorldDatabase['reader'], {
    get: (_target, name) => Reflect.get(catalogue.reader, name) as unknown,
  });
  return countingReader(late);
})();

const ports = (): Map<string, DatabasePorts> =>
  new Map<string, DatabasePorts>([
    ['shop', shop],
    ['catalogue', { reader: counted, writer: catalogue.writer }],
  ]);

beforeAll(async () => {
  shop = await openWith('shop', SHOP_SCHEMA, SHOP);
  catalogue = await openWith('catalogue', CATALOGUE_SCHEMA, CATALOGUE);
  served = await serveWorld({ databases: alwaysOpen(ports()), defaultDatabase: 'shop' });
});
afterAll(async () => {
  await served.stop();
  await shop.close();
  await catalogue.close();
});

const LINES = `{ orderConnection(orderBy: [{ number: ASC }]) { nodes { number
  lines(orderBy: [{ count: ASC }]) { sku _productBySku { __typename sku price kind maker { name } } }
  _gifts { sku } } } }`;

it('shows the entities of another database that values lead to', async () => {
  const { orderConnection } = await served.data(LINES);
  const product = (sku: string, price: string, kind: string): Json => ({
    __typename: 'Catalogue_Product',
    sku,
    price,
    kind,
    maker: { name: 'Acme' },
  });
  expect(orderConnection.nodes).toEqual([
    {
      number: '1',
      lines: [
        { sku: 'saw', _productBySku: product('saw', '20', 'TOOL') },
        { sku: 'ball', _productBySku: product('ball', '5', 'TOY') },
      ],
      _gifts: [{ sku: 'ball' }],
    },
    {
      number: '2',
      lines: [
        { sku: 'axe', _productBySku: product('axe', '30', 'TOOL') },
        { sku: 'gone', _productBySku: null },
      ],
      _gifts: [],
    },
    { number: '3', lines: [{ sku: null, _productBySku: null }], _gifts: [] },
  ]);
});

it('asks the other database once for each level, from one snapshot that the answer names', async () => {
  await served.send(LINES);
  Object.assign(counts, { q: 0, project: 0 });
  const { body } = (await served.sendHere(LINES)) as { body: Json };
  // The products of lines and of gifts, and the makers of the former.
  expect(counts).toEqual({ q: 2, project: 3 });
  const { basisTx } = catalogue.reader.current();
  expect(body.extensions.bases).toEqual({ catalogue: String(basisTx) });
  const plain = (await served.send('{ orderConnection { totalCount } }')) as { body: Json };
  expect(plain.body.extensions).not.toHaveProperty('bases');
});

it('shows of the other database what can be reached from there', async () => {
  const { __schema: schema } = await served.data('{ __schema { types { name } } }');
  const names = schema.types.map(({ name }: { name: string }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['Catalogue_Product', 'Catalogue_Maker', 'Catalogue_ProductKind']),
  );
  expect(names).not.toContain('Catalogue_Stranger');
});

it('is a subgraph for its own entities alone', async () => {
  const { _service: service } = await served.data('{ _service { sdl } }');
  expect(service.sdl).toMatch(/type Catalogue_Product [^{]*@shareable/);
  expect(service.sdl).toMatch(/type Order [^{]*@key/);
  const { message } = await served.error(
    '{ _entities(representations: [{ __typename: "Catalogue_Product", sku: "saw" }]) { __typename } }',
  );
  expect(message).toContain('names no type of this database');
});

it('goes back through references of the other database, with its filters and pages', async () => {
  const { orderLinesConnection } = await served.data(
    `{ orderLinesConnection(where: { sku: { eq: "saw" } }) { nodes { _productBySku { maker {
      _productByMaker(where: { price: { gte: "20" } }, orderBy: [{ price: DESC }], first: 1) {
        totalCount nodes { sku } pageInfo { hasNextPage } aggregate { sum { price } } } } } } } }`,
  );
  expect(orderLinesConnection.nodes[0]._productBySku.maker._productByMaker).toEqual({
    totalCount: 2,
    nodes: [{ sku: 'axe' }],
    pageInfo: { hasNextPage: true },
    aggregate: { sum: { price: '50' } },
  });
});

it.each([
  ['{ _productBySku: { price: { gt: "10" } } }', ['axe', 'saw']],
  ['{ _productBySku: { maker: { name: { eq: "Acme" } }, kind: { eq: TOY } } }', ['ball']],
  ['{ _productBySku: { price: { gt: "10" } }, sku: { ne: "saw" } }', ['axe']],
  ['{ _productBySku: { price: { gt: "99" } } }', []],
  ['{ _productBySku: { _isNull: true } }', [null, 'gone']],
  ['{ _productBySku: { _isNull: false } }', ['axe', 'ball', 'saw']],
  ['{ _not: { _productBySku: { kind: { eq: TOOL } } } }', ['ball', null, 'gone']],
  ['{ _or: [{ _productBySku: { sku: { eq: "saw" } } }, { count: { eq: "9" } }] }', [null, 'saw']],
  [
    '{ _orderByLines: { lines: { some: { _productBySku: { sku: { eq: "axe" } } } } } }',
    ['axe', 'gone'],
  ],
])('filters by the other database: %s', async (where, skus) => {
  const { orderLinesConnection: found } = await served.data(
    `{ orderLinesConnection(where: ${where}) { nodes { sku } totalCount } }`,
  );
  const shown = found.nodes.map(({ sku }: Json) => sku);
  expect(new Set(shown)).toEqual(new Set(skus));
  expect(found.totalCount).toBe(skus.length);
});

it('reads the other database as of an instant, and as it is where a transaction is named', async () => {
  const before = new Date();
  await expect.poll(() => Date.now()).toBeGreaterThan(before.getTime());
  const { basisTx } = shop.reader.current();
  await catalogue.writer.transact({
    txData: [entity({ 'product/sku': 'saw', 'product/price': 21 })],
  });
  const priceAsOf = async (asOf: string): Promise<unknown> => {
    const { orderLinesConnection: lines } = await served.data(
      `{ orderLinesConnection(where: { sku: { eq: "saw" } }, asOf: ${asOf}) { nodes { _productBySku { price } } } }`,
    );
    return lines.nodes[0]._productBySku.price;
  };
  expect(await priceAsOf(`{ instant: "${before.toISOString()}" }`)).toBe('20');
  expect(await priceAsOf(`{ t: "${basisTx}" }`)).toBe('21');
  await catalogue.writer.transact({
    txData: [entity({ 'product/sku': 'saw', 'product/price': 20 })],
  });
});

it('is included and asked for in REST', async () => {
  const list = '/v1/shop/order-lines?sku.in=saw,gone&orderBy=sku&fields=sku';
  const plain = await request(served.app).get(list).expect(200);
  expect((plain.body as Json).nodes[0]).toEqual({ id: expect.any(String) as string, sku: 'gone' });
  const included = await request(served.app)
    .get(`${list},_productBySku.price,_productBySku.maker.name`)
    .expect(200);
  const [gone, saw] = (included.body as Json).nodes;
  expect(gone._productBySku).toBeNull();
  expect(saw._productBySku).toMatchObject({ price: '20', maker: { name: 'Acme' } });
  // Whether it is the same cannot be told from this database alone.
  expect(included.headers['etag']).toBeUndefined();
  const asked = await request(served.app)
    .post('/v1/shop/order-lines/query')
    .set('Accept', 'application/x-ndjson')
    .send({ where: { _productBySku: { price: { gt: 25 } } }, include: ['_productBySku'] })
    .expect(200);
  const lines = asked.text.trimEnd().split('\n');
  expect(lines.map((each) => (JSON.parse(each) as Json)._productBySku.sku)).toEqual(['axe']);
  const gifts = await request(served.app).get('/v1/shop/order?number.eq=1&include=_gifts');
  expect((gifts.body as Json).nodes[0]._gifts).toMatchObject([{ sku: 'ball', kind: 'TOY' }]);
});

it('shows what the roles of the caller in the other database allow', async () => {
  const guarded = await serveWorld({
    databases: alwaysOpen(ports()),
    defaultDatabase: 'shop',
    access: ACCESS,
    development: false,
  });
  const ask = async (token: string, fields: string): Promise<Json> => {
    const query = `{ orderLinesConnection(orderBy: [{ sku: ASC }]) { nodes { sku ${fields} } } }`;
    const headers = { Authorization: `Bearer ${token}` };
    const { body } = (await guarded.send(query, {}, headers)) as { body: Json };
    return body.errors?.[0]?.message ?? body.data.orderLinesConnection.nodes;
  };
  try {
    expect(await ask('both', '_productBySku { price }')).toContainEqual({
      sku: 'axe',
      _productBySku: { price: '30' },
    });
    expect(await ask('shopper', '_productBySku { sku }')).toContain('Cannot query field');
    const hidden = await request(guarded.app)
      .get('/v1/shop/order-lines?include=_productBySku')
      .set('Authorization', 'Bearer shopper')
      .expect(400);
    expect((hidden.body as Json).detail).toBe('_productBySku names no reference of OrderLines');
    expect(await ask('toys', '_productBySku { price }')).toContain('Cannot query field');
    expect(await ask('toys', '_productBySku { sku }')).toEqual([
      { sku: 'axe', _productBySku: null },
      { sku: 'ball', _productBySku: { sku: 'ball' } },
      { sku: 'gone', _productBySku: null },
      { sku: 'saw', _productBySku: null },
      { sku: null, _productBySku: null },
    ]);
  } finally {
    await guarded.stop();
  }
});

it('tells those who watch the same what each may see', async () => {
  const guarded = createApp({
    databases: alwaysOpen(ports()),
    defaultDatabase: 'shop',
    access: ACCESS,
    development: false,
    locksSchema: false,
    log: createLog({ level: 'silent' }),
  });
  const { url, close } = await listenOn(guarded);
  const query = 'subscription { orderLinesConnection { nodes { _productBySku { sku } } } }';
  const seen = async (token: string): Promise<unknown> => {
    const events = await readEvents(url, { query }, { Authorization: `Bearer ${token}` });
    const { data } = await events.answer();
    opened.push(events.cancel);
    const nodes = data.orderLinesConnection.nodes as ReadonlyArray<Json>;
    return nodes.flatMap(({ _productBySku: product }) => product?.sku ?? []).toSorted();
  };
  const opened: Array<() => void> = [];
  try {
    expect(await seen('toys')).toEqual(['ball']);
    expect(await seen('tools')).toEqual(['axe', 'saw']);
    expect(await seen('toys')).toEqual(['ball']);
  } finally {
    for (const cancel of opened) cancel();
    await close();
    await guarded.stop();
  }
});

/** An app of its own, with the catalogue as it is at the time. */
function serve(databases: Map<string, DatabasePorts>, isThere: () => boolean): App {
  const source = alwaysOpen(databases);
  return createApp({
    databases: {
      ...source,
      async hold(name) {
        if (name === 'catalogue' && !isThere())
          throw new DatabaseError('STORE_UNAVAILABLE', 'The store is away');
        return source.hold(name);
      },
    },
    defaultDatabase: 'shop',
    // What nobody uses is closed when another is opened.
    open: { idleMs: 300_000, maxOpen: 1 },
    development: true,
    locksSchema: false,
    log: createLog({ level: 'silent' }),
  });
}

async function post(url: string, query: string): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return response.json();
}

const SAW = `{ orderLinesConnection(where: { sku: { eq: "saw" } }) { nodes { sku _productBySku { price } } }
  orderConnection { totalCount } }`;

it('answers everything else where the other database cannot be read', async () => {
  let isThere = true;
  const app = serve(ports(), () => isThere);
  const { url, close } = await listenOn(app);
  try {
    expect((await post(url, SAW)).errors).toBeUndefined();
    isThere = false;
    // Of the shop alone: what nobody uses is closed.
    await post(url, '{ orderConnection { totalCount } }');
    for (const _time of [1, 2]) {
      const { data, errors } = await post(url, SAW);
      expect(data).toEqual({
        orderLinesConnection: { nodes: [{ sku: 'saw', _productBySku: null }] },
        orderConnection: { totalCount: 3 },
      });
      expect(errors).toMatchObject([
        { path: ['orderLinesConnection'], extensions: { code: 'STORE_UNAVAILABLE' } },
      ]);
      expect(errors[0].locations).toEqual([{ line: 1, column: 69 }]);
      const { origin } = new URL(url);
      const lines = `${origin}/v1/shop/order-lines`;
      expect((await fetch(`${lines}?include=_productBySku`)).status).toBe(503);
      expect((await fetch(lines)).status).toBe(200);
    }
    isThere = true;
    expect((await post(url, SAW)).errors).toBeUndefined();
  } finally {
    await close();
    await app.stop();
  }
});

it('follows the schema of the other database, and live queries its facts', async () => {
  const app = serve(ports(), () => true);
  const { url, close } = await listenOn(app);
  try {
    const query = `subscription { orderLinesConnection(where: { sku: { eq: "saw" } }) { nodes { _productBySku { price } } } }`;
    const events = await readEvents(url, { query });
    const first = await events.answer();
    expect(first.data.orderLinesConnection.nodes).toEqual([{ _productBySku: { price: '20' } }]);
    await catalogue.writer.transact({
      txData: [entity({ 'product/sku': 'saw', 'product/price': 25 })],
    });
    const second = await events.answer();
    expect(second.data.orderLinesConnection.nodes).toEqual([{ _productBySku: { price: '25' } }]);
    expect(second.extensions.bases.catalogue).toBe(String(catalogue.reader.current().basisTx));
    await catalogue.writer.transact({ txData: [attribute('product/colour', 'string')] });
    const asked = SAW.replace('price', 'colour');
    await expect.poll(async () => (await post(url, asked)).errors).toBeUndefined();
    events.cancel();
  } finally {
    await close();
    await app.stop();
  }
});

it('refuses to follow changes by what another database says', async () => {
  const app = serve(ports(), () => true);
  const { url, close } = await listenOn(app);
  try {
    const query =
      'subscription { orderLinesChanged(where: { _productBySku: { sku: { eq: "saw" } } }) { kind } }';
    const events = await readEvents(url, { query });
    expect((await events.answer()).errors[0].message).toContain("what 'catalogue' says");
    events.cancel();
  } finally {
    await close();
    await app.stop();
  }
});
