/** About how much data takes, which is also about how long it takes to look at all of it. */
import { isDecimal } from '../../../schema/decimal.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';

const BYTES_PER_ITEM = 8;
const BYTES_PER_CHARACTER = 2;

/** Calculating with long numbers takes longer than their length tells. */
const BYTES_PER_DIGIT = 64;

/** Of collections, which do not change: one that holds the same one twice is not looked through twice. */
const sizes = new WeakMap<object, number>();

/** Bytes; what stands in several places counts in each, as it does for whoever reads all of it. */
export function sizeOf(value: EdnData | undefined): number {
  switch (typeof value) {
    case 'string':
      return BYTES_PER_ITEM + BYTES_PER_CHARACTER * value.length;
    case 'bigint':
      return BigInt.asIntN(64, value) === value
        ? BYTES_PER_ITEM
        : BYTES_PER_DIGIT * value.toString(16).length;
    case 'object':
      return sizeOfObject(value);
    default:
      return BYTES_PER_ITEM;
  }
}

function sizeOfObject(value: Exclude<EdnData, string | number | bigint | boolean>): number {
  if (value === null) return BYTES_PER_ITEM;
  if (isDecimal(value)) return BYTES_PER_ITEM + BYTES_PER_DIGIT * value.precision();
  if (ArrayBuffer.isView(value)) return BYTES_PER_ITEM + value.byteLength;
  const items = value instanceof EdnList ? value.items : value;
  if (!Array.isArray(items) && !(items instanceof Set) && !(items instanceof Map))
    return BYTES_PER_ITEM;
  let size = sizes.get(items);
  if (size === undefined) {
    size = BYTES_PER_ITEM;
    for (const item of items as Iterable<EdnData>) size += BYTES_PER_ITEM + sizeOf(item);
    sizes.set(items, size);
  }
  return size;
}
