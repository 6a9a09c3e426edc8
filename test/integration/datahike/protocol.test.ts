/** Datahike's HTTP protocol as somebody uses it by hand: who may do what, where databases are, and what headers say. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../../services/shared/log.ts';
import type { Asked, ProtocolServer } from '../../support/protocol-server.ts';
import { TOKEN, ask, grant, protocolServer } from '../../support/protocol-server.ts';
import type { Told } from '../../support/send-request.ts';

const READER = 'a-token-that-only-reads';
const SHOP = 'a-token-of-one-database';

let server: ProtocolServer;
/** What a developer should look at. */
const logged: string[] = [];
beforeAll(async () => {
  server = await protocolServer({
    tokens: [
      grant(TOKEN),
      grant(READER, { rights: ['read'] }),
      grant(SHOP, { databases: ['shop-*'] }),
    ],
    cache: { maxAgeSeconds: 60, isPublic: false },
    log: createLog({ level: 'error', write: (line) => logged.push(line) }),
  });
});
afterAll(() => server.stop());

const post = (path: string, body: string, options: Asked = {}): Promise<Told> =>
  ask(server.url, path, body, options);
const get = (path: string, body: string, options: Asked = {}): Promise<Told> =>
  post(path, body, { method: 'GET', ...options });

/** The handle of a new database, and a fact in it. */
async function connected(id: string, token = TOKEN): Promise<{ conn: string; db: string }> {
  const config = `["{:store {:backend :memory :id \\"${id}\\"} :schema-flexibility :read}"]`;
  expect((await post('/create-database', config)).status).toBe(200);
  const { text: conn } = await post('/connect', config, { token });
  await post('/transact', `[${conn},[{"name":"Ada"}]]`);
  return { conn, db: (await post('/db', `[${conn}]`)).text };
}

it('answers the example of the documentation', async () => {
  const { text: config } = await post('/create-database', '["{:schema-flexibility :read}"]');
  const { text: conn } = await post('/connect', `[${config}]`);
  expect(conn).toMatch(
    /^\["!datahike\/Connection",\[\["!uuid","[0-9a-f-]{36}"\],\["!kw","db"\]\]\]$/,
  );
  const { text: report } = await post('/transact', `[${conn}, [{"name": "Peter", "age": 42}]]`);
  expect(report).toContain('"Peter"');
  const { text: db } = await post('/db', `[${conn}]`);
  const query = '[:find ?n ?a :where [?e :name ?n] [?e :age ?a]]';
  const { text: rows } = await get('/q', `["${query}", ${db}]`);
  expect(rows).toBe('["!set",[["Peter",42]]]');
});

it('takes an order and a page beside a query', async () => {
  const { conn } = await connected('ordered');
  await post('/transact', `[${conn},[{"name":"Bob"},{"name":"Cid"}]]`);
  const { text: db } = await post('/db', `[${conn}]`);
  const ask = async (beside: string): Promise<string> => {
    const query = '"[:find ?n :where [_ :name ?n]]"';
    return (await get('/q', `[{"query":${query},"args":[${db}]${beside}}]`)).text;
  };
  const order = ',"order-by":[0,["!kw","desc"]]';
  expect(await ask(order)).toBe('[["Cid"],["Bob"],["Ada"]]');
  expect(await ask(`${order},"limit":1,"offset":1`)).toBe('[["Bob"]]');
  expect(await ask(',"limit":-1')).toBe('["!set",[["Ada"],["Bob"],["Cid"]]]');
});

