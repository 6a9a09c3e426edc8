/**
 * EDN that says all of what a value is. What EDN has no form for has a tag: `#datahike-gateway/bytes "…"` (base64), `floats` and `doubles` before a
 * vector, `keyword` and `symbol` before the text of a name that EDN cannot write, `number` before the text of a number that `readEdn` refuses
 * for its length.
 */
import { parseDecimal } from '../decimal.ts';
import { printEdn } from '../edn-print.ts';
import { readEdn } from '../edn-read.ts';
import { DatabaseError } from '../error.ts';
import { Keyword, Sym } from '../keyword.ts';
import { EdnDouble, EdnList, Tagged } from '../value.ts';
import type { EdnData, EdnMap } from '../value.ts';

const TAG = '#datahike-gateway';

/** The EDN text of a datum, on one line; {@link EXACT_TAGS} read all of it back. */
export function printExactEdn(datum: EdnData): string {
  switch (typeof datum) {
    case 'string':
      return printText(datum);
    case 'bigint':
      return printLong(printEdn(datum));
    case 'object':
      return printObject(datum);
    default:
      return printEdn(datum);
  }
}

function printObject(datum: Exclude<EdnData, string | number | bigint | boolean>): string {
  if (datum instanceof Keyword || datum instanceof Sym) return printName(datum);
  if (Array.isArray(datum)) return `[${printAll(datum as ReadonlyArray<EdnData>)}]`;
  if (datum instanceof Uint8Array)
    return `${TAG}/bytes "${Buffer.from(datum.buffer, datum.byteOffset, datum.length).toString('base64')}"`;
  if (datum instanceof Float32Array || datum instanceof Float64Array) {
    const kind = datum instanceof Float32Array ? 'floats' : 'doubles';
    return `${TAG}/${kind} [${printAll(Array.from(datum, (number) => new EdnDouble(number)))}]`;
  }
  if (datum instanceof Map)
    return `{${Array.from(datum as EdnMap, (entry) => printAll(entry)).join(', ')}}`;
  if (datum instanceof Set) return `#{${printAll([...(datum as ReadonlySet<EdnData>)])}}`;
  if (datum instanceof EdnList) return `(${printAll(datum.items)})`;
  if (datum instanceof Tagged) return `#${datum.tag} ${printExactEdn(datum.value)}`;
  return printLong(printEdn(datum));
}

function printAll(items: ReadonlyArray<EdnData>): string {
  return items.map(printExactEdn).join(' ');
}

function printText(text: string): string {
  const printed = printEdn(text);
  return text.isWellFormed()
    ? printed
    : printed.replace(
        /\p{Surrogate}/gu,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
}

/** What `readEdn` takes as one token. */
const MAX_TOKEN = 1_000;
const LONG_EXPONENT = /E[+-]?\d{10,}M$/;

function printLong(number: string): string {
  const isReadable = number.length <= MAX_TOKEN && !LONG_EXPONENT.test(number);
  return isReadable ? number : `${TAG}/number "${number}"`;
}

const printedNames = new WeakMap<Keyword | Sym, string>();

function printName(name: Keyword | Sym): string {
  let printed = printedNames.get(name);
  if (printed === undefined) {
    const text = name.toString();
    const kind = name instanceof Keyword ? 'keyword' : 'symbol';
    const plain = name instanceof Keyword ? name.qualifiedName : name.name;
    printed = isReadable(text, name) ? text : `${TAG}/${kind} ${printText(plain)}`;
    printedNames.set(name, printed);
  }
  return printed;
}

function isReadable(text: string, name: Keyword | Sym): boolean {
  try {
    return text.isWellFormed() && readEdn(text) === name;
  } catch {
    return false;
  }
}

/** Readers of the tags, for `readEdn`. */
export const EXACT_TAGS: ReadonlyMap<string, (datum: EdnData) => EdnData> = new Map(
  Object.entries({
    bytes: (datum: EdnData) => new Uint8Array(Buffer.from(textIn(datum), 'base64')),
    floats: (datum: EdnData) => Float32Array.from(numbersIn(datum)),
    doubles: (datum: EdnData) => Float64Array.from(numbersIn(datum)),
    keyword: (datum: EdnData) => Keyword.intern(textIn(datum)),
    symbol: (datum: EdnData) => Sym.intern(textIn(datum)),
    number: (datum: EdnData) => numberIn(textIn(datum)),
  }).map(([name, read]) => [`${TAG.slice(1)}/${name}`, read]),
);

function textIn(datum: EdnData): string {
  if (typeof datum === 'string') return datum;
  throw new DatabaseError('BAD_EDN', `Expected a text after the tag, got ${printEdn(datum)}`);
}

function numbersIn(datum: EdnData): number[] {
  if (!Array.isArray(datum)) throw new DatabaseError('BAD_EDN', 'Expected a vector after the tag');
  return (datum as ReadonlyArray<EdnData>).map((member) => {
    const number = member instanceof EdnDouble ? member.value : member;
    if (typeof number === 'number') return number;
    throw new DatabaseError('BAD_EDN', `Expected a number in the vector, got ${printEdn(member)}`);
  });
}

function numberIn(text: string): EdnData {
  const digits = text.slice(0, -1);
  if (/^-?\d+N$/.test(text)) return BigInt(digits);
  const decimal = text.endsWith('M') ? parseDecimal(digits) : undefined;
  if (decimal !== undefined) return decimal;
  throw new DatabaseError('BAD_EDN', 'Expected the text of a number after the tag');
}
