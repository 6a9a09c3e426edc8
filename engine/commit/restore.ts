/** A stored root to a database value. Reads the few index nodes that define attributes, and no other. */
import type { Datom } from '../datom/datom.ts';
import { prefixRange } from '../datom/chunk-cursor.ts';
import { DB } from '../../schema/bootstrap.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { scan } from '../db/scan.ts';
import type { SettledDb } from '../db/scan.ts';
import { Schema } from '../db/schema.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { Novelty } from '../novelty/novelty.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { decodeRecord } from './record.ts';
import type { StoredSegment } from '../store/store.ts';
import { applySegment, readSegment } from './segment.ts';

/** The database that a root record and the segments after it describe. */
export function* restore(
  record: Uint8Array,
  segments: ReadonlyArray<StoredSegment>,
  source: StoredNodes,
): Suspended<Db> {
  const { config, indexedTx, maxEid, commit, roots } = decodeRecord(record);
  const base: Db = {
    config,
    base: { roots, source },
    novelty: Novelty.empty,
    indexedTx,
    schema: Schema.empty(config.attributeRefs),
    maxTx: indexedTx,
    maxEid,
    view: PRESENT,
    commit,
  };
  let db: Db = { ...base, schema: yield* readSchema(base) };
  for (const { bytes } of segments) db = yield* applySegment(db, yield* readSegment(bytes));
  return db;
}

/** Reads what defines attributes, all attributes of attributes at once so that a cold read costs the height of the tree. */
function* readSchema(db: Db): Suspended<Schema> {
  const changes: Datom[] = [];
  let pending = Array.from(db.schema.names.definingNumbers, (a) =>
    scan(db as SettledDb, 'aevt', prefixRange({ a })),
  );
  while (pending.length > 0) {
    const missing: Miss[] = [];
    const waiting: typeof pending = [];
    for (const rows of pending) {
      for (let step = rows.next(); step !== 'done'; step = rows.next()) {
        if (step === 'missing') {
          missing.push(...[rows.miss].flat().filter((miss) => typeof miss === 'object'));
          waiting.push(rows);
          break;
        }
        for (let row = rows.lo; row < rows.hi; row++) changes.push(rows.keys.datom(row));
      }
    }
    if (missing.length > 0) yield missing;
    pending = waiting;
  }
  // An entity counts as installed by the transaction that named it.
  const isIdent = ({ a }: Datom): boolean => db.schema.names.definingIdent(a) === DB.ident;
  return db.schema.apply([...changes.filter(isIdent), ...changes.filter((c) => !isIdent(c))]);
}
