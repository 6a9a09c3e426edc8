/** Texts, and values as texts. */
import { printEdn } from '../../../schema/edn-print.ts';
import { EdnList, Uuid } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import type { BuiltIn, Table } from './built-in.ts';
import { isNumeric, itemsOf } from './built-in.ts';

export const TEXTS: Table = [
  ['str', (...args) => args.map(textOf).join('')],
  ['pr-str', (...args) => args.map(printEdn).join(' ')],
  ['prn-str', (...args) => `${args.map(printEdn).join(' ')}\n`],
  ['print-str', (...args) => args.map(displayOf).join(' ')],
  ['println-str', (...args) => `${args.map(displayOf).join(' ')}\n`],
  ['subs', subs],
  ['clojure.string/starts-with?', ofTwo((a, b) => a.startsWith(b))],
  ['clojure.string/ends-with?', ofTwo((a, b) => a.endsWith(b))],
  ['clojure.string/includes?', ofTwo((a, b) => a.includes(b))],
  ['clojure.string/index-of', ofTwo((a, b) => (a.includes(b) ? a.indexOf(b) : undefined))],
  ['clojure.string/lower-case', ofOne((a) => a.toLowerCase())],
  ['clojure.string/upper-case', ofOne((a) => a.toUpperCase())],
  [
    'clojure.string/capitalize',
    ofOne((a) => a.slice(0, 1).toUpperCase() + a.slice(1).toLowerCase()),
  ],
  ['clojure.string/reverse', ofOne((a) => [...a].reverse().join(''))],
  ['clojure.string/trim', ofOne((a) => a.trim())],
  ['clojure.string/triml', ofOne((a) => a.trimStart())],
  ['clojure.string/trimr', ofOne((a) => a.trimEnd())],
  ['clojure.string/blank?', (a) => a === null || (typeof a === 'string' && a.trim() === '')],
  ['clojure.string/join', join],
];

function ofOne(fn: (a: string) => EdnData): BuiltIn {
  return (a) => (typeof a === 'string' ? fn(a) : undefined);
}

function ofTwo(fn: (a: string, b: string) => EdnData | undefined): BuiltIn {
  return (a, b) => (typeof a === 'string' && typeof b === 'string' ? fn(a, b) : undefined);
}

function subs(a?: EdnData, from?: EdnData, to?: EdnData): EdnData | undefined {
  if (typeof a !== 'string' || typeof from !== 'number') return undefined;
  const end = to === undefined ? a.length : to;
  const isWithin = typeof end === 'number' && from >= 0 && from <= end && end <= a.length;
  return isWithin ? a.slice(from, end) : undefined;
}

function join(...args: ReadonlyArray<EdnData>): EdnData | undefined {
  const separator = args.length > 1 ? textOf(args[0] ?? null) : '';
  return itemsOf(args.at(-1))?.map(textOf).join(separator);
}

/** The text that a value is, or else the text that writes it; what is in collections is written. */
function textOf(value: EdnData): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string' || value instanceof Uuid || isNumeric(value)) return String(value);
  return printEdn(value);
}

/** As a person reads it: texts without quotes. */
function displayOf(value: EdnData): string {
  if (typeof value === 'string') return value;
  if (value instanceof Map)
    return `{${Array.from(value as EdnMap, (entry) => entry.map(displayOf).join(' ')).join(', ')}}`;
  if (value instanceof Set) return `#{${(itemsOf(value) ?? []).map(displayOf).join(' ')}}`;
  if (value instanceof EdnList) return `(${value.items.map(displayOf).join(' ')})`;
  if (Array.isArray(value)) return `[${(value as EdnData[]).map(displayOf).join(' ')}]`;
  return printEdn(value);
}
