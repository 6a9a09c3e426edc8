/**
 * EDN text to data. Follows the EDN format description; what it cannot hold exactly it refuses. No input becomes code: a tag
 * that nobody registered is an error.
 */
import { parseDecimal } from './decimal.ts';
import { DatabaseError } from './error.ts';
import { kw, sym, isKeywordName } from './keyword.ts';
import { EdnDouble, EdnList, Uuid } from './value.ts';
import type { EdnData } from './value.ts';
import { valueKey } from './value-key.ts';
import type { ValueKey } from './value-key.ts';

export interface ReadOptions {
  /** How deep collections may nest; default 128. */
  readonly maxDepth?: number;
  /** Whether `1.0` is read as an `EdnDouble` and so told from `1`. */
  readonly hasTypedNumbers?: boolean;
  /** Readers of further tags, such as `datahike/DB`, each given the datum that follows the tag. */
  readonly tags?: ReadonlyMap<string, (datum: EdnData) => EdnData>;
}

/**
 * The one datum that a text writes.
 *
 * @throws BAD_EDN with the offset of the first character that does not fit, and `isTruncated` where the text ends too early
 */
export function readEdn(text: string, options: ReadOptions = {}): EdnData {
  const reader = new EdnReader(text, options);
  const datum = reader.datum();
  reader.end();
  return datum;
}

/**
 * All data that a text writes, one after the other.
 *
 * @throws BAD_EDN as {@link readEdn}
 */
export function readAllEdn(text: string, options: ReadOptions = {}): EdnData[] {
  const reader = new EdnReader(text, options);
  const data: EdnData[] = [];
  while (!reader.isAtEnd()) data.push(reader.datum());
  return data;
}

