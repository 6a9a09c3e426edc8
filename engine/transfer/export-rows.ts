/** The rows of a database value in the order of an export, a chunk at a time: reads on only when it is asked to. */
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';
import { compareAttributes } from '../datom/attribute-number.ts';
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { countRows, scanEra } from '../db/scan.ts';
import type { EraRow } from '../db/read-schema.ts';
import { schemaOfRows } from '../db/read-schema.ts';
import type { Schema } from '../db/schema.ts';
import { historyOf } from '../db/settle.ts';
import type { Era } from '../indices/base-index.ts';
import { ERAS } from '../indices/base-index.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { ExportHeader } from './items.ts';
import { itemOfRow } from './items.ts';

interface EraScan {
  readonly era: Era;
  readonly rows: ChunkCursor;
  /** Whether rows that define attributes are passed over. */
  readonly isOfOthers: boolean;
}

/**
 * Starts to read a database for an export.
 *
 * @throws BAD_USER_INPUT for a view: what it hides would be missing
 */
export function* exportRows(db: Db): Suspended<ExportRows> {
  if (db.view !== PRESENT)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'Expected a database to export, got a view of one (as-of, since, history, filter or valid time): an export holds all of a database with its history',
    );
  const definitions: EraRow[] = [];
  for (const { era, rows } of scansOfDefinitions(db))
    while (yield* advance(rows)) {
      for (let row = rows.lo; row < rows.hi; row++)
        definitions.push({ era, datom: rows.keys.datom(row) });
      yield PAUSE;
    }
  const { config, maxTx, maxEid } = db;
  const datomCount = yield* countRows(historyOf(db), 'eavt', {});
  const schema = schemaOfRows(config.attributeRefs, definitions);
  return new ExportRows(db, schema, { config, maxTx, maxEid, datomCount });
}

export class ExportRows {
  readonly header: ExportHeader;
  readonly #schema: Schema;
  readonly #scans: EraScan[];

  constructor(db: Db, schema: Schema, header: ExportHeader) {
    this.header = header;
    this.#schema = schema;
    const others = ERAS.map((era) => ({
      era,
      rows: scanEra(db, era, 'eavt', {}, false),
      isOfOthers: true,
    }));
    this.#scans = [...scansOfDefinitions(db), ...others];
  }

  /** The next rows as items, which the caller takes one by one; undefined at the end. */
  *next(): Suspended<Iterable<EdnData> | undefined> {
    for (;;) {
      const scan = this.#scans[0];
      if (scan === undefined) return undefined;
      yield PAUSE;
      if (yield* advance(scan.rows)) return this.#itemsOf(scan);
      this.#scans.shift();
    }
  }

  *#itemsOf({ era, rows: { keys, lo, hi }, isOfOthers }: EraScan): Iterable<EdnData> {
    const { names } = this.#schema;
    for (let row = lo; row < hi; row++) {
      const datom = keys.datom(row);
      if (isOfOthers && names.definingIdent(datom.a) !== undefined) continue;
      yield itemOfRow(datom, era, this.#schema);
    }
  }
}

/** Attribute by attribute, as AEVT has them. */
function scansOfDefinitions(db: Db): EraScan[] {
  const numbers = [...db.schema.names.definingNumbers].sort(compareAttributes);
  return ERAS.flatMap((era) =>
    numbers.map((a) => ({
      era,
      rows: scanEra(db, era, 'aevt', prefixRange({ a }), false),
      isOfOthers: false,
    })),
  );
}
