/**
 * Equality of EDN data, as Clojure's `=` has it: numbers by value whatever their type, vectors and lists by content, dates and
 * UUIDs by what they say. A key stands for its value in a `Map` or `Set`.
 */
import { Keyword, Sym } from './keyword.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from './value.ts';
import type { EdnData } from './value.ts';
import { isDecimal } from './decimal.ts';

/** Equal for equal data, different for different data. Strings, numbers, names and booleans stand for themselves. */
export type ValueKey = string | number | bigint | boolean | null | Keyword | Sym;

/** Starts the key of whatever cannot stand for itself; a string that starts with it is escaped. */
const MARK = '\u0000';

export function valueKey(value: EdnData): ValueKey {
  switch (typeof value) {
    case 'string':
      return value.startsWith(MARK) ? `${MARK}s${value}` : value;
    case 'bigint':
      return bigintKey(value);
    case 'object':
      return objectKey(value);
    default:
      return value;
  }
}

/** Whether two pieces of data are equal. */
export function valueEquals(a: EdnData, b: EdnData): boolean {
  return a === b || valueKey(a) === valueKey(b);
}

function bigintKey(value: bigint): ValueKey {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function objectKey(value: Exclude<EdnData, string | number | bigint | boolean>): ValueKey {
  if (value === null || value instanceof Keyword || value instanceof Sym) return value;
  if (value instanceof Date) return `${MARK}d${value.getTime()}`;
  if (value instanceof Uuid) return `${MARK}u${value.text}`;
  if (isDecimal(value)) return `${MARK}m${value.toString()}`;
  if (ArrayBuffer.isView(value)) return arrayKey(value);
  if (value instanceof EdnDouble) return value.value;
  if (value instanceof EdnList) return sequenceKey(value.items);
  if (value instanceof Tagged) return `${MARK}t${value.tag}${MARK}${String(printKey(value.value))}`;
  if (value instanceof Map) return mapKey(value);
  if (value instanceof Set) return setKey(value);
  return sequenceKey(value as ReadonlyArray<EdnData>);
}

/** Bytes or numbers; between the numbers of an array, -0 is not 0. */
function arrayKey(value: ArrayLike<number> & { readonly BYTES_PER_ELEMENT: number }): string {
  const elements = Array.from(value, (each) => (Object.is(each, -0) ? '-0' : each));
  return `${MARK}b${value.BYTES_PER_ELEMENT} ${elements.join(',')}`;
}

function sequenceKey(items: ReadonlyArray<EdnData>): string {
  return `${MARK}[${items.map(printKey).join(MARK)}${MARK}]`;
}

function mapKey(map: ReadonlyMap<EdnData, EdnData>): string {
  const entries = Array.from(map, ([key, value]) => `${printKey(key)}${MARK}=${printKey(value)}`);
  return `${MARK}{${entries.sort().join(MARK)}${MARK}}`;
}

function setKey(set: ReadonlySet<EdnData>): string {
  return `${MARK}#${Array.from(set, printKey).sort().join(MARK)}${MARK}}`;
}

/** A key as text that differs between types, `1`, `"1"` and `:1` are three things, and that says where it ends. */
function printKey(value: EdnData): string {
  if (typeof value === 'string') return `"${value.length}:${value}`;
  const key = valueKey(value);
  switch (typeof key) {
    case 'string':
      return key;
    case 'bigint':
      return `${key}N`;
    case 'object':
      return key === null ? 'nil' : printName(key);
    default:
      return String(key);
  }
}

function printName(name: Keyword | Sym): string {
  const text = name.toString();
  return `${name instanceof Sym ? "'" : ':'}${text.length}:${text}`;
}
