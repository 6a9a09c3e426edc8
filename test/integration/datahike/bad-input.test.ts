/**
 * What nobody should send to Datahike's protocol, entry by entry of what has been tried on such servers: each is told as an error, holds the process up for
 * no time worth mentioning, and leaves the next request as it was. What Datahike's server answers with 500 is 500 here too.
 */
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calmly } from '../../support/calmly.ts';
import type { Asked, ProtocolServer } from '../../support/protocol-server.ts';
import { ask, protocolServer } from '../../support/protocol-server.ts';
import type { Told } from '../../support/send-request.ts';

const EDN = { type: 'application/edn' } as const;
const TRANSIT = { type: 'application/transit+json' } as const;
const CBOR = { type: 'application/cbor' } as const;

let server: ProtocolServer;
let conn: string;
let db: string;

beforeAll(async () => {
  server = await protocolServer({
    queryLimits: { timeoutMs: 2_000, maxRows: 1_000_000, maxBytes: 2 ** 26, maxRounds: 10_000 },
  });
  const config = '[{:store {:backend :memory :id "bad-input"}}]';
  await post('/create-database', config);
  conn = (await post('/connect', config)).text;
  const attribute = (name: string, type: string, more = ''): string =>
    `{:db/ident ${name} :db/valueType ${type} :db/cardinality :db.cardinality/one ${more}}`;
  const many =
    '{:db/ident :p/tag :db/valueType :db.type/string :db/cardinality :db.cardinality/many}';
  await post(
    '/transact',
    `[${conn} [${attribute(':p/name', ':db.type/string', ':db/unique :db.unique/identity')} ${attribute(':p/mail', ':db.type/string', ':db/unique :db.unique/value')}
      ${attribute(':p/age', ':db.type/long', ':db/index true')} ${attribute(':p/at', ':db.type/instant')} ${attribute(':p/friend', ':db.type/ref')}
      ${attribute(':p/part', ':db.type/ref', ':db/isComponent true')} ${many}
      ${attribute(':p/place', ':db.type/tuple', ':db/tupleTypes [:db.type/long :db.type/long]')}]]`,
  );
  await post(
    '/transact',
    `[${conn} [{:p/name "Ada" :p/age 36 :p/mail "a@x"} {:p/name "Bob" :p/age 20 :p/mail "b@x"}]]`,
  );
  db = (await post('/db', `[${conn}]`)).text;
});
afterAll(() => server.stop());

function post(path: string, body: string | Uint8Array, options: Asked = EDN): Promise<Told> {
  return ask(server.url, path, body, options);
}

const get = (path: string, body: string | Uint8Array, options: Asked = EDN): Promise<Told> =>
  post(path, body, { ...options, method: 'GET' });

const query = (form: string, ...inputs: ReadonlyArray<string>): Promise<Told> =>
  get('/q', `[${form} ${[db, ...inputs].join(' ')}]`);
const transact = (data: string): Promise<Told> => post('/transact', `[${conn} ${data}]`);

/** The next one is answered. */
async function isFine(): Promise<void> {
  const told = await query('[:find (count ?p) . :where [?p :p/mail]]');
  expect([told.status, told.text]).toEqual([200, '2']);
}

/** Each is refused with a text, calmly. */
function refuses(
  ask: () => Promise<Told>,
  expected: RegExp,
  status: number | RegExp = /^(4\d\d|500)$/,
): () => Promise<void> {
  return calmly(async () => {
    const told = await ask();
    expect(String(told.status)).toMatch(
      status instanceof RegExp ? status : new RegExp(`^${status}$`),
    );
    expect(told.text).toMatch(expected);
    await isFine();
  });
}

const MALFORMED = /^Malformed "application\/edn" request\.$/;