const BLANKS = /[\s,]+/y;
const TOKEN = /[^\s,()[\]{}";]*/y;
/** What a string says up to its end or the next escape. */
const PLAIN_TEXT = /[^"\\]*/y;
const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const FLOAT = /^[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d{1,9})?$/;
const HEX = /^([+-]?)0[xX]([\da-fA-F]+)$/;
/** Reader macros of Clojure such as `^` and `@` begin no symbol. */
const NAME = /^(?:\/|[^\d/:#^@`~][^/]*(?:\/[^/]+)?)$/;
const MAX_TOKEN = 1_000;
const CHARACTERS: Readonly<Record<string, string>> = {
  newline: '\n',
  return: '\r',
  space: ' ',
  tab: '\t',
  formfeed: '\f',
  backspace: '\b',
};
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  b: '\b',
  '"': '"',
  '\\': '\\',
};
const CLOSING = new Set([')', ']', '}']);

/** A datum and where its text is. */
interface Span {
  readonly datum: EdnData;
  readonly from: number;
  readonly to: number;
}

class EdnReader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #hasTypedNumbers: boolean;
  readonly #tags: ReadonlyMap<string, (datum: EdnData) => EdnData>;
  #at = 0;
  #depth = 0;

  constructor(text: string, options: ReadOptions) {
    this.#text = text;
    this.#maxDepth = options.maxDepth ?? 128;
    this.#hasTypedNumbers = options.hasTypedNumbers === true;
    this.#tags = options.tags ?? new Map();
  }

  datum(): EdnData {
    this.#skipBlank();
    const character = this.#text[this.#at];
    if (character === undefined) throw this.#error('Expected a datum, got the end of the text');
    switch (character) {
      case '(':
        return new EdnList(this.#sequence(')'));
      case '[':
        return this.#sequence(']');
      case '{':
        return this.#map();
      case '"':
        return this.#string();
      case '\\':
        return this.#character();
      case '#':
        return this.#dispatch();
      default:
        if (CLOSING.has(character)) throw this.#error(`Expected a datum, got "${character}"`);
        return this.#atom();
    }
  }

  /** Whether nothing but blanks is left. */
  isAtEnd(): boolean {
    this.#skipBlank();
    return this.#at >= this.#text.length;
  }

  end(): void {
    if (!this.isAtEnd()) throw this.#error('Expected the end of the text after one datum');
  }

  /** Skips whitespace, commas, comments and discarded data. */
  #skipBlank(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) return;
      if (this.#match(BLANKS) !== '') continue;
      if (character === ';') this.#skipLine();
      else if (character === '#' && this.#text[this.#at + 1] === '_') {
        this.#at += 2;
        this.#nestedDatum();
      } else return;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #sequence(close: string): EdnData[] {
    return this.#spans(close).map(({ datum }) => datum);
  }

  #spans(close: string): Span[] {
    const start = this.#at++;
    const spans: Span[] = [];
    this.#enter();
    for (;;) {
      this.#skipBlank();
      const character = this.#text[this.#at];
      if (character === undefined)
        throw this.#error(`Expected "${close}" for what opens here`, start);
      if (character === close) break;
      const from = this.#at;
      spans.push({ datum: this.datum(), from, to: this.#at });
    }
    this.#at++;
    this.#depth--;
    return spans;
  }

  #map(): EdnData {
    const start = this.#at;
    const items = this.#sequence('}');
    if (items.length % 2 !== 0)
      throw this.#error('Expected a value for each key of the map, got an odd number', start);
    const map = new Map<EdnData, EdnData>();
    const seen = new Set<ValueKey>();
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] ?? null;
      if (seen.has(valueKey(key)))
        throw this.#error('Expected each key of the map once, got one twice', start);
      seen.add(valueKey(key));
      map.set(key, items[i + 1] ?? null);
    }
    return map;
  }

  /** Of elements that are two in Clojure and one here, such as `1` and `1.0`, the first is kept. */
  #set(): EdnData {
    const start = this.#at;
    const spans = new Map<ValueKey, Span>();
    for (const span of this.#spans('}')) {
      const first = spans.get(valueKey(span.datum));
      if (first === undefined) spans.set(valueKey(span.datum), span);
      else if (this.#textOf(first) === this.#textOf(span))
        throw this.#error('Expected each element of the set once, got one twice', start);
    }
    return new Set(Array.from(spans.values(), ({ datum }) => datum));
  }

  #textOf({ from, to }: Span): string {
    return this.#text.slice(from, to);
  }

  #string(): string {
    const start = this.#at++;
    let result = '';
    for (;;) {
      result += this.#match(PLAIN_TEXT);
      const character = this.#text[this.#at++];
      if (character === undefined) throw this.#error('Expected a closing quote', start);
      if (character === '"') return result;
      result += this.#escape();
    }
  }

  #escape(): string {
    const character = this.#text[this.#at++] ?? '';
    if (character === 'u') {
      const digits = this.#text.slice(this.#at, this.#at + 4);
      if (!/^[\da-fA-F]{4}$/.test(digits)) throw this.#error('Expected four hex digits after \\u');
      this.#at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const escaped = ESCAPES[character];
    if (escaped === undefined)
      throw this.#error(`Expected an escape such as \\n, got \\${character}`);
    return escaped;
  }

  #character(): string {
    const start = this.#at++;
    // The first character counts even where it is a delimiter: `\(`.
    const [first = ''] = this.#text.slice(this.#at, this.#at + 2);
    this.#at += first.length;
    const token = first + this.#token();
    const named = CHARACTERS[token];
    if (named !== undefined) return named;
    if (/^u[\da-fA-F]{4}$/.test(token)) return String.fromCharCode(parseInt(token.slice(1), 16));
    if (token === '' || token !== first)
      throw this.#error(`Expected a character such as \\a or \\newline, got \\${token}`, start);
    return token;
  }

  #dispatch(): EdnData {
    const start = this.#at++;
    if (this.#text[this.#at] === '{') return this.#set();
    if (this.#text[this.#at] === '#') {
      this.#at++;
      return this.#symbolicNumber(this.#token(), start);
    }
    const tag = this.#token();
    const read = tag === 'inst' ? readInstant : tag === 'uuid' ? readUuid : this.#tags.get(tag);
    if (read === undefined)
      throw this.#error(`Expected a known tag (#inst, #uuid), got #${tag}`, start);
    const result = read(this.#nestedDatum());
    if (result === undefined) throw this.#error(`Expected a valid text after #${tag}`, start);
    return result;
  }

  #symbolicNumber(name: string, start: number): number {
    if (name === 'Inf') return Infinity;
    if (name === '-Inf') return -Infinity;
    if (name === 'NaN') return NaN;
    throw this.#error(`Expected ##Inf, ##-Inf or ##NaN, got ##${name}`, start);
  }

  #atom(): EdnData {
    const start = this.#at;
    const token = this.#token();
    if (token === 'nil') return null;
    if (token === 'true') return true;
    if (token === 'false') return false;
    if (token.startsWith(':')) {
      if (!isKeywordName(token.slice(1)))
        throw this.#error(`Expected a keyword such as :a/b, got ${token}`, start);
      return kw(token);
    }
    if (/^[+-]?\d/.test(token)) return this.#number(token, start);
    if (!NAME.test(token)) throw this.#error(`Expected a symbol, got ${token}`, start);
    return sym(token);
  }

  #number(token: string, start: number): EdnData {
    const hex = HEX.exec(token);
    if (hex !== null) return exactInteger(BigInt(`0x${hex[2]}`) * (hex[1] === '-' ? -1n : 1n));
    if (INTEGER.test(token)) {
      const number = Number(token);
      return Number.isSafeInteger(number) ? number + 0 : BigInt(token.replace('+', ''));
    }
    const digits = token.slice(0, -1);
    if (token.endsWith('N') && INTEGER.test(digits)) return BigInt(digits.replace('+', ''));
    if (token.endsWith('M') && FLOAT.test(digits)) {
      const decimal = parseDecimal(digits);
      if (decimal !== undefined) return decimal;
    }
    if (FLOAT.test(token)) {
      const number = Number(token);
      if (Number.isFinite(number)) return this.#hasTypedNumbers ? new EdnDouble(number) : number;
    }
    throw this.#error(`Expected a number, got ${token}`, start);
  }

  #token(): string {
    const start = this.#at;
    const token = this.#match(TOKEN);
    if (token.length > MAX_TOKEN)
      throw this.#error(`Expected at most ${MAX_TOKEN} characters in a number or name`, start);
    return token;
  }

  /** Takes what a pattern matches here, which may be nothing. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += match.length;
    return match;
  }

  /** A datum that belongs to what stands before it. */
  #nestedDatum(): EdnData {
    this.#enter();
    const datum = this.datum();
    this.#depth--;
    return datum;
  }

  #enter(): void {
    if (++this.#depth > this.#maxDepth)
      throw this.#error(`Expected at most ${this.#maxDepth} nested collections`);
  }

  #error(message: string, at = this.#at): DatabaseError {
    const isTruncated = this.#at >= this.#text.length;
    return new DatabaseError('BAD_EDN', `${message}, at offset ${at}`, {
      data: { offset: at, ...(isTruncated ? { isTruncated } : {}) },
    });
  }
}

function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const INSTANT =
  /^(\d{4}|[+-]\d{6})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/** Milliseconds are kept, finer digits dropped, as `java.util.Date` does. */
function readInstant(datum: EdnData): Date | undefined {
  const match = typeof datum === 'string' ? INSTANT.exec(datum) : null;
  if (match === null) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = match;
  const millis = (match[7] ?? '').padEnd(3, '0').slice(0, 3);
  const zone = match[8] ?? 'Z';
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${zone}`);
  const isReal =
    !Number.isNaN(date.getTime()) && Number(day) <= daysOfMonth(Number(year), Number(month));
  return isReal ? date : undefined;
}

/** The calendar repeats itself every 400 years; `Date.UTC` takes years below 100 for others. */
function daysOfMonth(year: number, month: number): number {
  return new Date(Date.UTC(2_000 + (year % 400), month, 0)).getUTCDate();
}

function readUuid(datum: EdnData): Uuid | undefined {
  return typeof datum === 'string' ? Uuid.parse(datum) : undefined;
}