describe('who may ask', () => {
  it('is asked before anything is read', async () => {
    const told = await post('/transact', 'neither JSON nor short', { token: 'wrong' });
    expect([told.status, told.text]).toEqual([401, 'null']);
    expect((await post('/db', '[', { token: undefined })).status).toBe(401);
  });

  it('is told by either header, and by neither where they disagree', async () => {
    const alone = { token: undefined, headers: { token: TOKEN } };
    expect((await post('/database-exists', '[{"store":{}}]', alone)).status).toBe(500);
    const other = { token: 'wrong', headers: { token: TOKEN } };
    expect((await post('/database-exists', '[{"store":{}}]', other)).status).toBe(401);
  });

  it('may write the word before the token as it likes', async () => {
    for (const word of ['token', 'Token', 'TOKEN ']) {
      const headers = { Authorization: `${word} ${TOKEN}` };
      const told = await post('/database-exists', '["{:store {:backend :memory :id \\"x\\"}}"]', {
        token: undefined,
        headers,
      });
      expect([told.status, told.text]).toEqual([200, 'false']);
    }
    const bearer = { token: undefined, headers: { Authorization: `Bearer ${TOKEN}` } };
    expect((await post('/database-exists', '[]', bearer)).status).toBe(401);
  });

  it('has rights', async () => {
    const { conn, db } = await connected('shop-rights');
    const query = '"[:find ?n :where [_ :name ?n]]"';
    const reading = await get('/q', `[${query},${db}]`, { token: READER });
    expect([reading.status, reading.text]).toEqual([200, '["!set",[["Ada"]]]']);
    const writing = await post('/transact', `[${conn},[{"name":"Eve"}]]`, { token: READER });
    expect(writing.status).toBe(403);
    expect(writing.text).toContain('"not-allowed"');
    const config = '["{:store {:backend :memory :id \\"shop-rights\\"}}"]';
    expect((await post('/delete-database', config, { token: READER })).status).toBe(403);
    expect((await get('/q', `[${query},${db}]`)).text).toBe('["!set",[["Ada"]]]');
  });

  it('has databases, whichever argument names them', async () => {
    const mine = await connected('shop-own', SHOP);
    const foreign = await connected('bank');
    const pull = (db: string, token: string): Promise<Told> =>
      get('/pull', `[${db},[["!kw","name"]],1]`, { token });
    expect((await pull(mine.db, SHOP)).text).toBe('{"name":"Ada"}');
    expect((await pull(foreign.db, SHOP)).status).toBe(403);
    const join = '"[:find ?n :in $ $b :where [_ :name ?n] [$b _ :name ?n]]"';
    const both = `[${join},${mine.db},${foreign.db}]`;
    expect((await get('/q', both, { token: SHOP })).status).toBe(403);
    expect((await get('/q', both)).text).toBe('["!set",[["Ada"]]]');
    const inMap = `[{"query":${join},"args":[${mine.db},${foreign.db}]}]`;
    expect((await get('/q', inMap, { token: SHOP })).status).toBe(403);
    const history = `["!datahike/HistoricalDB",{"origin":${foreign.db}}]`;
    expect((await get('/datoms', `[${history},["!kw","eavt"]]`, { token: SHOP })).status).toBe(403);
    const config = '["{:store {:backend :memory :id \\"bank\\"}}"]';
    expect((await post('/connect', config, { token: SHOP })).status).toBe(403);
    // Whether there is such a commit is nothing that it is told.
    const guessed = foreign.db.replace(/[0-9a-f]{8}-/, '00000000-');
    expect((await pull(guessed, SHOP)).status).toBe(403);
    expect((await pull(guessed, TOKEN)).text).toContain('There is no commit');
    expect(
      (
        await post(
          '/transact!-writer',
          `[{"store":{"backend":["!kw","memory"],"id":"bank"}},{"tx-data":[]}]`,
          { token: SHOP },
        )
      ).status,
    ).toBe(403);
  });
});

