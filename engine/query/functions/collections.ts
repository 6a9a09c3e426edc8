/** Collections: made, asked, taken apart. */
import { DatabaseError } from '../../../schema/error.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import { valueEquals, valueKey } from '../../../schema/value-key.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { BuiltIn, Table } from './built-in.ts';
import { isComparable, itemsOf } from './built-in.ts';

type Items = ReadonlyArray<EdnData>;

/** A range longer than this has no result. */
const MAX_RANGE = 1_000_000;

export const COLLECTIONS: Table = [
  ['tuple', (...args) => args],
  ['untuple', (a) => a],
  ['vector', (...args) => args],
  ['list', (...args) => new EdnList(args)],
  ['vec', ofItems((items) => items)],
  ['set', (a) => (a === null ? new Set() : ofItems(toSet)(a ?? ''))],
  ['hash-map', (...args) => toMap(args)],
  ['array-map', (...args) => toMap(args)],
  ['count', (a) => (typeof a === 'string' ? a.length : a === null ? 0 : itemsOf(a)?.length)],
  // Differs from Datahike: it takes Clojure's `empty` for this one, so that every collection is empty there.
  ['empty?', (a) => (typeof a === 'string' ? a === '' : a === null || itemsOf(a)?.length === 0)],
  [
    'not-empty',
    (a) => (((typeof a === 'string' ? a : itemsOf(a))?.length ?? 0) > 0 ? a : undefined),
  ],
  ['contains?', contains],
  ['get', lookUp],
  ['first', ofItems((items) => items[0])],
  ['second', ofItems((items) => items[1])],
  ['last', ofItems((items) => items.at(-1))],
  ['rest', ofItems((items) => items.slice(1))],
  ['nth', (a, n) => (typeof n === 'number' && n >= 0 ? itemsOf(a)?.[n] : undefined)],
  ['take', (n, a) => (typeof n === 'number' ? itemsOf(a)?.slice(0, Math.max(0, n)) : undefined)],
  ['drop', (n, a) => (typeof n === 'number' ? itemsOf(a)?.slice(Math.max(0, n)) : undefined)],
  ['reverse', ofItems((items) => [...items].reverse())],
  [
    'sort',
    ofItems((items) => (items.every(isComparable) ? [...items].sort(compareValues) : undefined)),
  ],
  ['distinct', ofItems((items) => [...toSet(items)])],
  ['concat', (...args) => args.flatMap((one) => itemsOf(one) ?? [])],
  ['keys', (a) => (a instanceof Map ? [...(a as EdnMap).keys()] : undefined)],
  ['vals', (a) => (a instanceof Map ? [...(a as EdnMap).values()] : undefined)],
  ['range', range],
];

function ofItems(fn: (items: Items) => EdnData | undefined): BuiltIn {
  return (a) => {
    const items = itemsOf(a);
    return items === undefined ? undefined : fn(items);
  };
}

function toSet(items: Items): ReadonlySet<EdnData> {
  return new Set(new Map(items.map((item) => [valueKey(item), item])).values());
}

/** Of equal keys the last one counts. */
function toMap(args: Items): EdnMap | undefined {
  if (args.length % 2 === 1) return undefined;
  const entries = new Map<unknown, readonly [EdnData, EdnData]>();
  for (let i = 0; i < args.length; i += 2) {
    const [key = null, value = null] = args.slice(i, i + 2);
    entries.set(valueKey(key), [key, value]);
  }
  return new Map(entries.values());
}

function lookUp(coll?: EdnData, key?: EdnData, otherwise?: EdnData): EdnData | undefined {
  if (key === undefined) return undefined;
  if (coll instanceof Map) {
    for (const [k, value] of coll as EdnMap) if (valueEquals(k, key)) return value;
  } else if (coll instanceof Set) {
    for (const item of coll as ReadonlySet<EdnData>) if (valueEquals(item, key)) return item;
  } else if (Array.isArray(coll) && typeof key === 'number') {
    return (coll as Items)[key] ?? otherwise;
  }
  return otherwise;
}

function contains(coll?: EdnData, key?: EdnData): boolean {
  if (key === undefined) return false;
  if (coll instanceof Map) return [...(coll as EdnMap).keys()].some((k) => valueEquals(k, key));
  if (coll instanceof Set)
    return [...(coll as ReadonlySet<EdnData>)].some((item) => valueEquals(item, key));
  const length = typeof coll === 'string' || Array.isArray(coll) ? coll.length : 0;
  return Number.isInteger(key) && Number(key) >= 0 && Number(key) < length;
}

function range(...args: Items): EdnData | undefined {
  const [start, end, step] = args.length === 1 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1];
  if (typeof start !== 'number' || typeof end !== 'number' || typeof step !== 'number')
    return undefined;
  const length = Math.max(0, Math.ceil((end - start) / step));
  if (!(length <= MAX_RANGE))
    throw new DatabaseError(
      'LIMIT_EXCEEDED',
      `Expected a range of at most ${MAX_RANGE} numbers, got ${length}`,
      { data: { which: 'range', limit: MAX_RANGE } },
    );
  return Array.from({ length }, (_, i) => start + i * step);
}
