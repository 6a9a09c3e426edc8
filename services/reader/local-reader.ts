/** The {@link Reader} port over local indices: no server is asked. */
import type { Db } from '../../engine/index.ts';
import { asOf, countDatoms, pull, pullMany, q, resolveEntityId } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Reader, Snapshot } from './reader.ts';

export function createLocalReader(connection: Connection): Reader {
  return {
    async snapshot({ minTx } = {}) {
      return snapshotOf(minTx === undefined ? connection.db() : await connection.sync(minTx));
    },
    current: () => snapshotOf(connection.db()),
    onAdvance: (listener) => connection.onAdvance((db) => listener(snapshotOf(db))),
  };
}

function snapshotOf(db: Db): Snapshot {
  return {
    basisTx: Math.min(db.maxTx, ...db.view.asOf.filter((point) => typeof point === 'number')),
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
