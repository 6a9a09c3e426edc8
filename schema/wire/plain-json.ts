/**
 * Data as plain JSON, for programs that know nothing of EDN: what `toJs` makes of it, with every number exact, however many digits it has. Keywords are
 * texts with a colon. Whether a text was a symbol, a time or a UUID it does not say; `tagged-json.ts` does.
 */
import { isDecimal } from '../decimal.ts';
import { finiteText } from '../edn-print.ts';
import { fromJs, toJs } from '../js.ts';
import { Tagged } from '../value.ts';
import type { EdnData } from '../value.ts';
import { readTaggedJson, toBase64 } from './tagged-json.ts';

export function printPlainJson(datum: EdnData): string {
  return printJs(toJs(datum));
}

/**
 * The datum that a JSON text writes. Texts that begin with a colon are keywords, and the tags of Datahike's JSON say what JSON has no form for:
 * `["!date","0"]`.
 *
 * @throws BAD_USER_INPUT
 */
export function readPlainJson(text: string): EdnData {
  return fromJs(readTaggedJson(text, { tags: NO_TAGS }));
}

const NO_TAGS: ReadonlySet<string> = new Set();

function printJs(js: unknown): string {
  switch (typeof js) {
    case 'string':
      return JSON.stringify(js);
    case 'number':
      return Number.isFinite(js) ? finiteText(js) : `"${js}"`;
    case 'bigint':
    case 'boolean':
      return String(js);
    default:
      return printObject(js as object | null);
  }
}

function printObject(js: object | null): string {
  if (js === null) return 'null';
  if (js instanceof Date) return JSON.stringify(js);
  if (js instanceof Tagged) return printPlainJson(js.value);
  if (isDecimal(js)) return js.toString();
  if (js instanceof Uint8Array) return `"${toBase64(js)}"`;
  if (ArrayBuffer.isView(js)) return printAll(Array.from(js as Float64Array));
  if (Array.isArray(js)) return printAll(js);
  const members = Object.entries(js).map(
    ([key, value]) => `${JSON.stringify(key)}:${printJs(value)}`,
  );
  return `{${members.join(',')}}`;
}

function printAll(items: ReadonlyArray<unknown>): string {
  return `[${items.map(printJs).join(',')}]`;
}
