/**
 * Queries in plain JavaScript data, to the EDN that they say. Arrays stand for vectors and lists; where a text stands tells what it is:
 *
 *     '?name' '_' '$' '$other' '%' '...' '.'    variable, blank, source, rules, signs of find and in: anywhere but in nested data
 *     ':country/name'                           keyword, anywhere
 *     ['<', '?a', 5]  ['not', …]  ['older', …]  a word at the head of an array that calls: function, clause, rule, aggregate
 *     'France'                                  any other text: itself
 *     '\\?'  '\\:'  '\\$' …                     a text that begins with the sign after the backslash
 */
import { DatabaseError } from '../../../schema/error.ts';
import { fromJs } from '../../../schema/js.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { queryError } from '../query-error.ts';

export type QueryVariable = `?${string}`;

/** A pattern, a call `[['<', '?a', '?b']]`, or a list such as `['not', …]` and `['my-rule', '?x']`. */
export type QueryClause = ReadonlyArray<unknown>;

/** A query in plain data. */
export interface QueryObject {
  /** `['?a', '?b']` rows, `['?a', '.']` one value, `[['?a', '...']]` a collection, `[['?a', '?b']]` one row; aggregates and pulls are arrays. */
  readonly find: ReadonlyArray<QueryVariable | '.' | ReadonlyArray<unknown>>;
  /** Sources, `'%'` for rules, and bindings, in the order of the inputs. Default `['$']`. */
  readonly in?: ReadonlyArray<string | ReadonlyArray<unknown>>;
  readonly with?: ReadonlyArray<QueryVariable>;
  readonly where?: ReadonlyArray<QueryClause>;
  /** Names for the find elements: rows become maps by keywords, texts or symbols. */
  readonly keys?: ReadonlyArray<string>;
  readonly strs?: ReadonlyArray<string>;
  readonly syms?: ReadonlyArray<string>;
  /** Variables, or places in `find`, each with its direction after it: `['?n', 'desc', 0]`. */
  readonly orderBy?: ReadonlyArray<QueryVariable | number | 'asc' | 'desc'>;
  readonly limit?: number;
  readonly offset?: number;
}

type Convert = (item: unknown) => EdnData;

const SECTIONS: Readonly<Record<keyof QueryObject, Convert>> = {
  find: each(findElement),
  in: each(binding),
  with: each(binding),
  where: each(clause),
  keys: each(word),
  strs: each(word),
  syms: each(word),
  orderBy: each((item) => (item === 'asc' || item === 'desc' ? kw(item) : binding(item))),
  limit: fromJs,
  offset: fromJs,
};

/** @throws BAD_QUERY (`parser/query`) for a key that queries have not, BAD_USER_INPUT for what is no data */
export function queryOfObject(object: Partial<QueryObject>): EdnMap {
  const form = new Map<EdnData, EdnData>();
  for (const [key, value] of Object.entries(object)) {
    const convert = Object.hasOwn(SECTIONS, key) ? SECTIONS[key as keyof QueryObject] : undefined;
    if (convert === undefined)
      throw queryError(
        'parser/query',
        `Unknown key ${key} in a query${didYouMean(key, Object.keys(SECTIONS))}`,
      );
    if (value !== undefined) form.set(kw(key === 'orderBy' ? 'order-by' : key), convert(value));
  }
  return form;
}

export function isQueryObject(form: object): form is QueryObject {
  return isPlainObject(form) && 'find' in form;
}

/** Rules in plain data, `[[['older', '?x', '?n'], clause, …], …]`, to EDN; EDN stays as it is. */
export function ruleOfArrays([head, ...body]: ReadonlyArray<unknown>): EdnData {
  const [name, ...parameters] = itemsOf(head);
  return [new EdnList([word(name), ...parameters.map(binding)]), ...body.map(clause)];
}

/** Whether a rule is given in plain data: its name is a text there. */
export function isRuleOfArrays(rule: unknown): rule is ReadonlyArray<unknown> {
  const head: unknown = Array.isArray(rule) ? rule[0] : undefined;
  return Array.isArray(head) && typeof head[0] === 'string';
}

function each(convert: Convert): Convert {
  return (items) => itemsOf(items).map(convert);
}

