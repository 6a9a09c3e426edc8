/** Whether an answer is the recorded one. The rules are in `test/conformance/README.md`. */
import { isDecimal } from '../../schema/decimal.ts';
import { kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';

const ANY = kw('any');

export function isEqual(step: EdnMap, expected: EdnData, actual: EdnData): boolean {
  if (step.has(kw('q'))) return isQueryEqual(step, expected, actual);
  const isUnordered = step.get(kw('unordered')) === true;
  if (step.has(kw('tx')) || step.has(kw('with')))
    return isReportEqual(expected as EdnMap, actual as EdnMap, isUnordered);
  if (step.has(kw('pull')) || step.has(kw('pull-many'))) return isSame(expected, actual, true);
  if (expected === null && Array.isArray(actual) && actual.length === 0) return true;
  return isUnordered ? isMultiset(expected, actual) : isSame(expected, actual, false);
}

function isReportEqual(expected: EdnMap, actual: EdnMap, isUnordered: boolean): boolean {
  for (const [key, value] of expected) {
    const other = actual.get(key) ?? null;
    const isFine =
      isUnordered && key === kw('tx-data') ? isMultiset(value, other) : isSame(value, other, false);
    if (!isFine) return false;
  }
  return true;
}

function isQueryEqual(step: EdnMap, expected: EdnData, actual: EdnData): boolean {
  const options = (step.get(kw('opts')) as EdnMap | undefined) ?? new Map();
  const isOrdered = options.has(kw('order-by'));
  const isPaged = options.has(kw('limit')) || options.has(kw('offset'));
  if (!isCollection(expected)) return isSame(expected, actual, true);
  if (!isCollection(actual)) return actual === null && itemsOf(expected).length === 0;
  if (isPaged && !isOrdered) return itemsOf(expected).length === itemsOf(actual).length;
  return isOrdered && !(expected instanceof Set)
    ? isSame(itemsOf(expected), itemsOf(actual), true)
    : isMultiset(expected, actual);
}

function isCollection(data: EdnData): boolean {
  return Array.isArray(data) || data instanceof Set || data instanceof EdnList;
}

function itemsOf(data: EdnData): ReadonlyArray<EdnData> {
  if (data instanceof EdnList) return data.items;
  return data instanceof Set
    ? [...(data as ReadonlySet<EdnData>)]
    : (data as ReadonlyArray<EdnData>);
}

/** Equal as bags: each expected item is found once. */
function isMultiset(expected: EdnData, actual: EdnData): boolean {
  if (!isCollection(expected) || !isCollection(actual)) return isSame(expected, actual, true);
  const [wanted, found] = [itemsOf(expected), [...itemsOf(actual)]];
  if (wanted.length !== found.length) return false;
  const countByKey = new Map<unknown, number>();
  for (const item of found)
    countByKey.set(valueKey(item), (countByKey.get(valueKey(item)) ?? 0) + 1);
  const rest = wanted.filter((item) => {
    const count = countByKey.get(valueKey(item)) ?? 0;
    countByKey.set(valueKey(item), count - 1);
    return count <= 0;
  });
  if (rest.length === 0) return true;
  if (wanted.length > 400) return false;
  return wanted.every((item) => {
    const at = found.findIndex((other) => isSame(item, other, true));
    if (at >= 0) found.splice(at, 1);
    return at >= 0;
  });
}

/** `areVectorsBags`: values of many-valued attributes have no order. */
function isSame(expected: EdnData, actual: EdnData, areVectorsBags: boolean): boolean {
  if (expected === ANY) return actual instanceof Date;
  if (expected instanceof Map) {
    if (!(actual instanceof Map) || actual.size !== expected.size) return false;
    const other = new Map(Array.from(actual as EdnMap, ([key, value]) => [valueKey(key), value]));
    return Array.from(expected as EdnMap).every(([key, value]) => {
      const found = other.get(valueKey(key));
      return found !== undefined && isSame(value, found, areVectorsBags);
    });
  }
  if (isCollection(expected)) {
    if (!isCollection(actual)) return isArraySame(expected, actual);
    if (expected instanceof Set) return isMultiset(expected, actual);
    const [wanted, found] = [itemsOf(expected), itemsOf(actual)];
    const isEqualInOrder =
      wanted.length === found.length &&
      wanted.every((item, i) => isSame(item, found[i] ?? null, areVectorsBags));
    return isEqualInOrder || (areVectorsBags && isMultiset(expected, actual));
  }
  if (isNumber(expected) && isNumber(actual)) return isNumberSame(expected, actual);
  return valueKey(expected) === valueKey(actual);
}

function isArraySame(expected: EdnData, actual: EdnData): boolean {
  return ArrayBuffer.isView(actual) && isSame(expected, Array.from(actual as Uint8Array), false);
}

function isNumber(data: EdnData): boolean {
  return typeof data === 'number' || typeof data === 'bigint' || isDecimal(data);
}

function isNumberSame(a: EdnData, b: EdnData): boolean {
  const [x, y] = [Number(a), Number(b)];
  return String(a) === String(b) || x === y || (Number.isNaN(x) && Number.isNaN(y));
}
