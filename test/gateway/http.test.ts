import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { CancelSignal, Reader } from '../../services/reader/reader.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { alwaysOpen } from '../support/served.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
let production: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
  production = await serveWorld({ development: false, bodyLimitBytes: 1000 });
});
afterAll(async () => {
  await world.stop();
  await production.stop();
});

describe('the app', () => {
  it('tells its health', async () => {
    await request(world.app)
      .get('/health')
      .expect(200, {
        status: 'ok',
        databases: { world: { basisTx: world.reader.current().basisTx } },
      });
  });

  it('says that nothing tells it of new transactions', async () => {
    const bus = { isConnected: false };
    const cut = await serveWorld({ bus });
    const health = async (): Promise<unknown> => (await request(cut.app).get('/health')).body;
    expect(await health()).toMatchObject({ status: 'degraded', bus: 'not connected' });
    bus.isConnected = true;
    expect(await health()).toMatchObject({ status: 'ok' });
    await cut.stop();
  });

  it('serves a database by its name', async () => {
    const answer = await request(world.app)
      .post('/graphql/world')
      .send({ query: '{ __typename }' });
    expect(answer.body).toMatchObject({ data: { __typename: 'Query' } });
  });

  it('does not know other databases', async () => {
    const { body } = await request(world.app)
      .post('/graphql/nowhere')
      .send({ query: '{ __typename }' })
      .expect(404);
    expect((body as Json).errors[0].extensions).toMatchObject({
      code: 'DATABASE_NOT_FOUND',
      retryable: false,
    });
  });

  it.each([
    ['/graphql', '{bad', 400, 'BAD_USER_INPUT'],
    ['/graphql', JSON.stringify({ query: ' '.repeat(2000) }), 413, 'BODY_TOO_LARGE'],
    ['/v1/world/city', '{bad', 400, 'BAD_USER_INPUT'],
    ['/v1/world/city', JSON.stringify({ name: ' '.repeat(2000) }), 413, 'BODY_TOO_LARGE'],
  ])('refuses a bad body at %s', async (path, body, status, code) => {
    const answer = await request(production.app)
      .post(path)
      .set('Content-Type', 'application/json')
      .send(body)
      .expect(status);
    const told = answer.body as Json;
    expect(told.code ?? told.errors[0].extensions.code).toBe(code);
  });

  it('does not run what a web page elsewhere could send without asking', async () => {
    const answer = await request(world.app)
      .get('/graphql')
      .query({ query: '{ __typename }' })
      .expect(400);
    expect((answer.body as Json).errors[0].message).toMatch(/CSRF/);
    await request(world.app)
      .get('/graphql')
      .query({ query: '{ __typename }' })
      .set('apollo-require-preflight', '1')
      .expect(200);
  });

  it('keeps its schema to itself in production', async () => {
    expect(await world.data('{ __schema { queryType { name } } }')).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
    const error = await production.error('{ __schema { queryType { name } } }');
    expect(error.message).toMatch(/introspection is not allowed/i);
    expect((await production.error('{ cityConection { totalCount } }')).message).not.toMatch(
      /Did you mean/,
    );
    await request(production.app).get('/graphiql').expect(404);
  });

  it('says where a body is no JSON', async () => {
    for (const path of ['/graphql', '/v1/world/city'])
      await request(world.app)
        .post(path)
        .type('json')
        .send('{"query": }')
        .expect(400)
        .expect(/The request body is not JSON: Unexpected token/);
  });

  it('names a request as its caller does', async () => {
    const answer = await request(world.app)
      .get('/nowhere')
      .set('X-Request-Id', 'abc-1')
      .expect(404);
    expect((answer.body as Json).requestId).toBe('abc-1');
  });

  it('says nothing of its own faults but where they are logged', async () => {
    const broken = await serveWorld({
      databases: alwaysOpen(
        new Map([
          [
            'world',
            {
              reader: world.reader,
              writer: { transact: () => Promise.reject(new Error('secret')) },
            },
          ],
        ]),
      ),
    });
    const error = await broken.error('mutation { createCity(input: {name: "x"}) { tx { t } } }');
    expect(error.extensions).toMatchObject({ code: 'INTERNAL', retryable: false });
    expect(JSON.stringify(error)).not.toMatch(/secret|stack|\.ts/);
    const answer = await request(broken.app).post('/v1/world/city').send({ name: 'x' }).expect(500);
    expect(answer.text).not.toMatch(/secret|stack|\.ts/);
    expect(broken.errors).toMatchObject([
      { errorId: error.extensions['errorId'], error: { message: 'secret' } },
      { errorId: (answer.body as Json).errorId as string },
    ]);
    await broken.stop();
  });

  it.each([
    [{ timeoutMs: 0 }, 504, 'DEADLINE_EXCEEDED'],
    [{ maxRows: 1 }, 422, 'LIMIT_EXCEEDED'],
  ])('ends requests that need more than %o', async (queryLimits, status, code) => {
    const limited = await serveWorld({ queryLimits });
    const error = await limited.error('{ cityConnection { nodes { name } } }');
    expect(error.extensions).toMatchObject({ code });
    const answer = await request(limited.app).get('/v1/world/city').expect(status);
    expect((answer.body as Json).code).toBe(code);
    await limited.stop();
  });

  it('tells queries when nobody waits for them any more', async () => {
    let ask = (_: CancelSignal | undefined): void => undefined;
    const asked = new Promise<CancelSignal | undefined>((resolve) => (ask = resolve));
    const reader: Reader = {
      ...world.reader,
      snapshot: (options = {}) => {
        ask(options.limits?.signal);
        return new Promise(() => undefined);
      },
    };
    const waiting = await serveWorld({
      databases: alwaysOpen(new Map([['world', { reader, writer: world.writer }]])),
    });
    const server = createServer(waiting.app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const caller = new AbortController();
    const answer = fetch(`http://127.0.0.1:${port}/v1/world/city`, { signal: caller.signal });
    const signal = await asked;
    expect(signal?.aborted).toBe(false);
    const isAborted = new Promise((resolve) =>
      signal?.addEventListener('abort', () => resolve(undefined)),
    );
    caller.abort();
    await expect(answer).rejects.toThrow();
    await isAborted;
    server.close();
    await waiting.stop();
  });

  it('refuses requests while it stops, after those under way have ended', async () => {
    const stopping = await serveWorld();
    const underWay = stopping.send('{ cityConnection { totalCount } }');
    const answer = await underWay;
    expect(answer.status).toBe(200);
    await stopping.stop();
    await request(stopping.app).get('/health').expect(503);
  });
});

describe('an address without anything behind it', () => {
  it('leads a browser to a page, from the top and from a database', async () => {
    const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const from = async (app: ServedWorld, path: string): Promise<unknown> =>
      (await request(app.app).get(path).set(html).expect(302)).headers['location'];
    expect(await from(world, '/')).toBe('/graphiql');
    expect(await from(production, '/')).toBe('/docs');
    expect(await from(world, '/v1/world')).toBe('/docs/world');
  });

  it('leads programs to what they read', async () => {
    const { body } = await request(world.app).get('/').expect(200);
    expect(body).toEqual({
      graphql: '/graphql',
      rest: '/v1/world',
      docs: '/docs',
      health: '/health',
    });
    const described = await request(world.app).get(body.rest).redirects(1).expect(200);
    expect(described.body).toMatchObject({ openapi: '3.1.0' });
  });
});

describe('the browser console', () => {
  it('loads only files that are served here', async () => {
    const page = await request(world.app).get('/graphiql').expect(200);
    const urls = Array.from(page.text.matchAll(/(?:src|href)="([^"]*)"/g), ([, url]) => url ?? '');
    expect(urls.length).toBeGreaterThan(3);
    expect(page.text).not.toMatch(/https?:/);
    for (const url of urls.filter((each) => !each.startsWith('data:')))
      await request(world.app).get(url).expect(200);
  });

  it('is what a browser sees at the endpoint', async () => {
    const page = await request(world.app)
      .get('/graphql')
      .set('Accept', 'text/html,*/*;q=0.1')
      .expect(200);
    expect(page.text).toContain('data-endpoint="/graphql/world"');
  });

  it('cannot be made to run what stands in its address', async () => {
    const page = await request(world.app).get('/graphiql/%22%3E%3Cscript%3E').expect(200);
    expect(page.text).not.toContain('"><script>');
  });
});

describe('a schema change', () => {
  it('is served without a restart', async () => {
    const changed = await serveWorld();
    const mayor = new Map<EdnData, EdnData>([
      [kw('db/ident'), kw('city/mayor')],
      [kw('db/valueType'), kw('db.type/string')],
      [kw('db/cardinality'), kw('db.cardinality/one')],
    ]);
    await changed.writer.transact({ txData: [mayor] });
    await expect
      .poll(
        async () => (await changed.send('{ cityConnection(first: 1) { nodes { mayor } } }')).status,
        {
          timeout: 1000,
          interval: 20,
        },
      )
      .toBe(200);
    expect(
      await changed.data(
        'mutation { createCity(input: {name: "Oslo", mayor: "A"}) { city { name mayor } } }',
      ),
    ).toEqual({ createCity: { city: { name: 'Oslo', mayor: 'A' } } });
    await changed.stop();
  });
});
