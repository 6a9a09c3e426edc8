/** Queries in all forms: EDN text, data, plain objects, the template tag; and what explains them. */
import type {
  EdnData,
  EdnMap,
  PageOptions,
  QueryInput,
  QueryObject,
} from '../../../engine/index.ts';
import {
  TaggedQuery,
  explain as explainIn,
  kw,
  printEdn,
  qWithin,
  queryOfObject,
  toJs,
} from '../../../engine/index.ts';
import { DatabaseValue } from '../live.ts';
import type { Read } from './call.ts';
import { Arguments, ask } from './call.ts';
import { notRemote } from './handles.ts';

/** A query, or a query with its inputs: `{ query: '[:find …]', args: [db], orderBy: ['?n', 'desc'], limit: 10 }`. */
export type QueryForm =
  string | TaggedQuery | QueryObject | QueryWithInputs | ReadonlyArray<unknown> | EdnMap;

interface QueryWithInputs extends Pick<QueryObject, 'orderBy' | 'limit' | 'offset'> {
  readonly query: string | TaggedQuery | QueryObject | ReadonlyArray<unknown>;
  readonly args?: ReadonlyArray<unknown>;
}

/**
 * The answer to a query, in the shape of what it finds: rows, a collection, a row, a value.
 *
 *     await q('[:find ?name :in $ ?age :where [?e :person/age ?age] [?e :person/name ?name]]', db, 36)
 *     await q(query`[:find [?name ...] :where [?e :person/age ${age}] [?e :person/name ?name]]`, db)
 *
 * @throws BAD_QUERY
 */
export async function q<T = unknown>(
  form: QueryForm,
  ...inputs: ReadonlyArray<unknown>
): Promise<T> {
  const reading = new Arguments();
  const asked = readQuery(form, inputs, reading);
  if (reading.peer !== undefined) return ask<T>('q', sent(asked), reading);
  // Not as one of the operations: they take data, of which no values in a query can be told apart.
  return toJs(await qWithin(pageOf(asked), formOf(asked), ...inputsOf(asked, reading))) as T;
}

/** The answer together with what it did. */
export async function queryStats(
  form: QueryForm,
  ...inputs: ReadonlyArray<unknown>
): Promise<Readonly<Record<string, unknown>>> {
  const reading = new Arguments();
  return ask('query-stats', sent(readQuery(form, inputs, reading)), reading);
}

/** How a query is worked out, as text: it is worked out for it. Of databases of this process. */
export async function explain(form: QueryForm, ...inputs: ReadonlyArray<unknown>): Promise<string> {
  const reading = new Arguments();
  const asked = readQuery(form, inputs, reading);
  if (reading.peer !== undefined) throw notRemote('explain');
  return String(await explainIn(formOf(asked), ...inputsOf(asked, reading)));
}

interface AskedQuery {
  readonly query: EdnData | TaggedQuery;
  readonly inputs: ReadonlyArray<EdnData>;
  /** The order and the page, where they are given beside it. */
  readonly beside: EdnMap;
}

function readQuery(
  form: QueryForm,
  inputs: ReadonlyArray<unknown>,
  { read }: Arguments,
): AskedQuery {
  if (!hasOwnInputs(form))
    return { query: queryData(form, read), inputs: inputs.map(read), beside: new Map() };
  const { query, args = [], ...beside } = form;
  const data = queryData(query as QueryForm, read);
  return { query: data, inputs: args.map(read), beside: queryOfObject(beside) };
}

function hasOwnInputs(form: QueryForm): form is QueryWithInputs {
  return typeof form === 'object' && !(form instanceof Map) && 'query' in form;
}

function queryData(form: QueryForm, read: Read): EdnData | TaggedQuery {
  if (typeof form === 'string' || form instanceof TaggedQuery) return form;
  const isObject = !(form instanceof Map) && 'find' in form;
  return isObject ? queryOfObject(form as QueryObject) : read(form);
}

/** As an operation takes it: in a map where a page is asked for. The query is text, because some formats have no lists beside vectors. */
function sent({ query, inputs, beside }: AskedQuery): ReadonlyArray<EdnData> {
  const isTagged = query instanceof TaggedQuery;
  const data = isTagged ? query.data : query;
  const text = typeof data === 'string' ? data : printEdn(data);
  const all = [...(isTagged ? query.counts : []), ...beside];
  if (all.length === 0) return [text, ...inputs];
  return [new Map<EdnData, EdnData>([[QUERY, text], [kw('args'), inputs], ...all])];
}

const QUERY = kw('query');

/** As it is asked here. A template stays one with a page: as data its values would be parts of the query. */
function formOf({ query, beside }: AskedQuery): EdnData | TaggedQuery {
  const isTagged = query instanceof TaggedQuery;
  if (beside.size === 0 || (isTagged && !beside.has(ORDER_BY))) return query;
  const [data, counts] = isTagged ? [query.data, query.counts] : [query, []];
  return new Map<EdnData, EdnData>([[QUERY, data], ...counts, ...beside]);
}

const LIMIT = kw('limit');
const OFFSET = kw('offset');
const ORDER_BY = kw('order-by');

function pageOf({ beside }: AskedQuery): PageOptions {
  const [limit, offset] = [LIMIT, OFFSET].map((key) => beside.get(key) as number | undefined);
  return { limit, offset };
}

function inputsOf({ inputs }: AskedQuery, reading: Arguments): ReadonlyArray<QueryInput> {
  return inputs.map((input) => {
    const live = reading.liveOf(input);
    return live instanceof DatabaseValue ? live.db : input;
  });
}
