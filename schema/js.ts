/**
 * Plain JavaScript data to EDN data and back, by the rules of Datahike's JavaScript API: keys are keywords with or without a colon,
 * a text that starts with a colon is a keyword (`'\\:text'` for such a text), and back again maps become objects whose keys have no
 * colon.
 */
import { isDecimal } from './decimal.ts';
import { DatabaseError } from './error.ts';
import { Keyword, Sym, kw } from './keyword.ts';
import { readEdn } from './edn-read.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from './value.ts';
import type { EdnData } from './value.ts';

/** What may be given as transaction data: EDN text, or entity maps and operations as EDN or plain JavaScript data. */
export type TxInput = string | ReadonlyArray<unknown>;

/**
 * Transaction data as EDN data. An EDN text says what it is; in JavaScript data texts that start with a colon are keywords.
 *
 * @throws BAD_EDN, BAD_TRANSACTION
 */
export function toTxData(input: TxInput): ReadonlyArray<EdnData> {
  const forms = formsOf(input);
  return typeof input === 'string' ? (forms as ReadonlyArray<EdnData>) : forms.map(fromJs);
}

/** The forms of transaction data, of which those of an EDN text are EDN data already. @throws as {@link toTxData} */
export function formsOf(input: TxInput): ReadonlyArray<unknown> {
  const data = typeof input === 'string' ? readEdn(input) : input;
  if (Array.isArray(data)) return data as ReadonlyArray<unknown>;
  throw new DatabaseError(
    'BAD_TRANSACTION',
    'Bad transaction data, expected sequential collection',
    {
      kind: 'transact/syntax',
    },
  );
}

/** What an object of somebody's own stands for; undefined where it is none of them. */
export type KnownObject = (data: object) => EdnData | undefined;

/** EDN data is left as it is. @throws BAD_USER_INPUT for what EDN cannot say, such as a function */
export function fromJs(data: unknown): EdnData {
  return readJs(data, nobodys);
}

const nobodys: KnownObject = () => undefined;

/** The same where objects among the data are more than data to somebody. @throws as {@link fromJs} */
export function readJs(data: unknown, known: KnownObject): EdnData {
  switch (typeof data) {
    case 'string':
      if (data.startsWith('\\:')) return data.slice(1);
      return data.startsWith(':') && data.length > 1 ? kw(data) : data;
    case 'number':
    case 'bigint':
    case 'boolean':
      return data;
    case 'undefined':
      return null;
    case 'object':
      return fromObject(data, known);
    default:
      throw new DatabaseError('BAD_USER_INPUT', `Expected data, got a ${typeof data}`);
  }
}

function fromObject(data: object | null, known: KnownObject): EdnData {
  if (data === null || isAtom(data)) return data as EdnData;
  const read = (item: unknown): EdnData => readJs(item, known);
  if (Array.isArray(data)) return data.map(read);
  if (data instanceof Set) return new Set(Array.from(data, read));
  if (data instanceof Map && isEdn(data)) return data;
  if (data instanceof Map)
    return new Map(Array.from(data, ([key, value]) => [read(key), read(value)]));
  return known(data) ?? new Map(Object.entries(data).map(([key, value]) => [kw(key), read(value)]));
}

/** Whether a map is EDN data as it stands. */
function isEdn(map: ReadonlyMap<unknown, unknown>): map is ReadonlyMap<EdnData, EdnData> {
  for (const [key, value] of map)
    if (!(key instanceof Keyword) || fromJs(value) !== value) return false;
  return true;
}

/** What is a value of its own and not a collection. */
function isAtom(data: object): boolean {
  return (
    data instanceof Keyword ||
    data instanceof Sym ||
    data instanceof Date ||
    data instanceof Uuid ||
    data instanceof EdnDouble ||
    data instanceof EdnList ||
    data instanceof Tagged ||
    isDecimal(data) ||
    ArrayBuffer.isView(data)
  );
}

/** Keywords become texts with a colon, UUIDs and symbols texts, sets and lists arrays, maps objects. */
export function toJs(data: EdnData): unknown {
  return showJs(data, (known) => known);
}

/** The same where tagged elements are more than data to somebody. */
export function showJs(data: EdnData, showTagged: (tagged: Tagged) => unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (data instanceof Keyword || data instanceof Sym || data instanceof Uuid)
    return data.toString();
  if (data instanceof EdnDouble) return data.value;
  if (data instanceof Tagged) return showTagged(data);
  const show = (item: EdnData): unknown => showJs(item, showTagged);
  if (data instanceof EdnList) return data.items.map(show);
  if (data instanceof Set) return Array.from(data as ReadonlySet<EdnData>, show);
  if (Array.isArray(data)) return (data as ReadonlyArray<EdnData>).map(show);
  if (data instanceof Map)
    return Object.fromEntries(
      Array.from(data as ReadonlyMap<EdnData, EdnData>, ([key, value]) => [
        keyOf(key),
        show(value),
      ]),
    );
  return data;
}

function keyOf(key: EdnData): string {
  return key instanceof Keyword ? key.qualifiedName : String(toJs(key));
}
