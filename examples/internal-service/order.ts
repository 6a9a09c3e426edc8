/** `order CUSTOMER SKU QUANTITY`: orders something, and waits until it is invoiced. */
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../config/config.ts';
import { DatabaseError, kw, printEdn, pull, toTxData } from '../../engine/index.ts';
import type { EdnData } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import { closeStorage, createLog, openStorage } from '../../services/index.ts';
import { openWithAttributes } from './databases.ts';

/** How long the service may take. */
const PATIENCE_MS = 15_000;

async function order(customer: string, sku: string, quantity: string): Promise<string> {
  const storage = await openStorage(loadConfig(), createLog({ level: 'error' }));
  try {
    const connection = await openWithAttributes(storage, customer);
    const number = randomUUID().slice(0, 8);
    const invoiced = totalOf(connection, number);
    const form = { 'order/number': number, 'order/sku': sku, 'order/quantity': Number(quantity) };
    await connection.transact({ txData: toTxData([form]), key: `order ${number}` });
    const total = await invoiced;
    if (total !== null) return `${customer} ordered ${quantity} x ${sku}: ${printEdn(total)}`;
    return `Nobody invoiced the order of ${quantity} x ${sku}: is there such a product, and does the service run?`;
  } finally {
    await closeStorage(storage);
  }
}

/** The total of an order once it is there; null where it does not come. */
function totalOf(connection: Connection, number: string): Promise<EdnData> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), PATIENCE_MS).unref();
    connection.onAdvance((db) => {
      void pull(db, '[:order/total]', [kw('order/number'), number]).then((found) => {
        const total = found?.get(kw('order/total')) ?? null;
        if (total !== null) resolve(total);
      });
    });
  });
}

const [customer = '', sku = '', quantity = '1'] = process.argv.slice(2);
try {
  console.log(await order(customer, sku, quantity));
} catch (error) {
  if (!(error instanceof DatabaseError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
