/**
 * What a branch keeps between two neighbouring subtrees: a key that is not before the last row of the one and before the first row of the
 * other. Any such key leads a search the same way, so one without a long value is taken where there is one. (Bayer, Unterauer:
 * Prefix B-trees, 1977.)
 */
import type { Value } from '../../schema/value.ts';
import { columnsOf } from '../datom/columns-builder.ts';
import type { Columns } from '../datom/columns.ts';
import { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { KeyAt } from '../tree/tree-writer.ts';

/** Values that take no more room than this are kept as they are. */
const SHORT = 64;

/** Comes before every other value. */
const LEAST: Value = new Uint8Array(0);

export function separator(
  order: IndexOrder,
  last: KeyAt<Columns>,
  first: KeyAt<Columns>,
): KeyAt<Columns> {
  const before = last.keys.datom(last.row);
  if (!isLong(before.v)) return last;
  const after = first.keys.datom(first.row);
  const between = datomBetween(order, before, after);
  return between === undefined ? last : { keys: columnsOf([between]), row: 0 };
}

function isLong(value: Value): boolean {
  if (typeof value === 'string') return value.length > SHORT;
  if (ArrayBuffer.isView(value)) return value.byteLength > SHORT;
  return Array.isArray(value) || value instanceof Map || value instanceof Set;
}

/** No transaction has number 0, so that what is made here is before the row whose leading components it has. */
function datomBetween(order: IndexOrder, before: Datom, after: Datom): Datom | undefined {
  const isAnotherPlace = before.a !== after.a || (order !== 'avet' && before.e !== after.e);
  const v = isAnotherPlace ? LEAST : prefixBetween(before.v, after.v);
  if (v === undefined) return undefined;
  return new Datom(order === 'avet' ? 0 : after.e, after.a, v, 0, true);
}

/** The shortest start of the later text that is after the earlier one. */
function prefixBetween(before: Value, after: Value): string | undefined {
  if (typeof before !== 'string' || typeof after !== 'string') return undefined;
  let common = 0;
  while (common < before.length && before[common] === after[common]) common++;
  const prefix = after.slice(0, common + 1);
  return prefix > before ? prefix : undefined;
}
