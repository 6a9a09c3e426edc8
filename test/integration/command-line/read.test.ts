/** `query`, `pull`, `datoms`, `log` and `history` as a user runs them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../support/command-line.ts';
import { commandLine, startCommand } from '../../support/command-line.ts';
import { testFolder } from '../../support/test-folder.ts';

const SCHEMA = `[
  {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity :db/index true}
  {:db/ident :person/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :person/friends :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]
 {:tx-data [{:person/name "Ada" :person/age 36} {:person/name "Bob" :person/age 9007199254740993}]
  :tx-meta {:db/doc "two people"}}
 [{:person/name "Ada" :person/age 37 :person/friends [[:person/name "Bob"]]}]`;

const PEOPLE = '[:find ?n ?a :where [?e :person/name ?n] [?e :person/age ?a]]';

let folder: string;
let env: Record<string, string>;
let run: Run;

beforeAll(async () => {
  folder = await testFolder();
  env = { DATAHIKE_GATEWAY_DIRECTORY: join(folder, 'data') };
  run = await commandLine(env);
  for (const name of ['people', 'others']) {
    const created = await run(['create', name, '--schema', '-'], SCHEMA);
    expect(created.code).toBe(0);
  }
  await run(['transact', 'others'], '[[:db/retractEntity [:person/name "Bob"]]]');
});

describe('query', () => {
  const of = async (...args: ReadonlyArray<string>): Promise<string> => {
    const { code, out, said } = await run(['query', 'people', ...args]);
    expect([code, said]).toEqual([0, '']);
    return out;
  };

  it('prints rows as EDN, as JSON and as a table', async () => {
    expect(await of(PEOPLE)).toBe('["Ada" 37]\n["Bob" 9007199254740993N]\n');
    expect(await of(PEOPLE, '--output', 'json')).toBe('["Ada",37]\n["Bob",9007199254740993]\n');
    expect(await of(PEOPLE, '--output', 'table')).toBe(
      `?n   ?a
───  ────────────────
Ada                37
Bob  9007199254740993
`,
    );
  });

  it.each([
    ['[:find [?n ...] :where [_ :person/name ?n]]', '"Ada"\n"Bob"\n', '?n\n───\nAda\nBob\n'],
    [
      '[:find [?n ?a] :where [?e :person/name ?n] [?e :person/age ?a] [(< ?a 99)]]',
      '["Ada" 37]\n',
      '?n   ?a\n───  ──\nAda  37\n',
    ],
    [
      '[:find (count ?e) . :where [?e :person/name]]',
      '2\n',
      '(count ?e)\n──────────\n         2\n',
    ],
    ['[:find ?n . :where [_ :person/nick ?n]]', 'nil\n', '?n\n──\n'],
    ['[:find ?n :where [_ :person/nick ?n]]', '', '?n\n──\n'],
    [
      '[:find ?n :keys name :where [?e :person/name ?n] [?e :person/age 37]]',
      '{:name "Ada"}\n',
      'name\n────\nAda\n',
    ],
    [
      '{:find [(pull ?e [:person/name])] :where [[?e :person/age 37]]}',
      '[{:person/name "Ada"}]\n',
      '(pull ?e [:person/name])\n────────────────────────\n{:person/name "Ada"}\n',
    ],
  ])('prints the answer to %s', async (query, edn, table) => {
    expect(await of(query)).toBe(edn);
    expect(await of(query, '--output', 'table')).toBe(table);
  });

  it('reads queries from files and from standard input', async () => {
    const file = join(folder, 'people.edn');
    await writeFile(file, `; all people\n${PEOPLE}\n`);
    expect(await of('--file', file)).toBe(await of(PEOPLE));
    expect((await run(['query', 'people'], PEOPLE)).out).toBe(await of(PEOPLE));
  });

  it('takes inputs and other databases in the places of :in', async () => {
    const gone = `[:find [?n ...] :in $ ?least $other % :where [?e :person/age ?a] [(< ?least ?a)] (named ?e ?n)
                   (not [$other ?e :person/name ?n])]`;
    const rules = '[[(named ?e ?n) [?e :person/name ?n]]]';
    expect(await of(gone, '--in', '1', '--in', rules, '--with', 'others')).toBe('"Bob"\n');
    expect((await run(['query', 'people', gone, '--in', '1', '--in', rules])).said).toMatch(
      /^BAD_USER_INPUT: Expected a database for each of \$ \$other in :in, got 1: /,
    );
    expect((await run(['query', 'people', PEOPLE, '--in', '1'])).said).toMatch(
      /^BAD_USER_INPUT: Expected no --in, because/,
    );
    expect((await run(['query', 'people', '[:find ?n :in $ ?n]', '--in', '('])).said).toMatch(
      /^BAD_EDN: --in 1:1:1: /,
    );
  });

  it('sees the database at other times', async () => {
    expect(await of(PEOPLE, '--as-of', '536870914')).toBe(
      '["Ada" 36]\n["Bob" 9007199254740993N]\n',
    );
    expect(await of(PEOPLE, '--as-of', '1999-12-31')).toBe('');
    const ages = '[:find [?a ...] :where [_ :person/age ?a]]';
    expect(await of(ages, '--since', '536870914')).toBe('37\n');
    expect(await of(ages, '--history')).toBe('36\n37\n9007199254740993N\n');
    expect((await run(['query', 'people', PEOPLE, '--as-of', 'once'])).code).toBe(2);
  });

  it('explains itself', async () => {
    expect(await of(PEOPLE, '--explain', '-o', 'table')).toMatch(/^2 rows in .*\n1\. \[\?e /);
    const plan = JSON.parse(await of(PEOPLE, '--explain', '-o', 'json')) as { rows: number };
    expect(plan.rows).toBe(2);
  });

  it.each([
    [
      ['query', 'people', '[:find ?n :where [?e :person/name ?n'],
      2,
      /^BAD_EDN: query:1:18: Expected "\]"/,
    ],
    [['query', 'people', '[:find ?x :where [?e :person/name]]'], 2, /^BAD_QUERY: /],
    [['query', 'nobody', PEOPLE], 3, /^DATABASE_NOT_FOUND: /],
    [['pull', 'people', '[*]', '[:person/name "Nobody"]'], 3, /^ENTITY_NOT_FOUND: /],
    [['history', 'people', '999'], 3, /^ENTITY_NOT_FOUND: Nothing was ever said of 999\n$/],
    [['datoms', 'people', 'vaet'], 2, /^error: .*Allowed choices are eavt, aevt, avet/],
    [['datoms', 'people', '--limit', 'few'], 2, /^error: .*Expected a number/],
    [['qeury', 'people'], 2, /^error: unknown command 'qeury'\n\(Did you mean query\?\)/],
    [
      ['query'],
      2,
      /^error: missing required argument 'database'\n\(datahike-gateway query --help shows/,
    ],
  ])('says why %j fails', async (args, code, said) => {
    const ended = await run(args);
    expect(ended.said).toMatch(said);
    expect([ended.code, ended.out]).toEqual([code, '']);
  });
});

it('pulls entities', async () => {
  const ada = [
    'pull',
    'people',
    '[:person/name {:person/friends [:person/name]}]',
    '[:person/name "Ada"]',
  ];
  expect((await run(ada)).out).toBe(
    '{:person/name "Ada", :person/friends [{:person/name "Bob"}]}\n',
  );
  expect((await run([...ada, '[:person/name "Bob"]', '-o', 'json'])).out).toBe(
    '{"person/name":"Ada","person/friends":[{"person/name":"Bob"}]}\n{"person/name":"Bob"}\n',
  );
  const aged = ['pull', 'people', '[:person/name :person/age]', '[:person/name "Ada"]'];
  expect((await run([...aged, '-o', 'table'])).out).toBe(
    `attribute     value
────────────  ─────
:person/name  Ada
:person/age      37
`,
  );
  expect(
    (await run([...aged, '[:person/name "Bob"]', '-o', 'table', '--as-of', '536870914'])).out,
  ).toBe(
    `:person/name  :person/age
────────────  ────────────────
Ada                         36
Bob           9007199254740993
`,
  );
});

it('lists datoms', async () => {
  expect((await run(['datoms', 'people', 'avet', ':person/name'])).out).toBe(
    '[4 :person/name "Ada" 536870914 true]\n[5 :person/name "Bob" 536870914 true]\n',
  );
  const limited = await run(['datoms', 'people', 'aevt', ':person/age', '-n', '1', '-o', 'json']);
  expect(limited.out).toBe('[4,":person/age",37,536870915,true]\n');
  const ages = ['datoms', 'people', 'eavt', '[:person/name "Ada"]', ':person/age', '--history'];
  expect((await run([...ages, '--output', 'table'])).out).toBe(
    `e  a            v   tx         added
─  ───────────  ──  ─────────  ─────
4  :person/age  36  536870914  true
4  :person/age  36  536870915  false
4  :person/age  37  536870915  true
`,
  );
});

it('tells what happened, the newest first', async () => {
  const withoutTimes = (text: string): string =>
    text.replaceAll(/#inst "[^"]*"/g, '…').replaceAll(/:commit "[^"]*"/g, ':commit …');
  expect(withoutTimes((await run(['log', 'people'])).out)).toBe(
    `{:tx 536870915, :instant …, :datoms 4, :meta {}, :commit …}
{:tx 536870914, :instant …, :datoms 6, :meta {:db/doc "two people"}, :commit …}
{:tx 536870913, :instant …, :datoms 12, :meta {}, :commit …}
`,
  );
  const of = ['log', 'people', '[:person/name "Bob"]', '--changes', '-o', 'json'];
  const [told] = (await run(of)).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told).toMatchObject({ tx: 536870914, meta: { 'db/doc': 'two people' } });
  expect(told?.['changes']).toContainEqual([4, ':person/age', 36, true]);

  const all = (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string> | null> =>
    run(['log', 'people', ...args]).then(({ out }) => out.match(/(?<=:tx )\d+/g));
  expect(await all('--limit', '1')).toEqual(['536870915']);
  expect(await all('--from', '536870914', '--reverse')).toEqual(['536870914', '536870915']);
  expect(await all('--to', '536870914')).toEqual(['536870914', '536870913']);
  expect(await all('--from', '2000-01-01', '--to', '2001-01-01')).toBeNull();
  expect(await all('--from', '2000-01-01')).toHaveLength(3);
});

it('tells of an import, which does not say what was done, by what its transactions say of themselves', async () => {
  const { out } = await run(['export', 'people']);
  await run(['import', 'imported'], out);
  const told = await run(['log', 'imported', '--limit', '2', '--changes']);
  expect(
    told.out.replaceAll(/#inst "[^"]*"/g, '…').replaceAll(/:commit "[^"]*"/g, ':commit …'),
  ).toBe(
    `{:tx 536870915, :instant …, :datoms nil, :meta {}, :commit …, :changes nil}
{:tx 536870914, :instant …, :datoms nil, :meta {:db/doc "two people"}, :commit nil, :changes nil}
`,
  );
});

it('tells all that was ever said of an entity', async () => {
  const told = await run(['history', 'people', '[:person/name "Ada"]', '--output', 'json']);
  const lines = told.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ tx, a, v, added }) => [tx, a, v, added])).toEqual([
    [536870914, ':person/age', 36, true],
    [536870914, ':person/name', 'Ada', true],
    [536870915, ':person/age', 36, false],
    [536870915, ':person/age', 37, true],
    [536870915, ':person/friends', 5, true],
  ]);
  expect(lines[0]?.['instant']).toMatch(/Z$/);
});

it('ends quietly where nobody reads on', async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => `{:person/name "${'x'.repeat(100)}${i}"}`);
  await run(['create', 'many', '--schema', '-'], `${SCHEMA} [${many.join('')}]`);
  const { child, ended } = await startCommand(env, ['datoms', 'many']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  expect(await ended).toEqual({ code: 0, said: '' });
});

it('says where what it needs cannot be had now', async () => {
  const away = await commandLine({ DATABASE_URL: 'postgres://127.0.0.1:1/none' });
  const { code, said } = await away(['list']);
  expect([code, said]).toEqual([5, expect.stringMatching(/^STORE_UNAVAILABLE: .*\n$/)]);
});

it('finds databases by a file of settings', async () => {
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify({ store: { directory: join(folder, 'data') } }));
  const elsewhere = await commandLine({});
  expect(
    (
      await elsewhere([
        'query',
        'people',
        '[:find (count ?e) . :where [?e :person/name]]',
        '--config',
        config,
      ])
    ).out,
  ).toBe('2\n');
});
