/**
 * Which changes of the schema a transaction may make: judged by what it came to, in whatever forms and order it was said. What has data
 * cannot be told to be something else.
 */
import { DB, isReserved } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { valueEquals } from '../../schema/value-key.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import { historyOf } from '../db/settle.ts';
import type { SettledDb } from '../db/scan.ts';
import { scan } from '../db/scan.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Transaction } from './transaction.ts';

/** An attribute with one of these has to say its type and cardinality. */
const DEFINES_ATTRIBUTE: ReadonlyArray<Keyword> = [
  DB.valueType,
  DB.cardinality,
  DB.unique,
  DB.index,
  DB.noHistory,
  DB.tupleAttrs,
  DB.tupleType,
  DB.tupleTypes,
  DB.isComponent,
];

const TUPLE_DEFINITIONS: ReadonlyArray<Keyword> = [DB.tupleAttrs, DB.tupleType, DB.tupleTypes];

interface Transition {
  readonly ident: Keyword;
  readonly old: EdnMap | undefined;
  readonly next: EdnMap | undefined;
}

/** Of a transaction that changed the schema. @throws SCHEMA_VIOLATION (`transact/schema`) */
export function* checkSchemaChanges(transaction: Transaction): Suspended<void> {
  const madeUnique = yield* checkTransitions(transaction);
  if (madeUnique.length === 0) return;
  yield* transaction.reindex();
  for (const ident of madeUnique) yield* requireDistinctValues(transaction.db, ident);
}

/** Gives the attributes that became unique and whose values have to be looked at. */
function* checkTransitions(transaction: Transaction): Suspended<Keyword[]> {
  const { before, db } = transaction;
  const madeUnique: Keyword[] = [];
  const [old, next] = [factsByIdent(before), factsByIdent(db)];
  for (const ident of new Set([...old.keys(), ...next.keys()])) {
    const transition = { ident, old: old.get(ident), next: next.get(ident) };
    if (transition.next !== undefined) checkEntry(transaction, transition, transition.next);
    if (transition.old === undefined) continue;
    yield* checkTransition(db, transition, transition.old);
    if (isMadeUnique(transition.old, transition.next)) madeUnique.push(ident);
  }
  if (!db.schema.names.areEntities) yield* checkRenames(before, db);
  return madeUnique;
}

function factsByIdent({ schema }: SettledDb): ReadonlyMap<Keyword, EdnMap> {
  return new Map(Array.from(schema.entries(), ({ ident, facts }) => [ident, facts]));
}

/** What an entry has to be, whether it is new or changed. */
function checkEntry({ isStrict, db }: Transaction, { ident, old }: Transition, next: EdnMap): void {
  const isComplete = next.has(DB.valueType) && next.has(DB.cardinality);
  if (isStrict && !isComplete && DEFINES_ATTRIBUTE.some((key) => next.has(key)))
    throw schemaError(
      `Invalid schema state for ${ident.toString()} after transaction`,
      ident,
      `: expected :db/valueType and :db/cardinality, got ${printEdn(next)}`,
    );
  const members = next.get(DB.tupleAttrs);
  if (!Array.isArray(members) || !isChanged(old, next, DB.tupleAttrs)) return;
  for (const member of members as ReadonlyArray<Keyword>) {
    const attribute = db.schema.attributeNamed(member);
    if (attribute?.cardinality === 'many')
      throw schemaError(
        `:db/tupleAttrs of ${ident.toString()} references ${member.toString()}, which must not have :db.cardinality/many.`,
        ident,
      );
    if (attribute?.valueType === 'tuple')
      throw schemaError(
        `:db/tupleAttrs of ${ident.toString()} references ${member.toString()}, which is itself a tuple attribute`,
        ident,
      );
  }
}

function* checkTransition(
  db: SettledDb,
  { ident, next }: Transition,
  old: EdnMap,
): Suspended<void> {
  if (next === undefined) return yield* requireUnused(db, { ident, old, next });
  const changes = (key: Keyword): boolean => isChanged(old, next, key);
  if (changes(DB.cardinality) && next.get(DB.cardinality) === DB.many && next.has(DB.unique))
    throw schemaError(
      `Invalid schema state for ${ident.toString()} after transaction: a unique attribute cannot become :db.cardinality/many`,
      ident,
    );
  const cardinality = next.get(DB.cardinality) ?? DB.one;
  if (isMadeUnique(old, next) && cardinality !== DB.one)
    throw schemaError(
      `Invalid schema state for ${ident.toString()} after transaction: an attribute of :db.cardinality/many cannot become unique`,
      ident,
    );
  const isRetyped = old.has(DB.valueType) && changes(DB.valueType);
  const isRetupled = TUPLE_DEFINITIONS.some((key) => old.has(key) && changes(key));
  if (isRetyped || isRetupled) yield* requireUnused(db, { ident, old, next });
  if (changes(DB.cardinality) && old.get(DB.cardinality) === DB.many && cardinality === DB.one)
    yield* requireSingleValues(db, ident);
  const isMadeIndexed = changes(DB.index) && next.get(DB.index) === true;
  if ((isMadeIndexed || isMadeUnique(old, next)) && !db.config.allowIndexBackfill)
    yield* requireUnused(db, { ident, old, next }, BACKFILL_HINT);
}

