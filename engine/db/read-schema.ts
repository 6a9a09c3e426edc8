/** The schema of facts that are stored: what the rows that define attributes come to. */
import { ANNOTATIONS } from '../../schema/annotations.ts';
import { DB } from '../../schema/bootstrap.ts';
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import { prefixRange } from '../datom/chunk-cursor.ts';
import type { Datom } from '../datom/datom.ts';
import type { Era } from '../indices/base-index.ts';
import type { Change } from '../novelty/change.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { missesOf } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { scanEra } from './scan.ts';
import { Schema } from './schema.ts';

/** A row of one of the two sets of trees. */
export interface EraRow {
  readonly era: Era;
  readonly datom: Datom;
}

/**
 * What rows about attributes say. Of the past only idents count: one that was replaced goes on to name its attribute, and an entity counts
 * as installed by the transaction that named it first.
 */
export function schemaOfRows(attributeRefs: boolean, rows: Iterable<EraRow>): Schema {
  const empty = Schema.empty(attributeRefs);
  const formerIdents: Datom[] = [];
  const idents: Datom[] = [];
  const others: Datom[] = [];
  for (const { era, datom } of rows) {
    const isIdent = empty.names.definingIdent(datom.a) === DB.ident;
    if (era === 'current') (isIdent ? idents : others).push(datom);
    else if (isIdent) formerIdents.push(datom);
  }
  const past = formerIdents.sort((a, b) => a.tx - b.tx).map(changeOf);
  return empty.apply([...past, ...idents, ...others]);
}

function changeOf(datom: Datom): Change {
  if (datom.added) return datom;
  return { kind: 'retract', datom, assertedTx: datom.tx, keepsHistory: true };
}

/** Reads what defines attributes, all attributes of attributes at once so that a cold read costs the height of the tree. */
export function* readSchema(db: Db): Suspended<Schema> {
  const { names } = db.schema;
  const scans: EraRows[] = [];
  for (const a of names.definingNumbers) {
    scans.push(rowsOf(db, 'current', a));
    if (names.definingIdent(a) === DB.ident) scans.push(rowsOf(db, 'temporal', a));
  }
  const schema = schemaOfRows(names.areEntities, yield* readAll(scans));
  return names.areEntities ? yield* withAnnotations(db, schema) : schema;
}

/** Where attributes are named by their entities, which ones annotate others is known when those are. */
function* withAnnotations(db: Db, schema: Schema): Suspended<Schema> {
  const numbers = [...ANNOTATIONS].flatMap(
    (ident) => schema.userAttributes.get(ident)?.number ?? [],
  );
  if (numbers.length === 0) return schema;
  const rows = yield* readAll(numbers.map((a) => rowsOf(db, 'current', a)));
  return schema.apply(rows.map(({ datom }) => datom));
}

function* readAll(scans: ReadonlyArray<EraRows>): Suspended<EraRow[]> {
  const found: EraRow[] = [];
  let pending = scans;
  while (pending.length > 0) {
    const missing: Miss[] = [];
    pending = pending.filter(({ era, rows }) => {
      for (let step = rows.next(); step !== 'done'; step = rows.next()) {
        if (step === 'missing') {
          missing.push(...missesOf(rows.miss));
          return true;
        }
        for (let row = rows.lo; row < rows.hi; row++)
          found.push({ era, datom: rows.keys.datom(row) });
      }
      return false;
    });
    if (missing.length > 0) yield missing;
  }
  return found;
}

interface EraRows {
  readonly era: Era;
  readonly rows: ChunkCursor;
}

function rowsOf(db: Db, era: Era, a: number): EraRows {
  return { era, rows: scanEra(db, era, 'aevt', prefixRange({ a }), false) };
}
