/** Data to EDN text. What {@link readEdn} reads back is equal to what was printed. */
import { isDecimal } from './decimal.ts';
import { Keyword, Sym } from './keyword.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from './value.ts';
import type { EdnData } from './value.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

/** The EDN text of a datum, on one line. Typed arrays print as vectors of their elements. */
export function printEdn(datum: EdnData): string {
  switch (typeof datum) {
    case 'string':
      return `"${datum.replace(/["\\\n\r\t\f\b]/g, (character) => ESCAPES[character] ?? '')}"`;
    case 'number':
      return printNumber(datum);
    case 'bigint':
      return `${datum}N`;
    case 'boolean':
      return String(datum);
    case 'object':
      return printObject(datum);
    default:
      throw new TypeError(`Expected EDN data, got ${typeof datum}`);
  }
}

function printNumber(number: number): string {
  if (Number.isNaN(number)) return '##NaN';
  if (number === Infinity) return '##Inf';
  if (number === -Infinity) return '##-Inf';
  return Object.is(number, -0) ? '-0.0' : finiteText(number);
}

/** The text of a finite number; one that looks like an integer of more digits than are exact keeps a fraction, so that it is read as a double. */
export function finiteText(number: number): string {
  const text = String(number);
  return Number.isInteger(number) && !Number.isSafeInteger(number) && !text.includes('e')
    ? `${text}.0`
    : text;
}

/** With a fraction or an exponent, so that it is read as no integer. */
function printDouble(number: number): string {
  const text = printNumber(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function printObject(datum: Exclude<EdnData, string | number | bigint | boolean>): string {
  if (datum === null) return 'nil';
  if (datum instanceof Keyword || datum instanceof Sym) return datum.toString();
  if (datum instanceof Date) return `#inst "${printInstant(datum)}"`;
  if (datum instanceof Uuid) return `#uuid "${datum.text}"`;
  if (isDecimal(datum)) return `${datum.toString()}M`;
  if (datum instanceof EdnDouble) return printDouble(datum.value);
  if (datum instanceof EdnList) return `(${printAll(datum.items)})`;
  if (datum instanceof Tagged) return `#${datum.tag} ${printEdn(datum.value)}`;
  if (datum instanceof Map)
    return `{${Array.from(datum, ([key, value]) => `${printEdn(key)} ${printEdn(value)}`).join(', ')}}`;
  if (datum instanceof Set) return `#{${printAll([...datum])}}`;
  if (ArrayBuffer.isView(datum)) return `[${printAll(Array.from(datum))}]`;
  return `[${printAll(datum as ReadonlyArray<EdnData>)}]`;
}

/** A date of JavaScript may be no instant at all; then what is printed cannot be read. */
function printInstant(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'invalid' : date.toISOString().replace('Z', '-00:00');
}

function printAll(items: ReadonlyArray<EdnData>): string {
  return items.map(printEdn).join(' ');
}
