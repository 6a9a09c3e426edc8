/**
 * The functions and predicates that a query may call: a closed table. Nothing else can be reached from a query, whatever its name. A
 * function that cannot work on its arguments gives undefined, and the row is dropped, as where Datahike's throws or gives nil.
 */
import { isDecimal } from '../../schema/decimal.ts';
import type { Decimal } from '../../schema/decimal.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, Sym, kw, sym } from '../../schema/keyword.ts';
import { EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { compareValues } from '../datom/value-order.ts';

export type BuiltIn = (...args: ReadonlyArray<EdnData>) => EdnData | undefined;

type Numeric = number | bigint | Decimal;

const COMPARISONS: ReadonlyArray<readonly [string, BuiltIn]> = [
  ['=', pairwise(valueEquals)],
  ['==', pairwise((a, b) => order(a, b) === 0)],
  ['not=', (...args) => !pairwise(valueEquals)(...args)],
  ['!=', (...args) => !pairwise(valueEquals)(...args)],
  ['<', pairwise((a, b) => (order(a, b) ?? NaN) < 0)],
  ['>', pairwise((a, b) => (order(a, b) ?? NaN) > 0)],
  ['<=', pairwise((a, b) => (order(a, b) ?? NaN) <= 0)],
  ['>=', pairwise((a, b) => (order(a, b) ?? NaN) >= 0)],
  ['before?', pairwise((a, b) => (order(a, b) ?? NaN) < 0)],
  ['after?', pairwise((a, b) => (order(a, b) ?? NaN) > 0)],
  [
    'compare',
    (a, b) => (isComparable(a) && isComparable(b) ? Math.sign(compareValues(a, b)) : undefined),
  ],
  [
    '-differ?',
    (...args) =>
      !args
        .slice(0, args.length / 2)
        .every((a, i) => valueEquals(a, args[i + args.length / 2] ?? null)),
  ],
];

const ARITHMETIC: ReadonlyArray<readonly [string, BuiltIn]> = [
  [
    '+',
    (...args) =>
      fold(
        args,
        0,
        (a, b) => a + b,
        (a, b) => a + b,
      ),
  ],
  [
    '*',
    (...args) =>
      fold(
        args,
        1,
        (a, b) => a * b,
        (a, b) => a * b,
      ),
  ],
  [
    '-',
    (...args) =>
      args.length === 1
        ? fold(
            [0, ...args],
            0,
            (a, b) => a - b,
            (a, b) => a - b,
          )
        : chain(
            args,
            (a, b) => a - b,
            (a, b) => a - b,
          ),
  ],
  [
    '/',
    (...args) =>
      chain(args.length === 1 ? [1, ...args] : args, divide, (a, b) =>
        b !== 0n && a % b === 0n ? a / b : divide(Number(a), Number(b)),
      ),
  ],
  [
    'quot',
    (a, b) =>
      chain(
        [a ?? null, b ?? null],
        (x, y) => finite(Math.trunc(x / y)),
        (x, y) => (y === 0n ? undefined : x / y),
      ),
  ],
  [
    'rem',
    (a, b) =>
      chain(
        [a ?? null, b ?? null],
        (x, y) => finite(x % y),
        (x, y) => (y === 0n ? undefined : x % y),
      ),
  ],
  [
    'mod',
    (a, b) =>
      chain(
        [a ?? null, b ?? null],
        (x, y) => finite(((x % y) + y) % y),
        (x, y) => (y === 0n ? undefined : ((x % y) + y) % y),
      ),
  ],
  [
    'inc',
    (a) =>
      chain(
        [a ?? null, 1],
        (x, y) => x + y,
        (x, y) => x + y,
      ),
  ],
  [
    'dec',
    (a) =>
      chain(
        [a ?? null, 1],
        (x, y) => x - y,
        (x, y) => x - y,
      ),
  ],
  ['zero?', numeric((n) => n === 0)],
  ['pos?', numeric((n) => n > 0)],
  ['neg?', numeric((n) => n < 0)],
  ['even?', numeric((n) => n % 2 === 0)],
  ['odd?', numeric((n) => Math.abs(n % 2) === 1)],
  ['max', (...args) => extreme(args, 1)],
  ['min', (...args) => extreme(args, -1)],
  ['rand', (n) => Math.random() * (typeof n === 'number' ? n : 1)],
  ['rand-int', (n) => (typeof n === 'number' ? Math.floor(Math.random() * n) : undefined)],
];

const LOGIC: ReadonlyArray<readonly [string, BuiltIn]> = [
  ['true?', (a) => a === true],
  ['false?', (a) => a === false],
  ['nil?', (a) => a === null],
  ['some?', (a) => a !== null],
  ['not', (a) => a === null || a === false],
  ['and', (...args) => args.find((a) => a === null || a === false) ?? args.at(-1) ?? true],
  ['or', (...args) => args.find((a) => a !== null && a !== false) ?? args.at(-1) ?? null],
  ['identity', (a) => a],
  ['ground', (a) => a],
  ['identical?', (a, b) => a === b],
];

const NAMES: ReadonlyArray<readonly [string, BuiltIn]> = [
  [
    'name',
    (a) =>
      a instanceof Keyword
        ? a.name
        : a instanceof Sym
          ? a.name
          : typeof a === 'string'
            ? a
            : undefined,
  ],
  ['namespace', (a) => (a instanceof Keyword && a.namespace !== '' ? a.namespace : undefined)],
  [
    'keyword',
    (...args) => (args.every((a) => typeof a === 'string') ? kw(args.join('/')) : undefined),
  ],
  ['symbol', (a) => (typeof a === 'string' ? sym(a) : undefined)],
  ['type', (a) => kw(typeNameOf(a ?? null))],
];

/** Whether a value is of a kind. */
const KINDS: ReadonlyArray<readonly [string, BuiltIn]> = [
  ['string?', (a) => typeof a === 'string'],
  ['boolean?', (a) => typeof a === 'boolean'],
  ['number?', isNumeric],
  ['integer?', (a) => isNumeric(a) && isInteger(a)],
  ['int?', (a) => isNumeric(a) && isInteger(a)],
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

const COLLECTIONS: ReadonlyArray<readonly [string, BuiltIn]> = [
  ['tuple', (...args) => args],
  ['untuple', (a) => a],
  ['vector', (...args) => args],
  ['list', (...args) => new EdnList(args)],
  ['set', (a) => new Set(itemsOf(a) ?? [])],
  ['hash-map', (...args) => new Map(pairs(args))],
  ['array-map', (...args) => new Map(pairs(args))],
  ['count', (a) => (typeof a === 'string' ? a.length : a === null ? 0 : itemsOf(a)?.length)],
  ['empty?', (a) => (typeof a === 'string' ? a === '' : a === null || itemsOf(a)?.length === 0)],
  [
    'not-empty',
    (a) =>
      typeof a === 'string'
        ? a === ''
          ? undefined
          : a
        : (itemsOf(a)?.length ?? 0) > 0
          ? a
          : undefined,
  ],
  ['contains?', contains],
  ['get', lookUp],
  ['first', (a) => itemsOf(a)?.[0]],
  ['second', (a) => itemsOf(a)?.[1]],
  ['last', (a) => itemsOf(a)?.at(-1)],
  ['nth', (a, n) => itemsOf(a)?.[Number(n)]],
  ['keys', (a) => (a instanceof Map ? [...(a as EdnMap).keys()] : undefined)],
  ['vals', (a) => (a instanceof Map ? [...(a as EdnMap).values()] : undefined)],
  ['range', range],
];

const TEXT: ReadonlyArray<readonly [string, BuiltIn]> = [
  ['str', (...args) => args.map(textOf).join('')],
  ['pr-str', (...args) => args.map(printEdn).join(' ')],
  ['prn-str', (...args) => `${args.map(printEdn).join(' ')}\n`],
  ['print-str', (...args) => args.map(displayOf).join(' ')],
  ['println-str', (...args) => `${args.map(displayOf).join(' ')}\n`],
  [
    'subs',
    (a, from, to) =>
      typeof a === 'string' && typeof from === 'number' && from <= a.length
        ? a.slice(from, typeof to === 'number' ? to : undefined)
        : undefined,
  ],
  ['clojure.string/starts-with?', strings((a, b) => a.startsWith(b))],
  ['clojure.string/ends-with?', strings((a, b) => a.endsWith(b))],
  ['clojure.string/includes?', strings((a, b) => a.includes(b))],
  ['clojure.string/lower-case', (a) => (typeof a === 'string' ? a.toLowerCase() : undefined)],
  ['clojure.string/upper-case', (a) => (typeof a === 'string' ? a.toUpperCase() : undefined)],
  ['clojure.string/blank?', (a) => typeof a === 'string' && a.trim() === ''],
];

export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map([
  ...COMPARISONS,
  ...ARITHMETIC,
  ...LOGIC,
  ...NAMES,
  ...KINDS,
  ...COLLECTIONS,
  ...TEXT,
]);

/** True where each neighbouring pair of arguments is related. */
function pairwise(isRelated: (a: EdnData, b: EdnData) => boolean): BuiltIn {
  return (...args) => args.every((b, i) => i === 0 || isRelated(args[i - 1] ?? null, b));
}

/** The order of two values of one kind; undefined for different kinds. */
function order(a: EdnData, b: EdnData): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return isComparable(a) && isComparable(b) && typeNameOf(a) === typeNameOf(b)
    ? compareValues(a, b)
    : undefined;
}

function isComparable(value: EdnData | undefined): value is Value {
  return (
    value !== undefined &&
    value !== null &&
    !(value instanceof EdnList || value instanceof Map || value instanceof Set)
  );
}

function typeNameOf(value: EdnData): string {
  if (value === null) return 'nil';
  if (isNumeric(value)) return 'number';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Keyword) return 'keyword';
  if (value instanceof Sym) return 'symbol';
  if (value instanceof Date) return 'instant';
  if (value instanceof Uuid) return 'uuid';
  if (ArrayBuffer.isView(value)) return 'bytes';
  return Array.isArray(value) ? 'vector' : 'collection';
}

