/** `order CUSTOMER SKU QUANTITY`: orders something, and waits until it is invoiced. */
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../config/config.ts';
import { kw, printEdn, pull, toTxData } from '../../engine/index.ts';
import type { Db, EdnData } from '../../engine/index.ts';
import { closeStorage, createLog, openStorage } from '../../services/index.ts';
import { openWithAttributes } from './databases.ts';

const [customer = '', sku = '', quantity = '1'] = process.argv.slice(2);
const number = randomUUID().slice(0, 8);
const storage = await openStorage(loadConfig(), createLog({ level: 'error' }));
const connection = await openWithAttributes(storage, customer);

async function totalIn(db: Db): Promise<EdnData> {
  const order = await pull(db, '[:order/total]', [kw('order/number'), number]);
  return order?.get(kw('order/total')) ?? null;
}

const invoiced = new Promise<EdnData>((resolve) => {
  connection.onAdvance((db) => {
    void totalIn(db).then((total) => total !== null && resolve(total));
  });
});
const order = { 'order/number': number, 'order/sku': sku, 'order/quantity': Number(quantity) };
await connection.transact({ txData: toTxData([order]), key: `order ${number}` });
console.log(`${customer} ordered ${quantity} x ${sku}: ${printEdn(await invoiced)}`);
await connection.release();
await closeStorage(storage);
