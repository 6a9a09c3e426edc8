/** `datahike-gateway schema` and `relock` as a user runs them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openFileStoreHost, readEdn } from '../../../engine/index.ts';
import type { EdnData } from '../../../engine/index.ts';
import type { EndedProcess } from '../../support/our-process.ts';
import { endOfProcess, startProcess } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';
import { writtenDatabase } from '../../support/written-database.ts';

const SCHEMA = readEdn(`[
  {:db/ident :person/first-name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :person/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

/** Leads into the other database. */
const ORDERS = readEdn(`[
  {:db/ident :line/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one
   :gateway/reference-database "catalogue" :gateway/reference-attribute :product/sku}]`) as EdnData[];
const CATALOGUE = readEdn(`[
  {:db/ident :product/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one
   :db/unique :db.unique/identity}
  {:db/ident :product/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`) as EdnData[];

let folder: string;
let directory: string;

beforeAll(async () => {
  folder = await testFolder();
  directory = join(folder, 'data');
  const host = await openFileStoreHost(directory);
  for (const [name, txData] of [
    ['test', SCHEMA],
    ['orders', ORDERS],
    ['catalogue', CATALOGUE],
  ] as const) {
    const database = await writtenDatabase({ host, name });
    await database.writer.transact({ txData });
    await database.close();
  }
  await host.close();
});

function command(...args: ReadonlyArray<string>): Promise<EndedProcess> {
  return endOfProcess({
    args: ['gateway/main.ts', ...args],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory },
  });
}

it('prints the schema, which stays as it was first served until it is relocked', async () => {
  const first = await command('schema', 'test');
  expect(first.code).toBe(0);
  expect(String(first.out)).toMatch(
    /type Person implements Entity & Node \{[^]*?\n {2}firstName: String/,
  );

  const gateway = await startProcess({
    args: ['gateway/main.ts', 'start', '--port', '0'],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory, DATAHIKE_GATEWAY_DATABASES: 'test' },
  });
  await fetch(`${gateway.url}/v1/test/person`);
  await gateway.end('SIGTERM');

  const api = join(folder, 'api.json');
  const named = { attributes: { ':person/first-name': { name: 'givenName' } } };
  await writeFile(api, JSON.stringify({ models: { test: named } }));
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify({ api: { file: api } }));

  const locked = await command('schema', 'test', '--config', config);
  expect(String(locked.out)).toContain('firstName: String');
  expect(locked.said).toContain(
    ':person/first-name is locked as Person.firstName; relock to rename it',
  );

  const refused = await command('relock', 'test', '--config', config);
  expect(refused.code).toBe(4);
  expect(refused.said).toContain('Person.firstName was removed.');
  expect(refused.said).toMatch(/changes break what clients may rely on; nothing was changed/);
  expect(String((await command('schema', 'test', '--config', config)).out)).toContain('firstName');

  const accepted = await command('relock', 'test', '--config', config, '--accept');
  expect([accepted.code, accepted.said]).toEqual([
    0,
    expect.stringMatching(/test is locked anew\n$/),
  ]);
  expect(String((await command('schema', 'test')).out)).toContain('givenName: String');
  expect((await command('relock', 'test', '--config', config)).said).toBe(
    'test is shown as its attributes say already\n',
  );
});

it('prints what a database shows of others, and what extensions add', async () => {
  const extension = join(folder, 'extension.js');
  await writeFile(
    extension,
    `export const extension = {
      name: 'totals',
      databases: ['orders'],
      typeDefs: 'extend type Line { total: Int }  extend type Catalogue_Product { hot: Boolean }',
      resolvers: { Line: { total: { needs: ['sku'], resolve: () => 1 } } },
    };`,
  );
  const plain = await command('schema', 'orders');
  expect(plain.code).toBe(0);
  expect(String(plain.out)).toMatch(/_productBySku: Catalogue_Product$/m);
  expect(String(plain.out)).toMatch(/type Catalogue_Product [^]*?\n {2}price: Long/);
  expect(String(plain.out)).not.toContain('total: Int');

  const config = join(folder, 'extended.json');
  await writeFile(config, JSON.stringify({ api: { extensions: [extension] } }));
  const extended = await command('schema', 'orders', '--config', config);
  expect(extended.said).toMatch(/Catalogue_Product/);
  await writeFile(
    extension,
    `export const extension = {
      name: 'totals',
      databases: ['orders'],
      typeDefs: 'extend type Line { total: Int }',
      resolvers: { Line: { total: { needs: ['sku'], resolve: () => 1 } } },
    };`,
  );
  const fitting = await command('schema', 'orders', '--config', config);
  expect(String(fitting.out)).toMatch(/type Line [^]*?\n {2}total: Int/);
});

it('prints the schema of a set of databases', async () => {
  const config = join(folder, 'sets.json');
  await writeFile(
    config,
    JSON.stringify({ databases: ['test', 'catalogue'], api: { sets: { all: ['*'] } } }),
  );
  const { code, out } = await command('schema', 'all', '--config', config);
  expect(code).toBe(0);
  expect(String(out)).toMatch(/ {2}productRows\(/);
  expect(String(out)).toMatch(/ {2}personAggregate\(/);
  expect(String(out)).not.toContain('type Mutation');
});

it('tells what a relock breaks of other databases and of extensions', async () => {
  const gateway = await startProcess({
    args: ['gateway/main.ts', 'start', '--port', '0'],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory, DATAHIKE_GATEWAY_DATABASES: 'orders,catalogue' },
  });
  await fetch(`${gateway.url}/v1/orders/line`);
  await gateway.end('SIGTERM');
  const api = join(folder, 'orders.json');
  const named = { attributes: { ':line/sku': { name: 'article' } } };
  await writeFile(api, JSON.stringify({ models: { orders: named } }));
  const config = join(folder, 'renamed.json');
  const extensions = [join(folder, 'extension.js')];
  await writeFile(config, JSON.stringify({ api: { file: api, extensions } }));
  const { code, said } = await command('relock', 'orders', '--config', config);
  expect(code).toBe(4);
  expect(said).toContain('Line.sku was removed.');
  expect(said).toContain('Line._productBySku was removed.');
  expect(said).toContain('Line.total was removed.');
});
