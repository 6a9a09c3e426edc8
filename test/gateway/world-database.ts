/** The world as a database in memory. */
import type { Db } from '../../engine/index.ts';
import {
  asOf,
  DEFAULT_DATABASE_CONFIG,
  emptyDb,
  pull,
  pullMany,
  q,
  resolveEntityId,
  withTx,
  countDatoms,
} from '../../engine/index.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import type { Reader, Snapshot } from '../../services/reader/reader.ts';
import { WORLD, WORLD_SCHEMA } from './world.ts';

export interface WorldDatabase {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly close: () => Promise<void>;
}

export async function openWorld(): Promise<WorldDatabase> {
  let db = emptyDb(DEFAULT_DATABASE_CONFIG);
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const writer: Writer = {
    transact: async ({ txData }) => {
      const { dbAfter, tx, instant, tempids, txData: datoms } = await withTx(db, txData);
      db = dbAfter;
      for (const listener of listeners) listener(snapshotOf(db));
      return { tx, instant, tempids, datomCount: datoms.length };
    },
  };
  await writer.transact({ txData: WORLD_SCHEMA });
  await writer.transact({ txData: WORLD });
  return {
    writer,
    reader: {
      snapshot: async () => snapshotOf(db),
      current: () => snapshotOf(db),
      onAdvance: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    close: async () => undefined,
  };
}

function snapshotOf(db: Db): Snapshot {
  return {
    basisTx: db.maxTx,
    attributes: db.schema.userAttributes,
    asOf: (point) => snapshotOf(asOf(db, point)),
    entityId: (ref) => resolveEntityId(db, ref),
    q: (query, inputs = []) => q(query, db, ...inputs),
    pull: (pattern, entity) => pull(db, pattern, entity),
    pullMany: (pattern, entities) => pullMany(db, pattern, entities),
    count: (attribute, value) =>
      value === undefined
        ? countDatoms(db, 'aevt', attribute)
        : countDatoms(db, 'avet', attribute, value),
  };
}