function isMadeUnique(old: EdnMap, next: EdnMap | undefined): boolean {
  return next?.has(DB.unique) === true && !old.has(DB.unique);
}

const BACKFILL_HINT =
  ' A database that was made with :allow-index-backfill? true takes what is there into the index.';

function isChanged(old: EdnMap | undefined, next: EdnMap, key: Keyword): boolean {
  const [one, other] = [old?.get(key) ?? null, next.get(key) ?? null];
  return one === null || other === null ? one !== other : !isEqual(one, other);
}

function isEqual(one: EdnData, other: EdnData): boolean {
  return valueEquals(one as Value, other as Value);
}

function* requireUnused(
  db: SettledDb,
  { ident, old = new Map(), next = new Map() }: Transition,
  hint = '',
): Suspended<void> {
  if (!(yield* isUsed(db, ident))) return;
  const message = `Schema change on ${ident.toString()} requires the attribute to be unused, but it has existing (or history) datoms. Migrate the data to a new attribute instead.`;
  throw new DatabaseError('SCHEMA_VIOLATION', `${message}${hint}`, {
    kind: 'transact/schema',
    data: { attribute: ident, old, new: next },
    // Datahike prints the text that it puts together.
    summary: printEdn(message),
  });
}

/** Whether an attribute has datoms, also ones that hold no more. */
function* isUsed(db: SettledDb, ident: Keyword): Suspended<boolean> {
  const a = db.schema.numberOf(ident);
  if (a === undefined) return false;
  const all = db.config.keepHistory ? historyOf(db) : db;
  return yield* advance(scan(all, 'aevt', prefixRange({ a })));
}

function* requireSingleValues(db: SettledDb, ident: Keyword): Suspended<void> {
  const rows = scan(db, 'aevt', prefixRange({ a: db.schema.numberOf(ident) }));
  let previous: number | undefined;
  while (yield* advance(rows)) {
    for (const e of rows.keys.e.subarray(rows.lo, rows.hi)) {
      if (e === previous)
        throw schemaError(
          `Cannot narrow ${ident.toString()} to :db.cardinality/one: entity ${e} holds more than one value`,
          ident,
        );
      previous = e;
    }
    yield PAUSE;
  }
}

/** AVET has to hold the attribute. */
function* requireDistinctValues(db: SettledDb, ident: Keyword): Suspended<void> {
  const rows = scan(db, 'avet', prefixRange({ a: db.schema.numberOf(ident) }));
  let previous: Value | undefined;
  while (yield* advance(rows)) {
    for (const v of rows.keys.v.slice(rows.lo, rows.hi)) {
      if (previous !== undefined && valueEquals(v, previous))
        throw schemaError(
          `Cannot add :db/unique to ${ident.toString()}: existing duplicate value ${printEdn(v)}`,
          ident,
        );
      previous = v;
    }
    yield PAUSE;
  }
}

/** Where datoms hold the ident itself, data does not follow a new one. */
function* checkRenames(before: SettledDb, db: SettledDb): Suspended<void> {
  for (const { ident, id } of before.schema.entries()) {
    if (id === undefined || isReserved(ident)) continue;
    const renamed = db.schema.identOf(id);
    if (renamed === undefined || renamed === ident || !(yield* isUsed(db, ident))) continue;
    throw schemaError(
      `Cannot rename ${ident.toString()} to ${renamed.toString()} while it has existing (or history) datoms: they hold the old name and would not follow. Migrate the data to a new attribute, or make the database with :attribute-refs? true`,
      ident,
    );
  }
}

function schemaError(message: string, attribute: Keyword, hint = ''): Error {
  return new DatabaseError('SCHEMA_VIOLATION', `${message}${hint}`, {
    kind: 'transact/schema',
    data: { attribute },
    // Datahike prints the text that it puts together.
    summary: printEdn(message),
  });
}
