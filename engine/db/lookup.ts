/** Point reads: what an entity says, who has a unique value, and whom a reference names. */
import { DatabaseError } from '../../schema/error.ts';
import { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { Datom } from '../datom/datom.ts';
import { MAX_ID } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { findBaseLeaf } from '../indices/base-index.ts';
import { PAUSE, missesOf } from '../shared/suspend.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import type { SettledDb } from './scan.ts';
import { scan, scanKept } from './scan.ts';

/** All datoms whose leading components are those of the bound, in the order of the index. */
export function* datomsWith(db: SettledDb, order: IndexOrder, bound: Bound): Suspended<Datom[]> {
  const rows = scan(db, order, prefixRange(bound));
  const datoms: Datom[] = [];
  while (yield* advance(rows)) {
    for (let row = rows.lo; row < rows.hi; row++) datoms.push(rows.keys.datom(row));
    // A turn of the event loop costs more than a few rows.
    if (datoms.length >= ROWS_PER_PAUSE) yield PAUSE;
  }
  return datoms;
}

const ROWS_PER_PAUSE = 256;

/** More rows than this are not read without a pause. */
const MAX_ROWS_NOW = 4_096;

/**
 * As {@link datomsWith}, at once; undefined where there is much to read, or nodes are not in memory, which then are noted in `misses`.
 */
export function datomsNow(
  db: SettledDb,
  order: IndexOrder,
  bound: Bound,
  misses?: Miss[],
): Datom[] | undefined {
  const isAllNovelty = db.window === undefined && db.base.roots.current[order].count === 0;
  if (isAllNovelty) return db.novelty.eras.current[order].added.matching(bound);
  const rows = scan(db, order, prefixRange(bound));
  const datoms: Datom[] = [];
  for (let step = rows.next(); step !== 'done'; step = rows.next()) {
    if (step === 'missing') misses?.push(...missesOf(rows.miss));
    if (step === 'missing' || datoms.length > MAX_ROWS_NOW) return undefined;
    for (let row = rows.lo; row < rows.hi; row++) datoms.push(rows.keys.datom(row));
  }
  return datoms;
}

/** The entity that holds a value of a unique attribute. */
export function* entityWith(db: SettledDb, a: number, v: Value): Suspended<number | undefined> {
  const bound = { a, v };
  if (db.window !== undefined) return yield* firstEntity(scan(db, 'avet', prefixRange(bound)));
  // One entity at most has it, and what is new is in memory.
  const { added, removed } = db.novelty.eras.current.avet;
  const [novel] = added.matching(bound);
  if (novel !== undefined) return novel.e;
  const leaf = removed.weight === 0 ? findBaseLeaf(db.base, 'avet', bound, []) : undefined;
  if (leaf !== undefined) {
    const range = { lo: 0, hi: leaf.length };
    leaf.locate('avet', bound, range);
    return range.lo < range.hi ? leaf.e[range.lo] : undefined;
  }
  return yield* firstEntity(scanKept(db, 'avet', prefixRange(bound)));
}

function* firstEntity(rows: ChunkCursor): Suspended<number | undefined> {
  return (yield* advance(rows)) ? rows.keys.e[rows.lo] : undefined;
}

/**
 * The entity that an id, an ident or a lookup ref `[attr value]` names; undefined where an ident or lookup ref names none.
 *
 * @throws BAD_USER_INPUT (`entity-id/syntax`, `lookup-ref/syntax`, `lookup-ref/unique`) for anything else
 */
export function* resolveEntity(db: SettledDb, ref: EdnData): Suspended<number | undefined> {
  if (typeof ref === 'number') return checkedEntityId(ref);
  if (ref instanceof Keyword) return db.schema.idOf(ref);
  const pair = ref instanceof EdnList ? ref.items : ref;
  if (Array.isArray(pair)) return yield* resolveLookupRef(db, pair);
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected number or lookup ref for entity id, got ${printEdn(ref)}`,
    { kind: 'entity-id/syntax', data: { 'entity-id': ref } },
  );
}

/** As {@link resolveEntity}. @throws ENTITY_NOT_FOUND (`entity-id/missing`) where nothing is named */
export function* requireEntity(db: SettledDb, ref: EdnData): Suspended<number> {
  const entity = yield* resolveEntity(db, ref);
  if (entity !== undefined) return entity;
  throw nothingFound(ref);
}

export function nothingFound(ref: EdnData): DatabaseError {
  return new DatabaseError('ENTITY_NOT_FOUND', `Nothing found for entity id ${printEdn(ref)}`, {
    kind: 'entity-id/missing',
    data: { 'entity-id': ref },
  });
}

export function isEntityId(ref: EdnData): ref is number {
  return Number.isInteger(ref) && Number(ref) >= 0 && Number(ref) <= MAX_ID;
}

function checkedEntityId(id: number): number {
  if (isEntityId(id)) return id;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected number or lookup ref for entity id, got ${id}: an id is an integer from 0 to ${MAX_ID}`,
    {
      kind: 'entity-id/syntax',
      data: { 'entity-id': id },
      summary: `Expected number or lookup ref for entity id, got ${id}`,
    },
  );
}

function* resolveLookupRef(
  db: SettledDb,
  pair: ReadonlyArray<EdnData>,
): Suspended<number | undefined> {
  const [name = null, value] = pair;
  if (pair.length !== 2)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Lookup ref should contain 2 elements, a unique attribute and its value: ${printEdn(pair)}`,
      {
        kind: 'lookup-ref/syntax',
        data: { 'entity-id': pair },
        summary: `Lookup ref should contain 2 elements: ${printEdn(pair)}`,
      },
    );
  const a = db.schema.numberFor(name);
  const attribute = a === undefined ? undefined : db.schema.attribute(a);
  if (attribute?.unique === undefined)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Lookup ref attribute should be marked as :db/unique: ${printEdn(pair)}`,
      { kind: 'lookup-ref/unique', data: { 'entity-id': pair } },
    );
  if (value === null || value === undefined) return undefined;
  const v = attribute.valueType === 'ref' ? yield* resolveEntity(db, value) : (value as Value);
  return v === undefined ? undefined : yield* entityWith(db, attribute.number, v);
}