describe('EDN', () => {
  it(
    '1: a hundred thousand brackets',
    refuses(() => get('/q', '['.repeat(100_000)), MALFORMED, 400),
  );

  it.each([
    ['2: a text without an end', '["abc', /"invalid type"|humanized/],
    ['2: a map without an end', '[{:a 1', /humanized/],
    ['2: a set without an end', '[#{1', /humanized/],
    ['3: a key without a value', '[{:a}]', MALFORMED],
    ['4: an element twice', '[#{1 1}]', MALFORMED],
    ['4: a key twice', '[{:a 1 :a 2}]', MALFORMED],
    ['5: what is to be run', '[#=(java.lang.Runtime/getRuntime)]', MALFORMED],
    ['5: what is to be evaluated', '[#eval (+ 1 2)]', MALFORMED],
    ['5: a tag that nobody knows', '[#my/thing 1]', MALFORMED],
    ['6: no date', '[#inst "not a date"]', MALFORMED],
    ['6: a date that is too far away', '[#inst "9999999-01-01"]', MALFORMED],
    ['6: no UUID', '[#uuid "zz"]', MALFORMED],
    ['7: a fraction of nothing', '[1/0]', MALFORMED],
    ['8: an integer of a million digits', `[${'1'.repeat(1_000_000)}]`, MALFORMED],
    ['10: no character', '[\\newlinex]', MALFORMED],
    ['10: half a code', '["\\u12"]', MALFORMED],
    ['11: no keyword', '[:]', MALFORMED],
    ['11: two colons', '[::a]', MALFORMED],
    ['11: a name that begins with nothing', '[:/a]', MALFORMED],
  ])('%s', async (_name, body, expected) => {
    await refuses(() => post('/connect', body), expected, 400)();
  });

  it(
    '8: more than it takes',
    refuses(() => post('/connect', `["${'x'.repeat(2 ** 21)}"]`), /at most 1048576 bytes/, 413),
  );

  it('8: more than it says, in pieces', async () => {
    const told = await ask(server.url, '/connect', undefined, {
      ...EDN,
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect(told.status).toBe(400);
    await isFine();
  });

  it('9: what is no UTF-8 is read as what stands for it, and NUL stays', async () => {
    const bytes = Buffer.concat([
      Buffer.from('[[:find ?x . :in ?x] "'),
      Buffer.from([0xff]),
      Buffer.from('"]'),
    ]);
    expect((await get('/q', bytes)).text).toBe('"\ufffd"');
    expect((await get('/q', '[[:find ?x . :in ?x] "a\\u0000b"]')).text).toBe('"a\u0000b"');
    expect((await get('/q', '[[:find (count ?x) . :in ?x] "\\ud800"]')).status).toBe(200);
  });

  it('12: comments and what is left out', async () => {
    expect((await get('/q', '[[:find ?x . :in ?x] #_ #_ 1 2 3] ; end')).text).toBe('3');
  });

  it('7: numbers are what they say', async () => {
    const said = async (number: string): Promise<string> =>
      (await get('/q', `[[:find ?x . :in ?x] ${number}]`)).text;
    expect(await said('9223372036854775807')).toBe('9223372036854775807N');
    expect(await said('0x7f')).toBe('127');
    expect(await said('1.5M')).toBe('1.5M');
    expect(await said('##Inf')).toBe('##Inf');
    expect(await said('-0.0')).toBe('-0.0');
  });

  it('13: a million inputs end at a limit', async () => {
    const inputs = `[${'1 '.repeat(500_000)}]`;
    const told = await query('[:find ?a ?b :in $ [?a ...] [?b ...]]', inputs, inputs);
    expect(told.status).toBeGreaterThanOrEqual(400);
    await isFine();
  });
});

describe('JSON', () => {
  const json = { type: 'application/json' } as const;
  const asked = (body: string | Uint8Array, options: Asked = json): Promise<Told> =>
    post('/connect', body, options);

  it.each([
    ['15: ten thousand arrays', '['.repeat(10_000) + ']'.repeat(10_000), /Malformed|humanized/],
    ['16: a keyword of nothing', '[["!kw", 5]]', /Malformed/],
    ['16: a date of words', '[["!date","soon"]]', /Malformed/],
    ['16: no UUID', '[["!uuid","zz"]]', /Malformed/],
    ['19: no number', '[NaN]', /Malformed/],
    ['20: nothing', '', /"invalid type"/],
    ['20: null', 'null', /"invalid type"/],
    ['20: a number', '42', /"invalid type"/],
    ['21: EDN', '[{:store {}}]', /Malformed/],
    ['23: two documents', '[1] [2]', /Malformed/],
    ['23: more after it', '[1] x', /Malformed/],
  ])('%s', async (_name, body, expected) => {
    await refuses(() => asked(body), expected, 400)();
  });

  it('14: names of the language are names', async () => {
    const told = await post(
      '/transact',
      `[["!datahike/Connection",["bad-input",["!kw","db"]]],[{"__proto__":{"admin":true}}]]`,
      json,
    );
    expect(told.text).toContain(':__proto__');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    await isFine();
  });

  it(
    '17: a key twice is refused',
    refuses(() => asked('[{"a":1,"a":2}]'), /Malformed|store/i),
  );

  it('18: an integer of any length is exact', async () => {
    const told = await get('/q', '["[:find ?x . :in ?x]",9007199254740993]', json);
    expect(told.text).toBe('9007199254740993');
  });

  it(
    '22: other types say nothing',
    refuses(() => asked('[{"store":{}}]', { type: 'text/plain' }), /"invalid type"/, 400),
  );
});

describe('Transit and CBOR', () => {
  it.each([
    ['24: a code of nothing', TRANSIT, '["^zz"]'],
    ['25: no UUID', TRANSIT, '["~uNOTUUID"]'],
    ['25: a tag without what it stands for', TRANSIT, '["~#datahike/DB"]'],
    ['25: a date that is too far away', TRANSIT, '["~m99999999999999999"]'],
    ['26: a list of keys and values with half an entry', TRANSIT, '[["~#cmap",["~:a"]]]'],
    ['26: a map with half an entry', TRANSIT, '["^ ","~:a"]'],
    ['27: a length that is not there', CBOR, Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['28: a text without an end', CBOR, Uint8Array.of(0x7f, 0x61, 0x61)],
    ['28: ten thousand tags', CBOR, new Uint8Array(10_000).fill(0xd8)],
  ])('%s', async (_name, type, body) => {
    await refuses(() => post('/connect', body, type), /./s, 400)();
  });

  it('29: what is compressed is not opened', async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 24));
    for (const encoding of ['gzip', 'br', 'deflate', 'nonsense']) {
      const body = encoding === 'deflate' ? deflateSync(Buffer.alloc(2 ** 20)) : bomb;
      const told = await post('/connect', body, {
        ...EDN,
        headers: { 'Content-Encoding': encoding },
      });
      expect(told.status).toBe(415);
    }
    await isFine();
  });
});

