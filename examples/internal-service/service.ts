/**
 * A service of the company itself: it reads the indices of the catalogue and of every customer where they are stored, with no server in between,
 * joins them in one query, hears of changes through the bus, and sends what it writes to whoever writes each database.
 */
import { loadConfig } from '../../config/config.ts';
import { printEdn } from '../../engine/index.ts';
import { closeStorage, createLog, openStorage } from '../../services/index.ts';
import { openCatalogue, openCustomers } from './databases.ts';
import { invoice, openOrders } from './invoicing.ts';

const log = createLog({ level: 'error' });
const storage = await openStorage(loadConfig(), log);
const catalogue = await openCatalogue(storage);
const customers = await openCustomers(storage);

/** One after the other, so that no order is looked at twice at once. */
let working = Promise.resolve();

async function invoiceOpenOrders(): Promise<void> {
  for (const order of await openOrders(catalogue.db(), customers)) {
    const connection = customers.get(order.customer);
    if (connection === undefined) continue;
    await invoice(connection, order);
    const { customer, number, quantity, name, total } = order;
    console.log(`${customer}: order ${number}, ${quantity} x ${name}, ${printEdn(total)}`);
  }
}

function work(): void {
  working = working
    .then(invoiceOpenOrders)
    .catch((error: unknown) => log.error({ event: 'orders not invoiced', error }));
}

for (const connection of [catalogue, ...customers.values()]) connection.onAdvance(work);
work();
console.log(`Invoicing for ${customers.size} customers`);

async function stop(): Promise<void> {
  await working;
  await closeStorage(storage);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
