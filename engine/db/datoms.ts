/** Direct access to the indices. */
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import { Keyword } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { ScanRange } from '../datom/chunk-cursor.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import { must } from '../shared/assert.ts';
import type { Suspended } from '../shared/suspend.ts';
import { didYouMean } from '../shared/suggest.ts';
import { PAUSE, run } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { requireEntity } from './lookup.ts';
import type { SettledDb } from './scan.ts';
import { countRows, scan } from './scan.ts';
import { settle } from './settle.ts';

/** The components of an index in its order: `eavt` is entity, attribute, value, transaction. */
export type Components = ReadonlyArray<EdnData>;

/** The datoms whose leading components are those given, in index order. Reads on only while the consumer does. */
export function datoms(db: Db, order: IndexOrder, ...components: Components): AsyncIterable<Datom> {
  return rows(db, order, components, prefixRange, false);
}

/** From the place of the components to the end of the index. */
export function seekDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): AsyncIterable<Datom> {
  return rows(db, order, components, (bound) => ({ from: { bound, inclusive: true } }), false);
}

/** From the place of the components back to the start of the index. */
export function rseekDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): AsyncIterable<Datom> {
  return rows(db, order, components, (bound) => ({ to: { bound, inclusive: true } }), true);
}

/**
 * The datoms of an indexed attribute with values from `start` to `end`, both inclusive; null leaves an end open. Where attributes are named
 * by their entities, so is this one.
 */
export async function* indexRange(
  db: Db,
  attribute: Keyword | number,
  start: EdnData,
  end: EdnData,
): AsyncIterable<Datom> {
  if (db.schema.names.areEntities && typeof attribute !== 'number') {
    const asked = ['-index-range', 'db', printEdn(attribute), printEdn(start), printEdn(end)];
    const summary = `Bad entity attribute ${String(attribute)} at (${asked.join(' ')}), expected reference number`;
    throw new DatabaseError('BAD_TRANSACTION', `${summary}: the id of the entity that defines it`, {
      kind: 'transact/syntax',
      data: { attribute },
      summary,
    });
  }
  const a = db.schema.numberFor(attribute);
  if (a === undefined || !db.schema.isIndexed(a))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Attribute ${String(attribute)} should be marked as :db/index true`,
      // Datahike leaves no spaces there.
      {
        data: { attribute },
        summary: `Attribute${String(attribute)}should be marked as :db/index true`,
      },
    );
  const settled = await run(settle(db));
  const from = await run(
    boundOf(settled, 'avet', start === null ? [attribute] : [attribute, start]),
  );
  const to = await run(boundOf(settled, 'avet', end === null ? [attribute] : [attribute, end]));
  yield* drain(settled, 'avet', {
    from: { bound: { ...from, a }, inclusive: true },
    to: { bound: { ...to, a }, inclusive: true },
  });
}

/** How many datoms have the leading components: for the present from counts in the index, in other views by counting them. */
export async function countDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): Promise<number> {
  const settled = await run(settle(db));
  const bound = await run(boundOf(settled, order, components));
  return run(count(settled, order, bound));
}

function* count(db: SettledDb, order: IndexOrder, bound: Bound): Suspended<number> {
  const range = prefixRange(bound);
  const hidden = order === 'avet' ? hiddenInAvet(db) : undefined;
  if (db.window === undefined) {
    const rows = yield* countRows(db, order, range);
    if (hidden === undefined || (bound.a !== undefined && bound.a !== hidden)) return rows;
    return bound.a === hidden
      ? 0
      : rows - (yield* countRows(db, order, prefixRange({ a: hidden })));
  }
  let shown = 0;
  const rows = scan(db, order, range);
  while (yield* advance(rows)) {
    for (let row = rows.lo; row < rows.hi; row++) if (rows.keys.a[row] !== hidden) shown++;
    yield PAUSE;
  }
  return shown;
}

async function* rows(
  db: Db,
  order: IndexOrder,
  components: Components,
  toRange: (bound: Bound) => ScanRange,
  isReverse: boolean,
): AsyncIterable<Datom> {
  const settled = await run(settle(db));
  const bound = await run(boundOf(settled, order, components));
  yield* drain(settled, order, toRange(bound), isReverse);
}

async function* drain(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  isReverse = false,
): AsyncIterable<Datom> {
  const cursor = scan(db, order, range, isReverse);
  const hidden = order === 'avet' ? hiddenInAvet(db) : undefined;
  while (await run(advance(cursor))) {
    const { keys, lo, hi } = cursor;
    for (let i = 0; i < hi - lo; i++) {
      const row = isReverse ? hi - 1 - i : lo + i;
      if (keys.a[row] !== hidden) yield keys.datom(row);
    }
  }
}

/** AVET holds the times of transactions for looking them up; where attributes are named by idents Datahike's does not. */
function hiddenInAvet(db: SettledDb): number | undefined {
  const { areEntities, txInstant } = db.schema.names;
  return areEntities ? undefined : txInstant;
}

const PARTS = {
  eavt: ['e', 'a', 'v', 'tx'],
  aevt: ['a', 'e', 'v', 'tx'],
  avet: ['a', 'v', 'e', 'tx'],
} as const;

/** Components as the caller gives them to those of the index: names resolved, the first missing one ends them. */
function* boundOf(db: SettledDb, order: IndexOrder, components: Components): Suspended<Bound> {
  if (!INDEX_ORDERS.includes(order))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected one of ${INDEX_ORDERS.join(', ')} as index, got ${String(order)}`,
    );
  const given = new Map(PARTS[order].map((part, i) => [part, components[i] ?? null]));
  const name = given.get('a') ?? null;
  checkAttributeName(db, name, given);
  const a = db.schema.numberFor(name);
  const attribute = a === undefined ? undefined : db.schema.attribute(a);
  if (name instanceof Keyword && attribute === undefined && db.config.schemaFlexibility === 'write')
    throw undeclared(name, given, db.schema.idents);
  const isRef = attribute?.valueType === 'ref';
  const bound: { e?: number; a?: number; v?: Value; tx?: number } = {};
  for (const [part, component] of given) {
    if (component === null) break;
    if (part === 'a') {
      bound.a = must(a, 'a number for an attribute that is named');
    } else if (part === 'e' || (part === 'v' && isRef))
      bound[part] = yield* requireEntity(db, component);
    else if (part === 'v') bound.v = component as Value;
    else bound.tx = Number(component);
  }
  return bound;
}

