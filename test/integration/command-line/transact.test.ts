/** `transact` as a user runs it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeEach, expect, it } from 'vitest';
import type { Run } from '../../support/command-line.ts';
import { commandLine, startCommand } from '../../support/command-line.ts';
import { testFolder } from '../../support/test-folder.ts';

const SCHEMA = `
; what people are
[{:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
 {:db/ident :person/born :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
 {:db/ident :person/number :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
 {:db/ident :import/source :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`;

let folder: string;
let env: Record<string, string>;
let run: Run;

beforeEach(async () => {
  folder = await testFolder();
  env = { DATAHIKE_GATEWAY_DIRECTORY: join(folder, 'data') };
  run = await commandLine(env);
  const created = await run(['create', 'people', '--schema', '-'], SCHEMA);
  expect(created).toEqual({ code: 0, out: '', said: 'Created people\n' });
});

const names = async (): Promise<string> =>
  (await run(['query', 'people', '[:find [?n ...] :where [_ :person/name ?n]]'])).out;

it('writes each vector of EDN as one transaction, and tells of each', async () => {
  const file = join(folder, 'people.edn');
  await writeFile(
    file,
    '[{:db/id "ada" :person/name "Ada"}] #_[{:person/name "Nobody"}]\n({:person/name "Bob"}) ; the end\n',
  );
  const { code, out, said } = await run(['transact', 'people', file]);
  expect([code, said]).toEqual([0, '']);
  expect(out.replaceAll(/#inst "[^"]*"/g, '…')).toBe(
    `{:tx 536870914, :instant …, :datoms 2, :tempids {"ada" 5, :db/current-tx 536870914}}
{:tx 536870915, :instant …, :datoms 2, :tempids {:db/current-tx 536870915}}
`,
  );
  expect(await names()).toBe('"Ada"\n"Bob"\n');
});

it('writes JSON, one array or one in each line, whose numbers are exact', async () => {
  const lines = [
    [{ 'person/name': 'Ada', 'person/born': ['!date', '0'] }],
    [[':db/add', 'bob', ':person/name', 'Bob']],
  ];
  const text = lines.map((each) => JSON.stringify(each)).join('\n');
  const { code, out } = await run(['transact', 'people', '--output', 'json'], text);
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { tx: 536870914, datoms: 3 },
    { tx: 536870915, tempids: { bob: 6 } },
  ]);
  const large = '{"tx-data": [{"person/name": "Ada", "person/number": 9007199254740993}]}';
  expect((await run(['transact', 'people', '--format', 'json'], large)).code).toBe(0);
  const ada = ['pull', 'people', '[:person/number :person/born]', '[:person/name "Ada"]'];
  expect((await run(ada)).out).toBe(
    '{:person/number 9007199254740993N, :person/born #inst "1970-01-01T00:00:00.000-00:00"}\n',
  );
  expect((await run([...ada, '--output', 'json'])).out).toBe(
    '{"person/number":9007199254740993,"person/born":"1970-01-01T00:00:00.000Z"}\n',
  );
});

it('prints EDN that it reads, also what EDN has no form for', async () => {
  const text = `[{:db/ident :file/content :db/valueType :db.type/bytes :db/cardinality :db.cardinality/one}]
                [{:db/id "file" :file/content #datahike-gateway/bytes "AP8="}]`;
  expect((await run(['transact', 'people'], text)).code).toBe(0);
  const query = ['query', 'people', '[:find [?c ...] :where [_ :file/content ?c]]'];
  expect((await run(query)).out).toBe('#datahike-gateway/bytes "AP8="\n');
  expect((await run([...query, '-o', 'json'])).out).toBe('"AP8="\n');
});

it('says what transactions say of themselves', async () => {
  const text = '{:tx-data [{:person/name "Ada"}] :tx-meta {:db/doc "one"}} [{:person/name "Bob"}]';
  const options = ['--meta', '{:import/source "crm"}'];
  expect((await run(['transact', 'people', ...options], text)).code).toBe(0);
  const log = await run([
    'log',
    'people',
    '--limit',
    '2',
    '--reverse',
    '--from',
    '536870914',
    '-o',
    'json',
  ]);
  const told = log.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { meta: unknown });
  expect(told.map(({ meta }) => meta)).toEqual([
    { 'import/source': 'crm', 'db/doc': 'one' },
    { 'import/source': 'crm' },
  ]);
});

it('writes nothing twice under a key', async () => {
  const text = '[{:db/id "a" :import/source "first"}] [{:db/id "b" :import/source "second"}]';
  const first = await run(['transact', 'people', '--key', 'import-7'], text);
  expect(first.code).toBe(0);
  expect(await run(['transact', 'people', '--key', 'import-7'], text)).toEqual(first);
  expect(
    await run(['transact', 'people', '--key', 'import-7'], '[{:person/name "X"}]'),
  ).toMatchObject({
    code: 4,
    said: expect.stringMatching(/^IDEMPOTENCY_KEY_REUSED: standard input:1:1: /) as string,
  });
});

it('tries without writing', async () => {
  const text = '[{:person/name "Ada"}] [{:db/id [:person/name "Ada"] :person/number 1}]';
  const tried = await run(['transact', 'people', '--dry-run'], text);
  expect([tried.code, tried.said]).toEqual([0, 'Nothing was written: this was a dry run\n']);
  expect(tried.out.match(/:tx \d+/g)).toEqual([':tx 536870914', ':tx 536870915']);
  expect(await names()).toBe('');
});

it.each([
  [
    '[{:person/name "Ada"}]\n[{:person/nam "Bob"}]',
    2,
    /^SCHEMA_VIOLATION: standard input:2:1: .*\(the one before it was written\)\n$/,
  ],
  [
    '[{:person/name "Ada"}]\n\n  [{:person/name "Bob" :person/born 7}',
    2,
    /^BAD_EDN: standard input:3:3: Expected "\]"/,
  ],
  [
    '[{:person/name "Ada"\n   :person/number 1x}]',
    2,
    /^BAD_EDN: standard input:2:19: Expected a number, got 1x\n$/,
  ],
  [
    '{:person/name "Ada"}',
    2,
    /^BAD_TRANSACTION: standard input:1:1: .*put entity maps into \[ \]\n$/,
  ],
  ['[{"person/name": "Ada",}]', 2, /^BAD_USER_INPUT: standard input:1:24: Expected JSON/],
  ['  ; nothing\n', 2, /^BAD_USER_INPUT: standard input: Expected a transaction such as/],
  ['[[:db/cas [:person/name "Nobody"] :person/number nil 1]]', 3, /^ENTITY_NOT_FOUND: /],
])('says of %j where it is wrong', async (text, code, said) => {
  const ended = await run(['transact', 'people'], text);
  expect(ended.said).toMatch(said);
  expect(ended.code).toBe(code);
});

it('waits for another command that writes, and tells of each transaction as it comes', async () => {
  const { child, ended } = await startCommand(env, ['transact', 'people']);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write('[{:person/name "Ada"}]');
  expect((await lines.next()).value).toContain(':tx 536870914');
  // The first holds the lease until its input ends.
  const second = run(['transact', 'people'], '[{:person/name "Bob"}]');
  child.stdin.write('[{:person/name "Cy"}]');
  expect((await lines.next()).value).toContain(':tx 536870915');
  child.stdin.end();
  expect(await ended).toEqual({ code: 0, said: '' });
  expect(await second).toMatchObject({
    code: 0,
    out: expect.stringContaining(':tx 536870916') as string,
  });
});

it('writes on where nobody reads what it prints', async () => {
  const text = Array.from({ length: 50 }, (_, i) => `[{:person/name "${i}"}]`).join('\n');
  const { child, ended } = await startCommand(env, ['transact', 'people']);
  child.stdout.destroy();
  child.stdin.end(text);
  expect(await ended).toEqual({ code: 0, said: '' });
  expect((await names()).split('\n')).toHaveLength(51);
});