describe('stores', () => {
  it.each([
    ['a path', '{:backend :file :path \\"../../etc\\" :id \\"x\\"}', 'Unsupported store backend'],
    [
      'a URL',
      '{:backend :jdbc :jdbcUrl \\"jdbc:postgresql://169.254.169.254/x?socketFactory=y\\" :id \\"x\\"}',
      'Unsupported store backend',
    ],
    [
      'a host beside a backend that is there',
      '{:backend :memory :host \\"169.254.169.254\\" :id \\"x\\"}',
      'without :host',
    ],
    ['a path beside it', '{:backend :memory :path \\"/etc\\" :id \\"x\\"}', 'without :path'],
  ])('79: are where the server has them: %s', async (_what, store, message) => {
    for (const path of ['/create-database', '/connect', '/database-exists', '/delete-database']) {
      const told = await post(path, `["{:store ${store}}"]`);
      expect(told.status).toBeGreaterThanOrEqual(400);
      expect(told.text).toContain(message);
    }
  });

  it('keep databases apart that have the same names for things', async () => {
    const [one, other] = [await connected('shop-one'), await connected('shop-other')];
    await post('/transact', `[${other.conn},[{"name":"Bob"}]]`);
    const query = '"[:find ?n :where [_ :name ?n]]"';
    expect((await get('/q', `[${query},${one.db}]`)).text).toBe('["!set",[["Ada"]]]');
  });

  it('forget what is deleted, whoever has it open', async () => {
    const { conn, db } = await connected('shop-gone');
    const config = '["{:store {:backend :memory :id \\"shop-gone\\"} :schema-flexibility :read}"]';
    expect((await post('/delete-database', config)).text).toBe('null');
    expect((await post('/db', `[${conn}]`)).text).toContain('Did you connect already?');
    expect((await get('/schema', `[${db}]`)).status).toBe(500);
    expect((await post('/create-database', config)).status).toBe(200);
    const { text: again } = await post('/connect', config);
    expect((await post('/transact', `[${again},[{"name":"New"}]]`)).status).toBe(200);
  });
});

it('takes patterns as texts of EDN', async () => {
  const { db } = await connected('shop-pattern');
  expect((await get('/pull', `[${db},"[:name]",1]`)).text).toBe('{"name":"Ada"}');
  expect((await get('/pull', `[${db},"[:name",1]`)).status).toBe(400);
});