type Given = ReadonlyMap<'e' | 'a' | 'v' | 'tx', EdnData>;

/** What Datahike says of an attribute that it cannot look up: in which of its own calls. */
function badName(given: Given, why: string): string {
  const shown = (['e', 'a', 'v', 'tx'] as const).map((part) => printEdn(given.get(part) ?? null));
  return `Bad entity attribute ${shown[1]} at (resolve-datom db ${shown.join(' ')}), ${why}`;
}

function undeclared(name: Keyword, given: Given, idents: Iterable<Keyword>): DatabaseError {
  const why = 'not defined in current schema';
  const text = name.toString();
  return new DatabaseError(
    'SCHEMA_VIOLATION',
    `Bad entity attribute ${text}, ${why}${didYouMean(text, idents)}`,
    { kind: 'transact/schema', data: { attribute: name }, summary: badName(given, why) },
  );
}

/** @throws SCHEMA_VIOLATION, BAD_USER_INPUT for what cannot name an attribute */
function checkAttributeName(db: SettledDb, name: EdnData, given: Given): void {
  if (name === null || name instanceof Keyword) return;
  if (typeof name === 'number' && db.schema.names.areEntities) return;
  const isText = typeof name === 'string';
  throw new DatabaseError(
    isText ? 'SCHEMA_VIOLATION' : 'BAD_USER_INPUT',
    `Bad entity attribute ${printEdn(name)}, expected a keyword`,
    {
      kind: isText ? 'transact/schema' : 'transact/syntax',
      data: { attribute: name },
      summary: badName(
        given,
        isText ? 'not defined in current schema' : 'expected keyword or string',
      ),
    },
  );
}
