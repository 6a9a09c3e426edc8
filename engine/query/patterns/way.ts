/** A pattern on its way to the datoms that match it: what is known before any of them is looked at. */
import type { EdnData, Value } from '../../../schema/value.ts';
import type { ValueKey } from '../../../schema/value-key.ts';
import { valueKey } from '../../../schema/value-key.ts';
import type { Bound } from '../../datom/columns.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { SchemaAttribute } from '../../db/schema.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Term } from '../language/ast.ts';
import { nameOf } from '../language/ast.ts';
import type { Column } from '../relation/column.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';
import { entityFor, namedEntity, prefetchNamed } from './components.ts';
import type { Limits } from './limits.ts';

export interface Way {
  readonly db: SettledDb;
  /** `[e a v tx added]`, as many as were written, with single inputs in the place of their variables. */
  readonly terms: ReadonlyArray<Term>;
  /** The constants among them as an index has them. */
  readonly fixed: Bound;
  /** The attribute, where it is constant and the schema has it. */
  readonly attribute: SchemaAttribute | undefined;
  /** Of all matches only those within are wanted. */
  readonly limits: Limits | undefined;
}

/** Undefined where the constants can match nothing. @throws ENTITY_NOT_FOUND for a lookup ref that names nobody */
export function* wayOf(
  db: SettledDb,
  terms: ReadonlyArray<Term>,
  limits: Limits | undefined,
): Suspended<Way | undefined> {
  const [e, a, v, tx] = [
    constant(terms[0]),
    constant(terms[1]),
    constant(terms[2]),
    constant(terms[3]),
  ];
  const number = a === undefined ? undefined : db.schema.numberFor(a);
  if (a !== undefined && number === undefined) return undefined;
  const attribute = number === undefined ? undefined : db.schema.attribute(number);
  const entity = e === undefined ? undefined : yield* entityFor(db, e);
  const value = v !== undefined && isRef(attribute) ? yield* entityFor(db, v) : v;
  if (entity === null || value === null || (tx !== undefined && typeof tx !== 'number'))
    return undefined;
  const fixed = { e: entity, a: number, v: value as Value | undefined, tx };
  return { db, terms, fixed, attribute, limits };
}

function constant(term: Term | undefined): EdnData | undefined {
  return term?.kind === 'constant' ? term.value : undefined;
}

export function isRef(attribute: SchemaAttribute | undefined): boolean {
  return attribute?.valueType === 'ref';
}

/** What a pattern makes of bindings where nothing matches. */
export function nothing(terms: ReadonlyArray<Term>, bindings: Relation): Relation {
  return Relation.empty([...new Set([...bindings.variables, ...terms.flatMap(nameOf)])]);
}

/** Stands for no entity at all. */
export const NO_ENTITY = -1;

/** The ids of the entities that the values of a variable name: ids, idents, lookup refs. */
export function* entityIds(db: SettledDb, column: Column): Suspended<Int32Array> {
  if (column instanceof Int32Array) return column;
  yield* prefetchNamed(db, column);
  const ids = new Int32Array(column.length);
  const known = new Map<ValueKey, number>();
  for (const [row, value] of column.entries()) {
    const key = valueKey(value);
    let id = known.get(key);
    if (id === undefined) known.set(key, (id = (yield* namedEntity(db, value)) ?? NO_ENTITY));
    ids[row] = id;
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return ids;
}