describe('headers', () => {
  it('allow pages of this machine', async () => {
    const origin = (value: string): Promise<Told> =>
      ask(server.url, '/q', undefined, {
        method: 'OPTIONS',
        type: '',
        headers: {
          Origin: value,
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'authorization, x-trace',
        },
      });
    const allowed = await origin('http://localhost');
    expect([allowed.status, allowed.text]).toEqual([200, 'preflight complete']);
    expect(allowed.headers['access-control-allow-headers']).toBe('Authorization, X-Trace');
    for (const other of ['https://evil.example', 'null', 'http://localhost.evil.example'])
      expect((await origin(other)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('let answers be kept that are asked for with an id', async () => {
    const { db } = await connected('shop-kept');
    const body = `["[:find ?n :where [_ :name ?n]]",${db}]`;
    const id = createHash('sha256').update(body).digest('hex');
    expect((await get(`/q?args-id=${id}`, body)).headers['cache-control']).toBe('max-age=60');
    expect((await get('/q', body)).headers['cache-control']).toBeUndefined();
    expect(
      (await get(`/q?args-id=${id}`, `["[:find",${db}]`)).headers['cache-control'],
    ).toBeUndefined();
    expect((await post(`/db?args-id=${id}`, '[]')).headers['cache-control']).toBeUndefined();
  });

  it('keep a return value back', async () => {
    const { conn } = await connected('shop-silent');
    const silent = { headers: { 'no-return-value': 'true' } };
    expect((await post('/transact', `[${conn},[{"name":"Bob"}]]`, silent)).text).toBe('null');
    const { text: db } = await post('/db', `[${conn}]`);
    expect((await get('/q', `["[:find (count ?e) . :where [?e :name]]",${db}]`)).text).toBe('2');
  });
});

it('describes itself, for programs and for people', async () => {
  const { text, headers } = await ask(server.url, '/swagger.json', undefined, {
    method: 'GET',
    token: undefined,
  });
  expect(headers['content-type']).toBe('application/json;charset=utf-8');
  const { paths } = JSON.parse(text) as { paths: Record<string, unknown> };
  expect(Object.keys(paths)).toHaveLength(37);
  const page = await ask(server.url, '/', undefined, { method: 'GET', token: undefined });
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  for (const [, file = ''] of page.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g))
    expect((await ask(server.url, `/${file}`, undefined, { method: 'GET' })).status).toBe(200);
  expect((await ask(server.url, '/../../package.json', undefined, { method: 'GET' })).status).toBe(
    404,
  );
});

it('takes what writers of other processes send', async () => {
  const config = '{:store {:backend :memory :id "shop-writer"} :schema-flexibility :read}';
  const edn = { type: 'application/edn' };
  expect((await post('/create-database-writer', `[${config}]`, edn)).status).toBe(200);
  const report = await post(
    '/transact!-writer',
    `[${config} {:tx-data [{:name "Ada"}] :tx-meta {:by "me"}}]`,
    edn,
  );
  expect(report.text).toContain('#datahike/Datom [1 :name "Ada" 536870913 true]');
  expect(report.text).toContain(':by "me"');
  expect((await post('/delete-database-writer', `[${config}]`, edn)).text).toBe('nil');
  expect((await post('/database-exists', `[${config}]`, edn)).text).toBe('false');
});

it('lets go of a branch before it deletes it, and writes the next one of that name', async () => {
  const { conn } = await connected('shop-branches');
  const draft = '["!datahike/Connection",["shop-branches",["!kw","draft"]]]';
  for (const name of ['Bob', 'Cy']) {
    await post('/branch', `[${conn},["!kw","db"],"draft"]`);
    expect((await post('/transact', `[${draft},[{"name":"${name}"}]]`)).status).toBe(200);
    const { text: db } = await post('/db', `[${draft}]`);
    const { text } = await get('/q', `["[:find [?n ...] :where [_ :name ?n]]",${db}]`);
    expect(JSON.parse(text)).toEqual(['Ada', name]);
    expect((await post('/delete-branch', `[${conn},"draft"]`)).status).toBe(200);
    expect((await post('/transact', `[${draft},[{"name":"Eve"}]]`)).status).toBe(500);
  }
  expect(logged).toEqual([]);
});

describe('odd forms', () => {
  const edn = { type: 'application/edn' };

  it('a query that is a map may have its inputs and its page in it', async () => {
    const { conn } = await connected('shop-forms');
    await post('/transact', `[${conn},[{"name":"Bob"},{"name":"Cy"}]]`);
    const { text: db } = await post('/db', '[#datahike/Connection ["shop-forms" :db]]', edn);
    const where = ':find [?n] :where [[_ :name ?n]] :order-by [?n :desc]';
    for (const body of [
      `[{${where} :limit 2 :args [${db}]}]`,
      `[{${where} :limit 2} ${db}]`,
      `[{${where} :limit 2 :args [${db}]} "another"]`,
      `[{${where} :limit 2 :args (${db})}]`,
    ])
      expect((await get('/q', body, edn)).text).toBe('[["Cy"] ["Bob"]]');
  });

  it('a map among the inputs is data, whatever its keys are', async () => {
    const { db } = await connected('shop-inputs');
    const query = '"[:find [?n ?m] :in $ ?m :where [_ :name ?n]]"';
    const told = await get('/q', `[${query},${db},{"args":["x"]}]`);
    expect(told.text).toBe('["Ada",{"args":["x"]}]');
    const handle = await get('/q', `[${query},${db},{"args":[${db}]}]`);
    expect(handle.text).not.toContain('internal');
  });

  it('what names no index is told as it was said', async () => {
    const { db } = await connected('shop-index');
    for (const [index, told] of [
      ['"eavt"', 'got \\"eavt\\"'],
      ['7', 'got 7'],
      ['["!kw","vaet"]', 'got vaet'],
    ])
      expect((await get('/datoms', `[${db},${index},1]`)).text).toContain(told);
  });
});
