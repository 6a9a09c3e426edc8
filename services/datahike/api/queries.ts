/** Queries in all forms: EDN text, data, plain objects, the template tag; and what explains them. */
import type { EdnData, EdnMap, QueryInput, QueryObject } from '../../../engine/index.ts';
import {
  TaggedQuery,
  explain as explainIn,
  kw,
  qWithin,
  queryOfObject,
  toJs,
} from '../../../engine/index.ts';
import { DatabaseValue } from '../live.ts';
import type { Read } from './call.ts';
import { Arguments, ask } from './call.ts';
import { notRemote } from './handles.ts';

/** A query, or a query with its inputs: `{ query: '[:find …]', args: [db], limit: 10 }`. */
export type QueryForm =
  | string
  | TaggedQuery
  | QueryObject
  | {
      readonly query: string | TaggedQuery | QueryObject | ReadonlyArray<unknown>;
      readonly args?: ReadonlyArray<unknown>;
      readonly limit?: number;
      readonly offset?: number;
    }
  | ReadonlyArray<unknown>
  | EdnMap;

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
  return toJs(await qWithin(asked.page, asked.query, ...inputsOf(asked, reading))) as T;
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
  return String(await explainIn(asked.query, ...inputsOf(asked, reading)));
}

interface AskedQuery {
  readonly query: EdnData | TaggedQuery;
  readonly inputs: ReadonlyArray<EdnData>;
  readonly page: { readonly limit?: number; readonly offset?: number };
}

function readQuery(
  form: QueryForm,
  inputs: ReadonlyArray<unknown>,
  { read }: Arguments,
): AskedQuery {
  if (!hasOwnInputs(form))
    return { query: queryData(form, read), inputs: inputs.map(read), page: {} };
  const { query, args = [], limit, offset } = form;
  const page = {
    ...(limit === undefined ? {} : { limit }),
    ...(offset === undefined ? {} : { offset }),
  };
  return { query: queryData(query as QueryForm, read), inputs: args.map(read), page };
}

type MapForm = Extract<QueryForm, { readonly query: unknown }>;

function hasOwnInputs(form: QueryForm): form is MapForm {
  return typeof form === 'object' && !(form instanceof Map) && 'query' in form;
}

function queryData(form: QueryForm, read: Read): EdnData | TaggedQuery {
  if (typeof form === 'string' || form instanceof TaggedQuery) return form;
  const isObject = !(form instanceof Map) && 'find' in form;
  return isObject ? queryOfObject(form as QueryObject) : read(form);
}

/** As an operation takes it: in a map where a page is asked for. */
function sent({ query, inputs, page }: AskedQuery): ReadonlyArray<EdnData> {
  const isTagged = query instanceof TaggedQuery;
  const data = isTagged ? query.data : query;
  const counts = [
    ...(isTagged ? query.counts : []),
    ...Object.entries(page).map(([name, count]) => [kw(name), count] as const),
  ];
  if (counts.length === 0) return [data, ...inputs];
  return [new Map<EdnData, EdnData>([[kw('query'), data], [kw('args'), inputs], ...counts])];
}

function inputsOf({ inputs }: AskedQuery, reading: Arguments): ReadonlyArray<QueryInput> {
  return inputs.map((input) => {
    const live = reading.liveOf(input);
    return live instanceof DatabaseValue ? live.db : input;
  });
}