function isNumeric(value: EdnData | undefined): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || isDecimal(value);
}

function numeric(test: (value: number) => boolean): BuiltIn {
  return (a) => isNumeric(a) && test(Number(a));
}

function fold(
  args: ReadonlyArray<EdnData>,
  start: number,
  ofNumbers: (a: number, b: number) => number,
  ofBigints: (a: bigint, b: bigint) => bigint,
): EdnData | undefined {
  return chain([start, ...args], ofNumbers, ofBigints);
}

/** Left to right; whole numbers stay exact beyond what a double holds. */
function chain(
  args: ReadonlyArray<EdnData>,
  ofNumbers: (a: number, b: number) => number | undefined,
  ofBigints: (a: bigint, b: bigint) => bigint | number | undefined,
): EdnData | undefined {
  let result: EdnData | undefined = args[0];
  for (const b of args.slice(1)) {
    if (!isNumeric(result) || !isNumeric(b)) return undefined;
    result = combineNumbers(result, b, ofNumbers, ofBigints);
  }
  return isNumeric(result) ? result : undefined;
}

function combineNumbers(
  a: Numeric,
  b: Numeric,
  ofNumbers: (a: number, b: number) => number | undefined,
  ofBigints: (a: bigint, b: bigint) => bigint | number | undefined,
): Numeric | undefined {
  const [x, y] = [Number(a), Number(b)];
  const isWhole = isInteger(a) && isInteger(b);
  const result = ofNumbers(x, y);
  if (!isWhole || (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(result)))
    return result;
  const exact = ofBigints(BigInt(a as number), BigInt(b as number));
  return typeof exact === 'bigint' && Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

function isInteger(value: Numeric): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function divide(a: number, b: number): number | undefined {
  return finite(a / b);
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** `(max coll)`, or the n largest of `(max n coll)`, ascending. */
function extreme(args: ReadonlyArray<EdnData>, sign: number): EdnData | undefined {
  const values = (itemsOf(args.at(-1)) ?? []).filter(isComparable).sort(compareValues);
  const [n] = args;
  if (args.length === 2 && typeof n === 'number')
    return sign > 0 ? values.slice(Math.max(0, values.length - n)) : values.slice(0, n);
  return sign > 0 ? values.at(-1) : values[0];
}

function lookUp(
  coll: EdnData | undefined,
  key: EdnData | undefined,
  otherwise?: EdnData,
): EdnData | undefined {
  if (key === undefined) return undefined;
  if (coll instanceof Map) {
    for (const [k, value] of coll as EdnMap) if (valueEquals(k, key)) return value;
  } else if (coll instanceof Set) {
    for (const item of coll as ReadonlySet<EdnData>) if (valueEquals(item, key)) return item;
  } else if (Array.isArray(coll)) return (coll as ReadonlyArray<EdnData>)[Number(key)] ?? otherwise;
  return otherwise;
}

function itemsOf(value: EdnData | undefined): ReadonlyArray<EdnData> | undefined {
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  if (value instanceof Set) return [...(value as ReadonlySet<EdnData>)];
  if (value instanceof Map) return [...(value as ReadonlyMap<EdnData, EdnData>)];
  return undefined;
}

function pairs(args: ReadonlyArray<EdnData>): Array<[EdnData, EdnData]> {
  return Array.from({ length: args.length >>> 1 }, (_, i) => [
    args[2 * i] ?? null,
    args[2 * i + 1] ?? null,
  ]);
}

function contains(coll: EdnData | undefined, key: EdnData | undefined): boolean {
  if (key === undefined) return false;
  if (coll instanceof Map)
    return [...(coll as ReadonlyMap<EdnData, EdnData>).keys()].some((k) => valueEquals(k, key));
  if (coll instanceof Set)
    return [...(coll as ReadonlySet<EdnData>)].some((k) => valueEquals(k, key));
  return Array.isArray(coll) && typeof key === 'number' && key >= 0 && key < coll.length;
}

const MAX_RANGE = 1_000_000;

function range(...args: ReadonlyArray<EdnData>): EdnData | undefined {
  const [start, end, step] = args.length === 1 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1];
  if (typeof start !== 'number' || typeof end !== 'number' || typeof step !== 'number')
    return undefined;
  const length = Math.max(0, Math.ceil((end - start) / step));
  return length <= MAX_RANGE ? Array.from({ length }, (_, i) => start + i * step) : undefined;
}

/** As a person reads it: texts without quotes. */
function displayOf(value: EdnData): string {
  return typeof value === 'string' ? value : printEdn(value);
}

function textOf(value: EdnData): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : isNumeric(value) ? String(value) : printEdn(value);
}

function strings(test: (a: string, b: string) => boolean): BuiltIn {
  return (a, b) => typeof a === 'string' && typeof b === 'string' && test(a, b);
}