describe('queries', () => {
  it('30: names of the machine are names of nothing', async () => {
    const texts: string[] = [];
    for (const name of [
      'load-string',
      'slurp',
      'eval',
      'requiring-resolve',
      '.getBytes',
      'js/process',
      'constructor',
      '__proto__',
      'toString',
      'nosuchfn',
    ]) {
      const told = await query(`[:find ?x :where [_ :p/name ?n] [(${name} ?n) ?x]]`);
      expect(told.status).toBe(500);
      texts.push(told.text.replaceAll(name, 'NAME'));
    }
    expect(new Set(texts).size).toBe(1);
  });

  it.each([
    [
      '31: a function by an input',
      '[:find ?x :in $ ?f :where [_ :p/name ?n] [(?f ?n) ?x]]',
      ['"eval"'],
      /Unknown predicate\/function/,
    ],
    [
      '32: all with all',
      '[:find ?a ?b :in $ [?a ...] [?b ...]]',
      [`[${numbers(2_000)}]`, `[${numbers(2_000)}]`],
      /more than 1000000 intermediate rows/,
    ],
    [
      '33: numbers without an end',
      '[:find ?x :where [(range 0 1000000000000) [?x ...]]]',
      [],
      /at most 1000000 numbers/,
    ],
    ['36: a negation of nothing', '[:find ?x :where (not [?x :p/name])]', [], /bound/],
    [
      '36: branches of differing variables',
      '[:find ?x :where (or [?x :p/name] [?y :p/age])]',
      [],
      /Join variable not declared inside clauses: \[\?x\]/,
    ],
    [
      '36: what is found nowhere',
      '[:find ?x :where [?y :p/name]]',
      [],
      /Query for unknown vars: \[\?x\]/,
    ],
    [
      '36: a sum of names',
      '[:find (sum ?n) . :where [_ :p/name ?n]]',
      [],
      /Expected only numbers in sum/,
    ],
    [
      '37: a pattern that is too long',
      '[:find ?x . :in $ ?p :where [(re-pattern ?p) ?r] [(re-find ?r "b") ?x]]',
      [`"${'a'.repeat(501)}"`],
      /at most 500 characters, got one of 501/,
    ],
    [
      '37: a pattern that is no data',
      '[:find ?x . :where [(re-find #"a+" "a") ?x]]',
      [],
      /Malformed/,
    ],
  ])('%s', async (_name, form, inputs, expected) => {
    await refuses(() => query(form, ...inputs), expected)();
  });

  it.each([
    ['42: a limit that is a text', ':limit "x"', /integer as :limit/],
    ['42: half an offset', ':offset 0.5', /integer as :offset/],
    ['42: an order of nothing', ':order-by [?zz]', /\?zz/],
  ])('%s', async (_name, beside, expected) => {
    const form = '[:find ?n :where [_ :p/name ?n]]';
    await refuses(() => get('/q', `[{:query ${form} :args [${db}] ${beside}}]`), expected)();
  });

  it('34: rules that call themselves come to an end', async () => {
    const rules = '[[(near ?a ?b) (near ?a ?x) (near ?x ?b)] [(near ?a ?b) [?a :p/friend ?b]]]';
    const told = await query('[:find ?a ?b :in $ % :where (near ?a ?b)]', rules);
    expect([told.status, told.text]).toEqual([200, '#{}']);
  });

  it.each([
    [
      '35: a thousand clauses',
      `[:find ?e :where ${times(1_000, (i) => `[?e :p/name ?n${i}]`)}]`,
      [],
    ],
    [
      '35: ten thousand branches',
      '[:find ?e :in $ % :where (of-age ?e)]',
      [`[${times(10_000, (i) => `[(of-age ?e) [?e :p/age ${i}]]`)}]`],
    ],
    [
      '35: two hundred joins',
      `[:find ?e0 :where ${times(200, (i) => `[?e${i} :p/age ?a${i}] [?e${i + 1} :p/age ?a${i}]`)}]`,
      [],
    ],
  ])('%s are planned', async (_name, form, inputs) => {
    const told = await query(form, ...inputs);
    expect([told.status, told.text]).toEqual([200, expect.stringMatching(/^#{\[\d+\] \[\d+\]}$/)]);
    await isFine();
  });

  it(
    '37: a pattern that others go back and forth in is matched in one go',
    calmly(async () => {
      const form = '[:find ?x . :in $ ?p ?s :where [(re-pattern ?p) ?r] [(re-find ?r ?s) ?x]]';
      const told = await query(form, '"(a+)+$"', `"${'a'.repeat(10_000)}!"`);
      expect([told.status, told.text]).toEqual([200, 'nil']);
    }),
  );

  it.each([
    ['38: depth that is no number', '[{:p/friend -1}]'],
    ['38: less than nothing', '[(limit :p/tag -1)]'],
    ['38: what is no pattern', '[(frobnicate :p/tag)]'],
  ])('%s', async (_name, pattern) => {
    await refuses(() => get('/pull', `[${db} ${pattern} 1]`), /:msg/)();
  });

  it.each([
    ['39: a point in time that is a text', 'as-of', '"soon"'],
    ['40: an index that is not there', 'datoms', ':vaet'],
    ['40: too many components', 'datoms', ':eavt 1 2 3 4 5 6'],
    ['41: a name that is not unique', 'entity', '[:p/age 36]'],
  ])('%s', async (_name, operation, rest) => {
    await refuses(() => get(`/${operation}`, `[${db} ${rest}]`), /./s)();
  });

  it('39: points in time that are not there show what was then', async () => {
    const rows = async (point: string): Promise<string> =>
      (
        await get(
          '/q',
          `[[:find (count ?p) . :where [?p :p/mail]] ${(await get('/as-of', `[${db} ${point}]`)).text}]`,
        )
      ).text;
    expect(await rows('999999999')).toBe('2');
    expect(await rows('#inst "1970-01-01"')).toBe('nil');
  });

  it('41: a name within a name, a thousand times', async () => {
    const ref = `${'[:p/friend '.repeat(1_000)}1${']'.repeat(1_000)}`;
    await refuses(() => get('/pull', `[${db} [*] ${ref}]`), /./s)();
  });

  it('43: an attribute that is not there matches nothing', async () => {
    const told = await query('[:find ?e :where [?e :p/nope]]');
    expect(told.text).not.toContain('[1]');
  });

  it.each([
    [
      '44: a connection that nobody opened',
      '/db',
      '[#datahike/Connection ["nobody" :db]]',
      /connect already/,
    ],
    [
      '44: a value of nobody',
      '/schema',
      '[#datahike/DB {:store-id ["nobody" :db] :commit-id #uuid "00000000-0000-4000-8000-000000000000" :max-tx 1 :max-eid 1}]',
      /connect already/,
    ],
    [
      '44: a commit that is not there',
      '/schema',
      '[#datahike/DB {:store-id ["bad-input" :db] :commit-id #uuid "00000000-0000-4000-8000-000000000000" :max-tx 1 :max-eid 1}]',
      /no commit/,
    ],
    [
      '44: half a handle',
      '/schema',
      '[#datahike/DB {:store-id ["bad-input" :db]}]',
      /as an operation gave it/,
    ],
    [
      '45: a place elsewhere',
      '/schema',
      '[#datahike/DB {:store-id ["dh://host/etc/passwd" :db] :commit-id #uuid "00000000-0000-4000-8000-000000000000"}]',
      /connect already/,
    ],
  ])('%s', async (_name, path, body, expected) => {
    const method = path === '/db' ? 'POST' : 'GET';
    await refuses(() => ask(server.url, path, body, { ...EDN, method }), expected)();
  });
});

describe('transactions', () => {
  it.each([
    ['47: two values for one', '[{:db/id 900 :p/age 1} [:db/add 900 :p/age "x"]]', /:p\/age/],
    ['48: one value for two', '[[:db/add 901 :p/mail "a@x"]]', /unique constraint/],
    ['49: code', '[[:db.fn/call "process.exit()"]]', /./s],
    ['49: a function that nobody registered', '[[:my/fn 1]]', /Can’t find entity/],
    [
      '49: an ident of the system',
      '[{:db/ident :db/evil :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
      /not allowed/,
    ],
    [
      '50: another type',
      '[{:db/id [:db/ident :p/age] :db/valueType :db.type/string}]',
      /Update not supported/,
    ],
    ['51: half an entity', '[[:db/add 1.5 :p/age 1]]', /1\.5/],
    ['51: an entity beyond all', '[[:db/add 9007199254740992 :p/age 1]]', /9007199254740992/],
    ['51: no number', '[[:db/add ##NaN :p/age 1]]', /NaN/],
    [
      '53: another value than expected',
      '[[:db/cas [:p/name "Ada"] :p/age 1 2]]',
      /failed on datom/,
    ],
    [
      '53: two of one',
      '[[:db/cas [:p/name "Ada"] :p/age 36 37] [:db/cas [:p/name "Ada"] :p/age 36 38]]',
      /failed on datom/,
    ],
    ['54: a time that is none', '[[:db/add :db/current-tx :db/txInstant "now"]]', /txInstant/],
    ['55: another type than the schema has', '[{:p/age "old"}]', /Bad entity value/],
    ['55: a tuple of one', '[{:p/place [1]}]', /tuple|2 elements|Bad entity value/i],
  ])('%s', async (_name, data, expected) => {
    await refuses(() => transact(data), expected)();
  });

  it(
    '46: more than it takes',
    refuses(() => transact(`["${'x'.repeat(2 ** 21)}"]`), /at most/, 413),
  );

  it('46: many facts at once hold up nobody who reads', async () => {
    const large = await protocolServer({ bodyLimitBytes: 2 ** 26 });
    const config = '[{:store {:backend :memory :id "large"} :schema-flexibility :read}]';
    await ask(large.url, '/create-database', config, EDN);
    const { text: opened } = await ask(large.url, '/connect', config, EDN);
    let isWritten = false;
    const writing = ask(
      large.url,
      '/load-entities',
      `[${opened} [${times(200_000, (i) => `[${i + 1} :n ${i} 536870913 true]`)}]]`,
      EDN,
    ).finally(() => (isWritten = true));
    let reads = 0;
    for (; !isWritten; reads++)
      expect((await ask(large.url, '/db', `[${opened}]`, EDN)).status).toBe(200);
    expect((await writing).status).toBe(200);
    expect(reads).toBeGreaterThan(5);
    const { text: now } = await ask(large.url, '/db', `[${opened}]`, EDN);
    const count = `["[:find (count ?e) . :where [?e :n]]" ${now}]`;
    expect((await ask(large.url, '/q', count, { ...EDN, method: 'GET' })).text).toBe('200000');
    await large.stop();
  });

  it('55: texts that look the same are two, zeros are one, and what is no number is itself', async () => {
    const told = await transact(
      '[{:db/ident :p/score :db/valueType :db.type/double :db/cardinality :db.cardinality/one :db/unique :db.unique/value}]',
    );
    expect(told.status).toBe(200);
    expect((await transact('[{:p/name "\u00e9"} {:p/name "e\u0301"}]')).status).toBe(200);
    const { text: now } = await post('/db', `[${conn}]`);
    const lookUp = (name: string): Promise<Told> =>
      get('/pull', `[${now} [:p/name] [:p/name "${name}"]]`);
    for (const name of ['\u00e9', 'e\u0301'])
      expect((await lookUp(name)).text).toBe(`{:p/name "${name}"}`);
    for (const [first, again] of [
      ['##NaN', '##NaN'],
      ['0.0', '-0.0'],
    ]) {
      expect((await transact(`[{:p/score ${first}}]`)).status).toBe(200);
      await refuses(() => transact(`[{:p/score ${again}}]`), /unique constraint/)();
    }
  });

  it('52: parts of parts, ten thousand times', async () => {
    const parts = Array.from({ length: 5_000 }, (_, i) => `[:db/add "p${i}" :p/part "p${i + 1}"]`);
    const told = await transact(`[${parts.join(' ')} [:db/add "p5000" :p/part "p0"]]`);
    expect(told.status).toBe(200);
    const [, first = ''] = /"p0" (\d+)/.exec(told.text) ?? [];
    expect((await transact(`[[:db/retractEntity ${first}]]`)).status).toBe(200);
    await isFine();
  });

  it('56: what is not there is retracted, and what is there asserted, without a word', async () => {
    for (const data of [
      '[[:db/retract [:p/name "Ada"] :p/tag "none"]]',
      '[[:db/add [:p/name "Ada"] :p/age 36]]',
    ]) {
      const told = await transact(data);
      expect(told.status).toBe(200);
      expect(told.text.match(/#datahike\/Datom/g)).toHaveLength(1);
    }
  });
});

describe('configurations', () => {
  it.each([
    ['80: an id of nothing', '{:store {:backend :memory :id nil}}', /:id is required/],
    [
      '80: a database that is there',
      '{:store {:backend :memory :id "bad-input"}}',
      /already exists/,
    ],
    [
      '81: true as a flag of words',
      '{:keep-history? "yes" :store {:backend :memory :id "x"}}',
      /Invalid Datahike configuration/,
    ],
    ['81: a list as a store', '{:store []}', /Invalid Datahike configuration/],
    [
      '81: two that exclude each other',
      '{:attribute-refs? true :schema-flexibility :read :store {:backend :memory :id "x"}}',
      /cannot be used/,
    ],
    [
      '81: a name of ten thousand letters',
      `{:store {:backend :memory :id "${'x'.repeat(10_000)}"}}`,
      /200 are allowed/,
    ],
    ['81: NUL in a name', '{:store {:backend :memory :id "a\\u0000b"}}', /NUL/],
  ])('%s', async (_name, config, expected) => {
    await refuses(() => post('/create-database', `[${config}]`), expected)();
  });

  it('81: a branch that leads elsewhere is a branch that is not there', async () => {
    for (const branch of [':..', `:${'x'.repeat(10_000)}`]) {
      const config = `{:store {:backend :memory :id "bad-input"} :branch ${branch}}`;
      expect((await post('/connect', `[${config}]`)).status).toBeGreaterThanOrEqual(400);
    }
    await isFine();
  });
});

function numbers(count: number): string {
  return times(count, String);
}

function times(count: number, each: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => each(i)).join(' ');
}

it('38: more datoms than are allowed are refused, and those that are fewer told', async () => {
  const small = await protocolServer({ queryLimits: { maxRows: 10 } });
  const config = '[{:store {:backend :memory :id "many"} :schema-flexibility :read}]';
  await ask(small.url, '/create-database', config, EDN);
  const { text: opened } = await ask(small.url, '/connect', config, EDN);
  await ask(small.url, '/transact', `[${opened} [${'{:n 1} '.repeat(20)}]]`, EDN);
  const { text: many } = await ask(small.url, '/db', `[${opened}]`, EDN);
  const told = await ask(small.url, '/datoms', `[${many} :eavt]`, { ...EDN, method: 'GET' });
  expect(told.text).toContain('at most 10 datoms');
  const few = await ask(small.url, '/datoms', `[${many} :eavt 1]`, { ...EDN, method: 'GET' });
  expect([few.status, few.text]).toEqual([200, '(#datahike/Datom [1 :n 1 536870913 true])']);
  await small.stop();
});
