/** A stored root to a database value. Reads the roots of all trees at once, as every question begins there, and the few nodes that define attributes. */
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { readSchema } from '../db/read-schema.ts';
import { Schema } from '../db/schema.ts';
import { sharedSchema } from '../db/shared-schema.ts';
import { addressesOf } from '../indices/base-index.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { Novelty } from '../novelty/novelty.ts';
import type { Suspended } from '../shared/suspend.ts';
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
    base: source.base(roots),
    novelty: Novelty.empty,
    indexedTx,
    schema: Schema.empty(config.attributeRefs),
    maxTx: indexedTx,
    maxEid,
    view: PRESENT,
    commit,
  };
  const addresses = addressesOf(roots);
  if (addresses.length > 0) yield { source, addresses };
  let db: Db = { ...base, schema: yield* readSchema(base) };
  for (const { bytes } of segments) db = yield* applySegment(db, yield* readSegment(bytes));
  return { ...db, schema: sharedSchema(db.schema) };
}
