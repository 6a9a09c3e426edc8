/** Queries in all forms: EDN text, data, plain objects, the template tag; and what explains them. */
import type { EdnData, EdnMap, QueryObject } from '../../../engine/index.ts';
import {
  DatabaseError,
  TaggedQuery,
  explain as explainIn,
  kw,
  queryOfObject,
} from '../../../engine/index.ts';
import { queryOf } from '../arguments.ts';
import { Arguments, ask } from './call.ts';

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
  return ask<T>('q', readQuery(form, inputs, reading), reading);
}

/** The answer together with what it did. */
export async function queryStats(
  form: QueryForm,
  ...inputs: ReadonlyArray<unknown>
): Promise<Readonly<Record<string, unknown>>> {
  const reading = new Arguments();
  return ask('query-stats', readQuery(form, inputs, reading), reading);
}

/** How a query is worked out, as text: it is worked out for it. Of databases of this process. */
export async function explain(form: QueryForm, ...inputs: ReadonlyArray<unknown>): Promise<string> {
  const reading = new Arguments();
  const [first = null, ...rest] = readQuery(form, inputs, reading).map((arg) =>
    reading.liveOf(arg),
  );
  if (reading.peer !== undefined)
    throw new DatabaseError('BAD_USER_INPUT', 'explain is not supported for remote connections.', {
      kind: 'remote-not-supported',
      data: { function: 'explain' },
    });
  const { query, args } = queryOf(first, rest);
  return String(await explainIn(query, ...args));
}

/** The arguments of an operation that asks a query: the query and its inputs, in a map where a page is asked for. */
function readQuery(
  form: QueryForm,
  inputs: ReadonlyArray<unknown>,
  reading: Arguments,
): ReadonlyArray<EdnData> {
  const { read } = reading;
  if (!hasOwnInputs(form)) {
    const { query, values, page } = queryData(form, inputs.map(read), reading);
    return page.size === 0 ? [query, ...values] : [withInputs(query, values, page)];
  }
  const { query, args = [], ...rest } = form;
  const said = queryData(query as QueryForm, args.map(read), reading);
  const page = new Map([...said.page, ...(read(rest) as EdnMap)]);
  return [withInputs(said.query, said.values, page)];
}

type MapForm = Extract<QueryForm, { readonly query: unknown }>;

function hasOwnInputs(form: QueryForm): form is MapForm {
  return typeof form === 'object' && !(form instanceof Map) && 'query' in form;
}

function withInputs(query: EdnData, args: ReadonlyArray<EdnData>, page: EdnMap): EdnMap {
  return new Map<EdnData, EdnData>([[kw('query'), query], [kw('args'), args], ...page]);
}

interface QueryData {
  readonly query: EdnData;
  readonly values: ReadonlyArray<EdnData>;
  /** `:limit` and `:offset`, where the form says them apart. */
  readonly page: EdnMap;
}

function queryData(
  form: QueryForm,
  inputs: ReadonlyArray<EdnData>,
  { peer, read }: Arguments,
): QueryData {
  const page = new Map<EdnData, EdnData>();
  if (form instanceof TaggedQuery) {
    if (peer !== undefined) return { query: form.data, values: inputs, page: form.counts };
    const given = Array.from({ length: form.inputCount }, (_, place) => inputs[place] ?? null);
    return { query: form.form, values: [...given, ...form.values], page: form.counts };
  }
  if (typeof form === 'object' && !(form instanceof Map) && 'find' in form)
    return { query: queryOfObject(form as QueryObject), values: inputs, page };
  return { query: typeof form === 'string' ? form : read(form), values: inputs, page };
}
