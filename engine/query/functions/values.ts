/** Truth, names and kinds of values. */
import { isDecimal } from '../../../schema/decimal.ts';
import { Keyword, Sym, kw, sym } from '../../../schema/keyword.ts';
import { Uuid } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Table } from './built-in.ts';
import { isInteger, isNumeric, itemsOf, typeNameOf } from './built-in.ts';

export const LOGIC: Table = [
  ['true?', (a) => a === true],
  ['false?', (a) => a === false],
  ['nil?', (a) => a === null],
  ['some?', (a) => a !== null],
  ['not', (a) => !isTruthy(a)],
  [
    'and',
    (...args) => (args.every(isTruthy) ? (args.at(-1) ?? true) : args.find((a) => !isTruthy(a))),
  ],
  ['or', (...args) => args.find(isTruthy) ?? args.at(-1) ?? null],
  ['identity', (a) => a],
  ['ground', (a) => a],
  ['boolean', isTruthy],
];

function isTruthy(value: EdnData | undefined): boolean {
  return value !== null && value !== undefined && value !== false;
}

export const NAMES: Table = [
  [
    'name',
    (a) =>
      a instanceof Keyword || a instanceof Sym ? a.name : typeof a === 'string' ? a : undefined,
  ],
  ['namespace', namespaceOf],
  [
    'keyword',
    (...args) =>
      args.length === 1 && args[0] instanceof Keyword
        ? args[0]
        : args.every((a) => typeof a === 'string') && args.length > 0
          ? kw(args.join('/'))
          : undefined,
  ],
  ['symbol', (a) => (a instanceof Sym ? a : typeof a === 'string' ? sym(a) : undefined)],
  ['type', (a) => kw(typeNameOf(a ?? null))],
  // Values carry no metadata here.
  ['meta', () => undefined],
  // What it would give is a function, and functions are no data.
  ['complement', () => undefined],
];

function namespaceOf(value: EdnData | undefined): EdnData | undefined {
  if (value instanceof Keyword && value.namespace !== '') return value.namespace;
  if (!(value instanceof Sym)) return undefined;
  const slash = value.name.indexOf('/');
  return slash > 0 ? value.name.slice(0, slash) : undefined;
}

/** Whether a value is of a kind. */
export const KINDS: Table = [
  ['string?', (a) => typeof a === 'string'],
  ['boolean?', (a) => typeof a === 'boolean'],
  ['number?', isNumeric],
  ['integer?', isInteger],
  ['int?', isInteger],
  ['decimal?', isDecimal],
  ['keyword?', (a) => a instanceof Keyword],
  ['symbol?', (a) => a instanceof Sym],
  ['inst?', (a) => a instanceof Date],
  ['uuid?', (a) => a instanceof Uuid],
  ['map?', (a) => a instanceof Map],
  ['set?', (a) => a instanceof Set],
  ['vector?', (a) => Array.isArray(a)],
  ['coll?', (a) => itemsOf(a) !== undefined],
];
