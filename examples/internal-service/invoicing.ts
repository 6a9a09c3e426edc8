/** What the service does: works out what each order costs, from the customer's database and the catalogue at once. */
import type { Db, EdnData } from '../../engine/index.ts';
import { kw, q } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';

export interface Invoice {
  readonly customer: string;
  readonly number: string;
  readonly name: string;
  readonly quantity: number;
  /** An exact decimal. */
  readonly total: EdnData;
}

/** All orders without a total, of all customers: one query over all of their databases, joined here. */
export async function openOrders(
  catalogue: Db,
  customers: ReadonlyMap<string, Connection>,
): Promise<Invoice[]> {
  const names = [...customers.keys()];
  if (names.length === 0) return [];
  const orders = names.map(
    (_, i) => `(and [$${i} ?o :order/number ?number] [$${i} ?o :order/sku ?sku]
      [$${i} ?o :order/quantity ?quantity] ($${i} not [?o :order/total]) [(ground ${i}) ?customer])`,
  );
  const query = `[:find ?customer ?number ?name ?quantity ?total
    :in $catalogue ${names.map((_, i) => `$${i}`).join(' ')}
    :where (or-join [?customer ?number ?sku ?quantity] ${orders.join(' ')})
           [$catalogue ?p :product/sku ?sku] [$catalogue ?p :product/name ?name]
           [$catalogue ?p :product/price ?price] [(* ?price ?quantity) ?total]]`;
  const databases = Array.from(customers.values(), (connection) => connection.db());
  const rows = (await q(query, catalogue, ...databases)) as ReadonlyArray<
    readonly [number, string, string, number, EdnData]
  >;
  return rows.map(([place, number, name, quantity, total]) => ({
    customer: names[place] ?? '',
    number,
    name,
    quantity,
    total,
  }));
}

/** Sends a total to the writer of the customer's database. However often it is sent, it is written once. */
export async function invoice(connection: Connection, { number, total }: Invoice): Promise<void> {
  const form = new Map<EdnData, EdnData>([
    [kw('order/number'), number],
    [kw('order/total'), total],
  ]);
  await connection.transact({ txData: [form], key: `total of ${number}` });
}
