/**
 * Queries that were parsed before: by their text, or by the identity of their data. What differs from call to call, the page and the
 * inputs, may stand beside a query in a map of its own, `{:query form :args […] :limit 20 :offset 40}`: the form is parsed once.
 */
import { printEdn } from '../../../schema/edn-print.ts';
import { kw } from '../../../schema/keyword.ts';
import type { Keyword } from '../../../schema/keyword.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import type { Page, Query } from './ast.ts';
import { parsePage, parseQuery } from './parse.ts';
import type { QueryObject } from './query-object.ts';
import { isQueryObject, queryOfObject } from './query-object.ts';

/** A query, and the rows of its answer that are wanted. */
export interface PagedQuery {
  readonly query: Query;
  readonly page: Page;
}

export const ARGS = kw('args');
export const STATS = kw('stats?');
const QUERY = kw('query');
export const LIMIT = kw('limit');
export const OFFSET = kw('offset');
const ORDER_BY = kw('order-by');

/** What can stand beside `:query` and means nothing, or the same, for every form that stands there. */
const BESIDE: ReadonlySet<EdnData> = new Set<Keyword>([
  QUERY,
  ARGS,
  STATS,
  LIMIT,
  OFFSET,
  ORDER_BY,
]);

const MAX_TEXTS = 1_000;

/** The queries of some forms. */
class ParsedForms {
  readonly #byText = new Map<string, Query>();
  readonly #byForm = new WeakMap<object, Query>();

  /** `parse` is called once for each text and each object. */
  find(form: EdnData | QueryObject, parse: () => Query): Query {
    if (typeof form === 'string') {
      let found = this.#byText.get(form);
      if (found === undefined) {
        found = parse();
        if (this.#byText.size >= MAX_TEXTS) this.#byText.clear();
        this.#byText.set(form, found);
      }
      return found;
    }
    if (typeof form !== 'object' || form === null) return parse();
    let found = this.#byForm.get(form);
    if (found === undefined) this.#byForm.set(form, (found = parse()));
    return found;
  }
}

const whole = new ParsedForms();

/** Forms that stand in a map of their own, by the order that stands beside them, as text. */
const inner = new Map<string, ParsedForms>();

/** So many orders as texts. */
const MAX_ORDERS = 1_000;

/** @throws BAD_QUERY, BAD_EDN */
export function parsed(form: EdnData | QueryObject): Query {
  return whole.find(form, () =>
    parseQuery(isObject(form) && isQueryObject(form) ? queryOfObject(form) : (form as EdnData)),
  );
}

/** As {@link parsed}, with the page. @throws BAD_QUERY, BAD_EDN */
export function parsedWithPage(form: EdnData | QueryObject): PagedQuery {
  const query = form instanceof Map ? parsedBeside(form as EdnMap) : undefined;
  if (query === undefined) {
    const own = parsed(form);
    return { query: own, page: own };
  }
  const beside = form as EdnMap;
  return { query, page: parsePage(query, beside.get(LIMIT), beside.get(OFFSET)) };
}

/** The query within a map; undefined where there is none, or more beside it than changes nothing. */
function parsedBeside(beside: EdnMap): Query | undefined {
  const form = beside.get(QUERY);
  if (form === undefined) return undefined;
  for (const key of beside.keys()) if (!BESIDE.has(key)) return undefined;
  const orderBy = beside.get(ORDER_BY);
  const order = orderBy === undefined ? '' : printEdn(orderBy);
  let forms = inner.get(order);
  if (forms === undefined) {
    if (inner.size >= MAX_ORDERS) inner.clear();
    inner.set(order, (forms = new ParsedForms()));
  }
  return forms.find(form, () => {
    const alone = new Map<EdnData, EdnData>([[QUERY, form]]);
    if (orderBy !== undefined) alone.set(ORDER_BY, orderBy);
    return parseQuery(alone);
  });
}

function isObject(form: EdnData | QueryObject): form is object & (EdnData | QueryObject) {
  return typeof form === 'object' && form !== null;
}
