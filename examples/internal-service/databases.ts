/** The databases of the example: a catalogue that all share, and one for each customer. */
import { kw, readEdn, toTxData } from '../../engine/index.ts';
import type { Connection, Storage } from '../../services/index.ts';

export const CATALOGUE = 'catalogue';

const ATTRIBUTES = `[
  {:db/ident :product/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :product/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :product/price :db/valueType :db.type/bigdec :db/cardinality :db.cardinality/one}
  {:db/ident :order/number :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :order/sku :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :order/quantity :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :order/total :db/valueType :db.type/bigdec :db/cardinality :db.cardinality/one}]`;

const PRODUCTS = `[
  {:product/sku "lamp" :product/name "Desk lamp" :product/price 39.90M}
  {:product/sku "chair" :product/name "Chair" :product/price 120.00M}]`;

/** Opens the catalogue; fills it where it is empty. */
export async function openCatalogue(storage: Storage): Promise<Connection> {
  const catalogue = await openWithAttributes(storage, CATALOGUE);
  if (catalogue.db().schema.idOf(kw('product/sku')) !== undefined)
    await catalogue.transact({ txData: toTxData(PRODUCTS), key: 'products of the example' });
  return catalogue;
}

/** The connections of all customers, by their names: every other database that is stored. */
export async function openCustomers(storage: Storage): Promise<ReadonlyMap<string, Connection>> {
  const customers = new Map<string, Connection>();
  for (const name of await storage.host.list())
    if (name !== CATALOGUE) customers.set(name, await openWithAttributes(storage, name));
  return customers;
}

/** Open for as long as the storage is. Under its key the schema is written once, however many processes send it. */
export async function openWithAttributes(storage: Storage, name: string): Promise<Connection> {
  const { value: connection } = await storage.databases.hold(name);
  const txData = toTxData(readEdn(ATTRIBUTES) as []);
  await connection.transact({ txData, key: 'attributes of the example' });
  return connection;
}
