/**
 * Composite tuples as indices: the range of a tuple whose first members are given, and whether the tuples can be gone by. They are kept in
 * step with their members by each write, but what was written before the tuple was declared has none, or one with nil in it; and a purge
 * takes out the facts that it names and leaves what was made of them.
 */
import type { Value } from '../../../schema/value.ts';
import { DB } from '../../../schema/bootstrap.ts';
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { prefixRange } from '../../datom/chunk-cursor.ts';
import { GREATEST_VALUE, LEAST_VALUE } from '../../datom/value-order.ts';
import type { SchemaAttribute } from '../../db/schema.ts';
import { datomsWith } from '../../db/lookup.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Limits } from '../patterns/limits.ts';
import { columnsOfEntities } from './entity-columns.ts';

/** Values of a tuple, from the first one on. */
export type Members = ReadonlyArray<Value>;

/** The tuples that begin with some members, and of these those whose next member has a value, within limits. */
export function rangeOfTuples(
  { number: a, tuple }: SchemaAttribute,
  given: Members,
  limits: Limits | undefined,
): ScanRange {
  const length = tuple?.kind === 'composite' ? tuple.attributes.length : 0;
  if (given.length === length) return prefixRange({ a, v: given });
  const { from, to } = limits ?? {};
  const edge = (next: Value, rest: Value | null, inclusive: boolean): ScanRange['from'] => {
    const others = new Array<Value | null>(length - given.length - 1).fill(rest);
    return { bound: { a, v: [...given, next, ...others] as Value }, inclusive };
  };
  return {
    from:
      from === undefined
        ? edge(LEAST_VALUE, null, true)
        : edge(from.value, from.inclusive ? null : GREATEST_VALUE, from.inclusive),
    to:
      to === undefined
        ? edge(GREATEST_VALUE, GREATEST_VALUE, true)
        : edge(to.value, to.inclusive ? GREATEST_VALUE : null, to.inclusive),
  };
}

/** How far the tuples of an attribute can be gone by: without a look at the members, or with one. */
export type Trust = 'blind' | 'checked';

/** Undefined where facts may be missing among the tuples that begin with these members. */
export function* trustIn(
  db: SettledDb,
  attribute: SchemaAttribute,
  given: Members,
): Suspended<Trust | undefined> {
  // What is past may be kept of the ones and not of the others.
  if (db.window !== undefined || db.config.schemaFlexibility !== 'write') return undefined;
  const { members, isFirst, isRegular } = yield* standingOf(db, attribute);
  if (!isFirst) return (yield* areComplete(db, attribute, given)) ? 'checked' : undefined;
  return isRegular && given.every((value, place) => isPlain(members[place], value))
    ? 'blind'
    : 'checked';
}

interface Standing {
  readonly members: ReadonlyArray<SchemaAttribute>;
  /** Whether the tuple was declared no later than its members, so that all of them went into it. */
  readonly isFirst: boolean;
  /** Whether as many entities have each of the members as have a tuple, so that none has lost a member to a purge. */
  readonly isRegular: boolean;
}

const standings = new WeakMap<SettledDb, Map<number, Standing>>();

/** Found out once for each database value and tuple. */
function* standingOf(db: SettledDb, attribute: SchemaAttribute): Suspended<Standing> {
  let known = standings.get(db);
  if (known === undefined) standings.set(db, (known = new Map()));
  let standing = known.get(attribute.number);
  if (standing === undefined)
    known.set(attribute.number, (standing = yield* findStanding(db, attribute)));
  return standing;
}

function* findStanding(db: SettledDb, attribute: SchemaAttribute): Suspended<Standing> {
  const members = membersOf(db, attribute);
  const [declared] = yield* datomsWith(db, 'eavt', {
    e: attribute.id,
    a: db.schema.numberOf(DB.tupleAttrs),
  });
  const isFirst =
    declared !== undefined && members.every(({ installedTx }) => declared.tx <= installedTx);
  if (!isFirst) return { members, isFirst, isRegular: false };
  const count = yield* countRows(db, 'aevt', prefixRange({ a: attribute.number }));
  for (const { number } of members)
    if ((yield* countRows(db, 'aevt', prefixRange({ a: number }))) !== count)
      return { members, isFirst, isRegular: false };
  return { members, isFirst, isRegular: true };
}

function membersOf({ schema }: SettledDb, { tuple }: SchemaAttribute): SchemaAttribute[] {
  const idents = tuple?.kind === 'composite' ? tuple.attributes : [];
  return idents.flatMap((ident) => schema.attributeNamed(ident) ?? []);
}

/** Whether all entities with the first member have a tuple, and none of these with the given members lacks the next one. */
function* areComplete(
  db: SettledDb,
  attribute: SchemaAttribute,
  given: Members,
): Suspended<boolean> {
  const { number: a } = attribute;
  const [first] = membersOf(db, attribute);
  const [v] = given;
  if (first === undefined || v === undefined || !first.indexed) return false;
  const length = membersOf(db, attribute).length;
  const between = (start: Members, least: Value | null, most: Value | null): ScanRange => {
    const open = length - start.length - 1;
    const tuple = (next: Value | null, rest: Value | null): Value =>
      [...start, next, ...new Array<Value | null>(open).fill(rest)] as Value;
    return {
      from: { bound: { a, v: tuple(least, null) }, inclusive: true },
      to: { bound: { a, v: tuple(most, GREATEST_VALUE) }, inclusive: true },
    };
  };
  const holders = yield* countRows(db, 'avet', prefixRange({ a: first.number, v }));
  if ((yield* countRows(db, 'avet', between([], v, v))) !== holders) return false;
  for (let place = 1; place < Math.min(given.length + 1, length); place++)
    if ((yield* countRows(db, 'avet', between(given.slice(0, place), null, null))) > 0)
      return false;
  return true;
}

/** Whether what an index puts in the place of a value is equal to it. */
function isPlain(member: SchemaAttribute | undefined, value: Value): boolean {
  const type = member?.valueType;
  if (typeof value === 'number') return type === 'long' || type === 'ref';
  return typeof value === 'string' || typeof value === 'boolean' || type === 'keyword';
}

/** Which of some entities have the members that their tuples say: the places of those. */
export function* entitiesInStep(
  db: SettledDb,
  attribute: SchemaAttribute,
  entities: Int32Array,
  tuples: ReadonlyArray<Value>,
  /** How many of the members count. */
  count: number,
): Suspended<Int32Array> {
  const asked = membersOf(db, attribute)
    .slice(0, count)
    .map(({ number }) => ({ number, value: undefined }));
  const memberOf = (place: number, member: number): Value | null =>
    (tuples[place] as ReadonlyArray<Value | null>)[member] ?? null;
  const { places } = yield* columnsOfEntities(db, entities, asked, memberOf);
  return places;
}
