/** Our engine as a side of the benchmark of queries: through the library, with no cache of results. */
import type { Db, EdnData, EdnMap } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  NodeCache,
  createMemoryStoreHost,
  dbWith,
  emptyDb,
  kw,
  pull,
  q,
  readEdn,
} from '../../../engine/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../../services/index.ts';
import type { Ask, Question } from './question.ts';
import { inputsOf } from './question.ts';

type Forms = ReadonlyArray<EdnMap>;

const CACHE_BYTES = 256 * 2 ** 20;
const log = createLog({ level: 'silent' });
const bus = createMemoryBus();

/** As a value that was never stored: all of it is novelty. */
export async function loadValue(schema: Forms, forms: Forms): Promise<Db> {
  return dbWith(await dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), schema), forms);
}

/** Written and folded into base trees, then opened anew. */
export async function loadStored(
  schema: Forms,
  forms: Forms,
): Promise<{ readonly db: Db; readonly close: () => Promise<void> }> {
  const host = createMemoryStoreHost();
  await createDatabase(host, 'bench');
  const store = await host.open('bench');
  const open = (): ReturnType<typeof connect> =>
    connect({ store, bus, nodeCache: new NodeCache(CACHE_BYTES), pollIntervalMs: 60_000, log });
  const writing = await open();
  const writer = await startWriter({
    connection: writing,
    bus,
    log,
    leaseTtlMs: 60_000,
    address: null,
    foldThreshold: 1,
  });
  for (const txData of [schema, forms]) await writer.transact({ txData });
  while (writing.db().novelty.size > 0) await new Promise((resolve) => setImmediate(resolve));
  await writer.stop();
  await writing.release();
  const connection = await open();
  return {
    db: connection.db(),
    async close() {
      await connection.release();
      await host.close();
    },
  };
}

export function askOurs(db: Db): (question: Question) => Ask {
  return (question) => {
    const inputs = inputsOf(question);
    if (question.kind === 'pull') {
      // One object, so that it is parsed once.
      const pattern = question.attributes.map(kw);
      return (call) => pull(db, pattern, inputs(call)[0] ?? null);
    }
    const { query, page } = question;
    const rules: EdnData[] = question.rules === undefined ? [] : [readEdn(question.rules)];
    if (page === undefined) return (call) => q(query, db, ...rules, ...inputs(call));
    const { order, limit, offset } = page;
    const orderBy = order.flatMap(([place, direction]) => [place, kw(direction)]);
    const form = new Map<EdnData, EdnData>([
      [kw('query'), readEdn(query)],
      [kw('order-by'), orderBy],
      [kw('limit'), limit],
      [kw('offset'), offset],
    ]);
    return (call) => q(form, db, ...rules, ...inputs(call));
  };
}
