/**
 * Items as EDN, one on a line. What EDN has no form for has a tag: `#datahike-gateway/bytes "…"` (base64), `floats` and `doubles` before a
 * vector, `keyword` and `symbol` before the text of a name that EDN cannot write, `number` before the text of a number that `readEdn` refuses
 * for its length. A lone surrogate is escaped, as UTF-8 has none.
 */
import type { EdnData, EdnMap } from '../../engine/index.ts';
import { Keyword, Sym, printEdn, readEdn } from '../../engine/index.ts';
import { parseDecimal } from '../../schema/decimal.ts';
import { EdnDouble } from '../../schema/value.ts';
import type { ItemFormat, ItemScanner, ItemWriter } from './item-format.ts';
import { MAX_DEPTH, UnreadableItem } from './item-format.ts';

export const EDN_FORMAT: ItemFormat = {
  createWriter: () => new EdnItemWriter(),
  createScanner: () => new LineScanner(),
  read: readLines,
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 0x0a;
const TAG = '#datahike-gateway';

class EdnItemWriter implements ItemWriter {
  #text = '';

  get sizeBytes(): number {
    return this.#text.length;
  }

  write(item: EdnData): void {
    this.#text += `${print(item)}\n`;
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    return bytes;
  }
}

class LineScanner implements ItemScanner {
  endOfItem(chunk: Uint8Array, from: number): number {
    return chunk.indexOf(NEWLINE, from) + 1 || -1;
  }
}

function* readLines(bytes: Uint8Array): Iterable<EdnData> {
  const text = UTF8.decode(bytes);
  const options = { maxDepth: MAX_DEPTH, hasTypedNumbers: true, tags: READERS };
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    yield readEdn(text.slice(from, end), options);
    from = end + 1;
  }
}

function print(datum: EdnData): string {
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
  return printLong(printEdn(datum));
}

function printAll(items: ReadonlyArray<EdnData>): string {
  return items.map(print).join(' ');
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

const READERS: ReadonlyMap<string, (datum: EdnData) => EdnData> = new Map(
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
  throw new UnreadableItem(`Expected a text after the tag, got ${printEdn(datum)}`);
}

function numbersIn(datum: EdnData): number[] {
  if (!Array.isArray(datum)) throw new UnreadableItem('Expected a vector after the tag');
  return (datum as ReadonlyArray<EdnData>).map((member) => {
    const number = member instanceof EdnDouble ? member.value : member;
    if (typeof number === 'number') return number;
    throw new UnreadableItem(`Expected a number in the vector, got ${printEdn(member)}`);
  });
}

function numberIn(text: string): EdnData {
  const digits = text.slice(0, -1);
  if (/^-?\d+N$/.test(text)) return BigInt(digits);
  const decimal = text.endsWith('M') ? parseDecimal(digits) : undefined;
  if (decimal !== undefined) return decimal;
  throw new UnreadableItem('Expected the text of a number after the tag');
}