function itemsOf(data: unknown): ReadonlyArray<unknown> {
  if (Array.isArray(data)) return data as ReadonlyArray<unknown>;
  throw new DatabaseError('BAD_QUERY', `Expected an array in a query, got ${String(data)}`, {
    kind: 'parser/query',
  });
}

/** `?a`, `['count', '?a']`, `['pull', '?e', [':a/b']]`, or the variables of a collection or a row. */
function findElement(element: unknown): EdnData {
  if (!Array.isArray(element)) return binding(element);
  const [head, ...rest] = element as ReadonlyArray<unknown>;
  if (!isWord(head)) return (element as ReadonlyArray<unknown>).map(findElement);
  return new EdnList([word(head), ...rest.map(head === 'pull' ? pullArgument : argument)]);
}

/** In patterns of pull `*` and `...` are signs, and what begins with a word is a call such as `['limit', ':a/b', 5]`. */
function pullArgument(item: unknown): EdnData {
  if (item === '*' || item === '...') return sym(item);
  if (item instanceof Map)
    return new Map(Array.from(item, ([key, value]) => [pullArgument(key), pullArgument(value)]));
  if (isPlainObject(item))
    return new Map(Object.entries(item).map(([key, value]) => [kw(key), pullArgument(value)]));
  if (!Array.isArray(item)) return term(item);
  const items = (item as ReadonlyArray<unknown>).map(pullArgument);
  const [head]: ReadonlyArray<unknown> = item;
  return isWord(head) && head !== '*' ? new EdnList([word(head), ...items.slice(1)]) : items;
}

function isPlainObject(item: unknown): item is object {
  return (
    typeof item === 'object' && item !== null && Object.getPrototypeOf(item) === Object.prototype
  );
}

function clause(form: unknown): EdnData {
  const items = itemsOf(form);
  const isSourced = typeof items[0] === 'string' && items[0].startsWith('$');
  const [head, ...rest] = isSourced ? items.slice(1) : items;
  const prefix = isSourced ? [term(items[0])] : [];
  if (isWord(head)) return new EdnList([...prefix, word(head), ...listItems(head, rest)]);
  if (!isCall(head)) return [...prefix, ...(isSourced ? items.slice(1) : items).map(term)];
  const [name, ...args] = head;
  return [new EdnList([word(name), ...args.map(argument)]), ...rest.map(binding)];
}

function listItems(head: string, rest: ReadonlyArray<unknown>): EdnData[] {
  switch (head) {
    case 'not':
    case 'or':
    case 'and':
      return rest.map(clause);
    case 'not-join':
    case 'or-join':
      return [binding(rest[0]), ...rest.slice(1).map(clause)];
    default:
      return rest.map(term);
  }
}

/** An argument of a function; a query within the query is an object again. */
function argument(item: unknown): EdnData {
  return isPlainObject(item) && isQueryObject(item) ? queryOfObject(item) : term(item);
}

/** A variable, a sign, or data. */
function term(item: unknown): EdnData {
  if (typeof item !== 'string') return fromJs(item);
  if (/^\\[?$%_:.\\]/.test(item)) return item.slice(1);
  return /^\?.|^\$|^_$|^%$/.test(item) ? sym(item) : fromJs(item);
}

/** Names and signs, nested in arrays. */
function binding(form: unknown): EdnData {
  if (Array.isArray(form)) return (form as ReadonlyArray<unknown>).map(binding);
  return typeof form === 'string' && !form.startsWith(':') ? sym(form) : fromJs(form);
}

/** What a clause begins with where it calls a function; a lookup ref begins with a keyword. */
function isCall(head: unknown): head is ReadonlyArray<unknown> {
  const name: unknown = Array.isArray(head) ? head[0] : undefined;
  return typeof name === 'string' && !name.startsWith(':');
}

/** A name at the head of a call: neither variable nor sign nor keyword. */
function isWord(item: unknown): item is string {
  return typeof item === 'string' && /^[^?$%_:.\\]/.test(item);
}

function word(item: unknown): EdnData {
  if (typeof item === 'string') return sym(item);
  throw queryError('parser/query', `Expected a name, got ${String(item)}`);
}
