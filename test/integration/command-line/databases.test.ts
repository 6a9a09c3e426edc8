/** `create`, `delete`, `list`, `branches` and `branch` as a user runs them, on files and on PostgreSQL. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../support/command-line.ts';
import { commandLine } from '../../support/command-line.ts';
import { startProcess } from '../../support/our-process.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { freshSchema } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';

const NAMES = `[{:db/ident :person/name :db/valueType :db.type/string
                 :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}]
               [{:person/name "Ada"}]`;

let schema: TestSchema;

beforeAll(async () => {
  schema = await freshSchema();
});

afterAll(() => schema.drop());

const settings: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  files: async () => ({ DATAHIKE_GATEWAY_DIRECTORY: await testFolder() }),
  postgres: () =>
    Promise.resolve({ DATABASE_URL: schema.url, DATAHIKE_GATEWAY_SCHEMA: schema.schema }),
};

describe.each(Object.keys(settings))('databases in %s', (kind) => {
  let env: Record<string, string>;
  let run: Run;

  beforeAll(async () => {
    env = (await settings[kind]?.()) ?? {};
    run = await commandLine(env);
  });

  it('are made, listed and deleted', async () => {
    expect(await run(['list'])).toEqual({ code: 0, out: '', said: '' });
    expect(await run(['create', 'people'])).toEqual({
      code: 0,
      out: '',
      said: 'Created people\n',
    });
    expect(await run(['create', 'people'])).toMatchObject({
      code: 4,
      said: expect.stringMatching(/^DATABASE_EXISTS: .*people.*\n$/) as string,
    });
    const file = join(await testFolder(), 'people.edn');
    await writeFile(file, NAMES);
    expect((await run(['create', 'others', '--schema', file])).code).toBe(0);

    const listed = await run(['list', '--output', 'json']);
    expect(
      listed.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        name: 'others',
        datoms: expect.any(Number) as number,
        tx: 536870914,
        instant: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        branches: ['db'],
        writer: null,
      },
      expect.objectContaining({ name: 'people', tx: 536870912 }),
    ]);

    expect(await run(['delete', 'people'])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/^BAD_USER_INPUT: .*Say --yes/) as string,
    });
    expect(await run(['delete', 'people', '--yes'])).toMatchObject({
      code: 0,
      said: 'Deleted people\n',
    });
    expect((await run(['delete', 'people', '--yes'])).code).toBe(3);
    expect((await run(['ls'])).out).toMatch(/^\{:name "others", .*\}\n$/);
  });

  it('have branches', async () => {
    const at = await run(['branches', 'others', '--output', 'json']);
    const { commit } = JSON.parse(at.out) as { commit: string };
    expect((await run(['branch', 'create', 'others', 'draft'])).said).toBe(
      'Created the branch draft of others, from db\n',
    );
    await run(['transact', 'others', '--branch', 'draft'], '[{:person/name "Bob"}]');
    expect((await run(['branch', 'create', 'others', 'fix', '--from', commit])).code).toBe(0);

    const names = ['query', 'others', '[:find [?n ...] :where [_ :person/name ?n]]'];
    expect((await run([...names, '--branch', 'draft'])).out).toBe('"Ada"\n"Bob"\n');
    expect((await run([...names, '--branch', 'fix'])).out).toBe('"Ada"\n');
    const all = await run(['branches', 'others']);
    expect(
      all.out.split('\n').map((line) => /:name "(\w+)", :tx (\d+)/.exec(line)?.slice(1)),
    ).toEqual([['db', '536870914'], ['draft', '536870915'], ['fix', '536870914'], undefined]);

    expect((await run(['branch', 'delete', 'others', 'draft'])).code).toBe(0);
    expect((await run(['branch', 'delete', 'others', 'draft'])).code).toBe(3);
    expect((await run(['branch', 'delete', 'others', 'db'])).code).toBe(2);
    expect((await run([...names, '--branch', 'draft'])).code).toBe(3);
  });

  it('are written through the writer that is alive, and not deleted while it is', async () => {
    const writer = await startProcess({
      args: ['gateway/main.ts', 'writer', '--port', '0'],
      env: { ...env, DATAHIKE_GATEWAY_DATABASES: 'others' },
    });
    const written = await run(
      ['transact', 'others', '-o', 'json'],
      '[{:db/id "new", :person/name "Cy"}]',
    );
    expect(written.code).toBe(0);
    expect(JSON.parse(written.out)).toMatchObject({ tx: 536870915, tempids: { new: 3 } });
    const listed = await run(['list', '-o', 'json']);
    expect(JSON.parse(listed.out)).toMatchObject({ name: 'others', writer: writer.writerUrl });
    expect(await run(['delete', 'others', '--yes'])).toMatchObject({
      code: 4,
      said: expect.stringMatching(/^BRANCH_LOCKED: .*writes the branch db of others/) as string,
    });
    await writer.end('SIGTERM');
    expect((await run(['delete', 'others', '--yes'])).code).toBe(0);
  });
});

it('leaves no database behind whose schema is refused', async () => {
  const run = await commandLine({ DATAHIKE_GATEWAY_DIRECTORY: await testFolder() });
  const refused = await run(['create', 'people', '--schema', '-'], '[{:person/name "Ada"}]');
  expect(refused).toMatchObject({
    code: 2,
    said: expect.stringMatching(/^SCHEMA_VIOLATION: standard input:1:1: .*\n$/) as string,
  });
  expect((await run(['list'])).out).toBe('');
});

it('makes databases of any kind', async () => {
  const run = await commandLine({ DATAHIKE_GATEWAY_DIRECTORY: await testFolder() });
  const loose = ['create', 'notes', '--schema-flexibility', 'read', '--no-keep-history'];
  expect((await run(loose)).code).toBe(0);
  expect((await run(['transact', 'notes'], '[{:any/thing 1}]')).code).toBe(0);
  const past = await run(['datoms', 'notes', '--history']);
  expect([past.code, past.said]).toEqual([2, expect.stringMatching(/^BAD_USER_INPUT: .*history/)]);
  const both = ['create', 'mixed', '--schema-flexibility', 'read', '--attribute-refs'];
  expect(await run(both)).toMatchObject({
    code: 2,
    said: expect.stringMatching(/^BAD_CONFIG: Attribute references cannot/) as string,
  });
  await run(['create', 'renamed', '--attribute-refs', '--crypto-hash', '--allow-index-backfill']);
  await run(['transact', 'renamed'], NAMES);
  const shown = await run(['datoms', 'renamed', 'eavt', '[:person/name "Ada"]']);
  expect(shown.out).toMatch(/^\[\d+ :person\/name "Ada" \d+ true\]\n$/);
});
