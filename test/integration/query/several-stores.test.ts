/** The local join: one query over databases that are each in another store, none of them in memory before. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData, StoreHost } from '../../../engine/index.ts';
import {
  createMemoryStoreHost,
  dbWith,
  history,
  openFileStoreHost,
  openPostgresStoreHost,
  printEdn,
  q,
  readEdn,
} from '../../../engine/index.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';
import { StoredDatabase } from '../../support/stored-database.ts';
import { testFolder } from '../../support/test-folder.ts';

const CATALOGUE_SCHEMA = `[
  {:db/ident :product/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :product/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`;
const CUSTOMER_SCHEMA = `[
  {:db/ident :order/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :order/count :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`;

const CUSTOMERS = 24;

const data = (text: string): EdnData[] => readEdn(text) as EdnData[];

let place: TestSchema;
let postgres: StoreHost;
let files: StoreHost;
const memory = createMemoryStoreHost();

beforeAll(async () => {
  place = await freshSchema();
  postgres = await openPostgresStoreHost({ url: place.url, schema: place.schema, poolSize: 4 });
  files = await openFileStoreHost(await testFolder());
});
afterAll(async () => {
  await postgres.close();
  await files.close();
  await place.drop();
});

/** Written and folded, then as somebody else finds it who has read nothing yet. */
async function stored(
  host: StoreHost,
  name: string,
  ...transactions: ReadonlyArray<string>
): Promise<Db> {
  const database = await StoredDatabase.create(undefined, host, name);
  for (const text of transactions) await database.transact(data(text));
  await database.fold();
  return database.restore(database.store);
}

/** How many of which product the customer ordered: customers differ. */
const orders = (customer: number): string =>
  `[{:order/sku "p${customer % 3}" :order/count ${customer}} {:order/sku "p9" :order/count 1}]`;

describe('a query over databases in several stores', () => {
  let catalogue: Db;
  let customers: Db[];

  beforeAll(async () => {
    const products =
      '[{:product/sku "p0" :product/price 10} {:product/sku "p1" :product/price 7} {:product/sku "p2" :product/price 5}]';
    catalogue = await stored(postgres, 'catalogue', CATALOGUE_SCHEMA, products);
    const hosts = [postgres, files, memory];
    customers = await Promise.all(
      Array.from({ length: CUSTOMERS }, (_, i) =>
        stored(hosts[i % 3] ?? memory, `customer-${i}`, CUSTOMER_SCHEMA, orders(i)),
      ),
    );
  });

  it('joins each customer with the catalogue that all share', async () => {
    const sources = customers.map((_, i) => `$${i}`);
    const branches = sources.map(
      (name, i) =>
        `(and [${name} ?o :order/sku ?sku] [${name} ?o :order/count ?n] [(ground ${i}) ?customer])`,
    );
    const query = `[:find ?customer ?cost :in $catalogue ${sources.join(' ')}
      :where (or-join [?customer ?sku ?n] ${branches.join(' ')})
             [$catalogue ?p :product/sku ?sku] [$catalogue ?p :product/price ?price]
             [(* ?price ?n) ?cost]]`;
    const rows = (await q(query, catalogue, ...customers)) as number[][];
    const prices = [10, 7, 5];
    expect(rows.toSorted(([a = 0], [b = 0]) => a - b)).toEqual(
      customers.map((_, i) => [i, i * (prices[i % 3] ?? 0)]),
    );
  });

  it('joins databases with each other, with their pasts, with speculation and with plain tuples', async () => {
    const [one, two, three] = customers as [Db, Db, Db];
    const guess = await dbWith(three, data('[{:order/sku "p1" :order/count 99}]'));
    const query = `[:find ?sku ?label
      :in $one $two $three [[?sku ?label]]
      :where [$one _ :order/sku "p9"] [$two ?o :order/sku ?sku ?tx true] [$three ?x :order/sku ?sku]]`;
    const labels = data('[["p1" "first"] ["p2" "second"] ["p9" "ninth"]]');
    const rows = (await q(query, one, history(two), guess, labels)) as EdnData[];
    expect(rows.map((row) => printEdn(row)).toSorted()).toEqual([
      '["p1" "first"]',
      '["p9" "ninth"]',
    ]);
  });
});
