/** The {@link Reader} port over local indices: no server is asked. */
import type { Db, QueryLimits } from '../../engine/index.ts';
import {
  asOf,
  countDatoms,
  entityVersions,
  history,
  project,
  pull,
  pullMany,
  qWithin,
  resolveEntityId,
  run,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import { followTransactions } from './follow.ts';
import { transactIf } from '../connection/transact-if.ts';
import type { Reader, Snapshot } from './reader.ts';

export function createLocalReader(connection: Connection): Reader {
  return {
    async snapshot({ minTx, limits } = {}) {
      const db = minTx === undefined ? connection.db() : await connection.sync(minTx);
      return snapshotOf(db, limits);
    },
    current: () => snapshotOf(connection.db()),
    onAdvance: (listener) => connection.onAdvance((db) => listener(snapshotOf(db))),
    transactions: (from, signal) => followTransactions(connection, from, signal),
  };
}

function snapshotOf(db: Db, limits: QueryLimits = {}): Snapshot {
  return {
    basisTx: Math.min(db.maxTx, ...db.view.asOf.filter((point) => typeof point === 'number')),
    config: db.config,
    attributes: db.schema.userAttributes,
    asOf: (point) => snapshotOf(asOf(db, point), limits),
    history: () => snapshotOf(history(db), limits),
    with: async (request) => {
      const report = await run(transactIf(db, request, new Date()), limits);
      const { tx, instant, tempids, txData, dbAfter } = report;
      return {
        result: { tx, instant, tempids, datomCount: txData.length },
        snapshot: snapshotOf(dbAfter, limits),
      };
    },
    entityId: (ref) => resolveEntityId(db, ref),
    q: (query, inputs = [], page) =>
      qWithin(page === undefined ? limits : { ...limits, ...page }, query, db, ...inputs),
    project: (projection, entities) => project(db, projection, entities, limits),
    versions: (entities) => entityVersions(db, entities, limits),
    pull: (pattern, entity) => pull(db, pattern, entity, limits),
    pullMany: (pattern, entities) => pullMany(db, pattern, entities, limits),
    count: (attribute, value) =>
      value === undefined
        ? countDatoms(db, 'aevt', attribute)
        : countDatoms(db, 'avet', attribute, value),
  };
}
