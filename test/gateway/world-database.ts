/** The world as a database in memory, with a writer and a reader of its own. */
import { createMemoryStoreHost, MAIN_BRANCH, NodeCache } from '../../engine/index.ts';
import type { Store } from '../../engine/index.ts';
import type { Bus } from '../../services/bus/bus.ts';
import { createMemoryBus } from '../../services/bus/memory-bus.ts';
import { connect } from '../../services/connection/connection.ts';
import { createDatabase } from '../../services/connection/databases.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import { createLocalReader } from '../../services/reader/local-reader.ts';
import { DEFAULT_DATABASE_CONFIG } from '../../schema/database.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import { annotationData } from '../../schema/model/lock.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { Model } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Reader } from '../../services/reader/reader.ts';
import { createLog } from '../../services/shared/log.ts';
import { createBranch } from '../../services/versions/branches.ts';
import { takeLease } from '../../services/writer/lease-keeper.ts';
import { LocalWriter } from '../../services/writer/local-writer.ts';
import { WORLD, WORLD_SCHEMA } from './world.ts';

export interface WorldDatabase {
  readonly reader: Reader;
  readonly writer: Writer;
  /** The same database from here on, whatever becomes of this one. */
  readonly fork: () => Promise<WorldDatabase>;
  readonly close: () => Promise<void>;
}

/** How the databases of tests are made from now on. */
export const making: { config: DatabaseConfig } = { config: DEFAULT_DATABASE_CONFIG };

export function openWorld(): Promise<WorldDatabase> {
  return openWith('world', WORLD_SCHEMA, WORLD);
}

/** A database of its own store, with some transactions in it. */
export async function openWith(
  name: string,
  ...transactions: ReadonlyArray<ReadonlyArray<EdnData>>
): Promise<WorldDatabase> {
  const host = createMemoryStoreHost();
  await createDatabase(host, name, making.config);
  const store = await host.open(name);
  const bus = createMemoryBus();
  const opened = await openBranch(store, bus, MAIN_BRANCH);
  // Where attributes are entities, those that speak of them are installed as well.
  if (making.config.attributeRefs) await opened.writer.transact({ txData: annotationData() });
  for (const txData of transactions) await opened.writer.transact({ txData });
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await bus.close();
      await host.close();
    },
  };
}

/** What the world is shown as. */
export async function modelOfWorld(): Promise<Model> {
  const { reader, close } = await openWorld();
  const model = buildModel(reader.current().attributes.values());
  await close();
  return model;
}

let forks = 0;

async function openBranch(store: Store, bus: Bus, branch: string): Promise<WorldDatabase> {
  const log = createLog({ level: 'silent' });
  const nodeCache = new NodeCache(16 * 1024 * 1024);
  const connection = await connect({ store, branch, bus, nodeCache, pollIntervalMs: 1000, log });
  const lease = await takeLease({
    store,
    log,
    branch,
    owner: 'test',
    address: null,
    ttlMs: 60_000,
  });
  const writer = await LocalWriter.start({ connection, lease, bus, log });
  return {
    reader: createLocalReader(connection),
    writer,
    fork: async () => {
      forks += 1;
      const name = `fork-${forks}`;
      await createBranch(connection, branch, name);
      return openBranch(store, bus, name);
    },
    close: async () => {
      await writer.stop();
      await connection.release();
    },
  };
}
