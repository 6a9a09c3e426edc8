/** Equality and order. What has no order with each other is neither less nor greater. */
import { Keyword, Sym } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { BuiltIn, Table } from './built-in.ts';
import { isComparable, isNumeric, typeNameOf } from './built-in.ts';

export const COMPARISONS: Table = [
  ['=', pairwise(valueEquals)],
  ['==', pairwise((a, b) => isNumeric(a) && isNumeric(b) && compareValues(a, b) === 0)],
  ['not=', (...args) => !pairwise(valueEquals)(...args)],
  ['!=', (...args) => !pairwise(valueEquals)(...args)],
  ['<', inOrder((order) => order < 0)],
  ['>', inOrder((order) => order > 0)],
  ['<=', inOrder((order) => order <= 0)],
  ['>=', inOrder((order) => order >= 0)],
  ['before?', inOrder((order) => order < 0)],
  ['after?', inOrder((order) => order > 0)],
  ['compare', compare],
  ['identical?', (a, b) => a === b],
  [
    '-differ?',
    (...args) => {
      const half = args.length / 2;
      return !args.slice(0, half).every((a, i) => valueEquals(a, args[i + half] ?? null));
    },
  ],
];

/** True where each neighbouring pair of arguments is related. */
function pairwise(isRelated: (a: EdnData, b: EdnData) => boolean): BuiltIn {
  return (...args) => args.every((b, i) => i === 0 || isRelated(args[i - 1] ?? null, b));
}

function inOrder(isRight: (order: number) => boolean): BuiltIn {
  return pairwise((a, b) => {
    const order = orderOf(a, b);
    return order !== undefined && isRight(order);
  });
}

/** The order of two values of one kind; undefined for different kinds. */
function orderOf(a: EdnData, b: EdnData): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return isComparable(a) && isComparable(b) && typeNameOf(a) === typeNameOf(b)
    ? compareValues(a, b)
    : undefined;
}

/** Java compares texts by the first code units that differ, else by length, and says how far apart they are. */
function compare(a: EdnData = null, b: EdnData = null): EdnData | undefined {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  const isName =
    (a instanceof Keyword && b instanceof Keyword) || (a instanceof Sym && b instanceof Sym);
  if (isName && a !== b) {
    const order = Math.sign(compareValues(a, b));
    const [one, other] = [namesOf(a), namesOf(b)];
    const place = one[0] === other[0] ? 1 : 0;
    const isBare = one[0] === '' || other[0] === '';
    return place === 0 && isBare ? order : compareTexts(one[place], other[place]);
  }
  return isComparable(a) && isComparable(b) ? Math.sign(compareValues(a, b)) : undefined;
}

function namesOf(name: Keyword | Sym): readonly [namespace: string, name: string] {
  const text = name.toString().replace(/^:/, '');
  const slash = text.indexOf('/', 0);
  return slash > 0 ? [text.slice(0, slash), text.slice(slash + 1)] : ['', text];
}

function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
