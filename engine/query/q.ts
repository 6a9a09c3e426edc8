/** The query function. */
import { kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { QueryLimits } from '../shared/budget.ts';
import type { Suspended } from '../shared/suspend.ts';
import { run } from '../shared/suspend.ts';
import type { Query } from './language/ast.ts';
import type { QueryInput } from './execute.ts';
import { execute } from './execute.ts';
import type { Explanation } from './explain/explain.ts';
import { explainQuery } from './explain/explain.ts';
import { parseCounts, parseQuery } from './language/parse.ts';
import type { QueryObject } from './language/query-object.ts';
import { isQueryObject, queryOfObject } from './language/query-object.ts';
import { executeWithStats } from './explain/query-stats.ts';
import { TaggedQuery } from './language/query-template.ts';

/** A query as text, as EDN data in vector or map form, as a plain object, or by the template tag {@link query}. */
export type QueryForm = EdnData | QueryObject | TaggedQuery;

/**
 * The answer to a Datalog query over any number of databases and collections, in the shape of its find specification: rows, a
 * collection, a tuple or a scalar. Inputs are in the order of `:in`, and data is taken as it is.
 *
 *     await q('[:find ?n . :in $ ?code :where [?c :country/code ?code] [?c :country/name ?n]]', db, 'FR')
 *     await q(query`[:find ?n . :where [?c :country/code ${code}] [?c :country/name ?n]]`, db)
 *     await q({ find: ['?n', '.'], in: ['$', '?code'], where: [['?c', ':country/code', '?code'], ['?c', ':country/name', '?n']] }, db, code)
 *
 * @throws BAD_QUERY, BAD_EDN, ENTITY_NOT_FOUND, LIMIT_EXCEEDED
 */
export function q(form: QueryForm, ...inputs: ReadonlyArray<QueryInput>): Promise<EdnData> {
  return qWithin({}, form, ...inputs);
}

/**
 * As {@link q}, within limits other than the default ones. What is asked within the query shares them.
 *
 *     await qWithin({ timeoutMs: 500, maxRows: 100_000, signal }, '[:find …]', db)
 *
 * @throws DEADLINE_EXCEEDED, CANCELLED, LIMIT_EXCEEDED with `data` `{ which, limit }`, and as {@link q}
 */
export function qWithin(
  limits: QueryLimits,
  form: QueryForm,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnData> {
  return run(answerTo(form, inputs), limits);
}

function* answerTo(form: QueryForm, inputs: ReadonlyArray<QueryInput>): Suspended<EdnData> {
  const asked = askedBy(form, inputs);
  const hasStats = form instanceof Map && (form as EdnMap).get(STATS) === true;
  return hasStats
    ? yield* executeWithStats(asked.query, form as EdnMap, asked.inputs)
    : yield* execute(asked.query, asked.inputs);
}

/**
 * How a query is worked out, which it is: each clause in the order in which it comes, what is done for it, how many rows were expected and
 * how many there were, and how long it took. Plain data, and a list to read as text. A question for one entity, which {@link q} follows as
 * lookups, is worked out clause by clause here.
 *
 *     console.log(String(await explain('[:find …]', db)))
 *
 * @throws as {@link q}
 */
export function explain(
  form: QueryForm,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<Explanation> {
  return run(explanationOf(form, inputs));
}

function* explanationOf(
  form: QueryForm,
  inputs: ReadonlyArray<QueryInput>,
): Suspended<Explanation> {
  const asked = askedBy(form, inputs);
  return yield* explainQuery(asked.query, asked.inputs);
}

/**
 * The answer to a query together with what it did: `{:query :ret :consts :rules :stats}`, of which `:stats` tells for each clause, in the order
 * in which they were worked out, how many rows there were after it, what was bound, and how long it took (`:t`, milliseconds).
 *
 * @throws as {@link q}
 */
export async function queryStats(
  form: EdnData | QueryObject,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnMap> {
  const shown = isQueryObject(Object(form))
    ? queryOfObject(form as QueryObject)
    : (form as EdnData);
  return await run(executeWithStats(parsed(form), shown, argumentsOf(form) ?? inputs));
}

interface Asked {
  readonly query: Query;
  readonly inputs: ReadonlyArray<QueryInput>;
}

/** A query in any of its forms, and its inputs together with those that it brings. */
function askedBy(form: QueryForm, inputs: ReadonlyArray<QueryInput>): Asked {
  if (!(form instanceof TaggedQuery))
    return { query: parsed(form), inputs: argumentsOf(form) ?? inputs };
  const { form: own, values, counts, inputCount } = form;
  const given = Array.from({ length: inputCount }, (_, i) => inputs[i] ?? null);
  return { query: { ...parsed(own), ...parseCounts(counts) }, inputs: [...given, ...values] };
}

/** The inputs that a query in map form brings itself. */
function argumentsOf(form: EdnData | QueryObject): ReadonlyArray<QueryInput> | undefined {
  const args = form instanceof Map ? (form as EdnMap).get(ARGS) : undefined;
  if (args instanceof EdnList) return args.items;
  return Array.isArray(args) ? (args as ReadonlyArray<QueryInput>) : undefined;
}

const ARGS = kw('args');
const STATS = kw('stats?');
const MAX_TEXTS = 1_000;
const queryByText = new Map<string, Query>();
const queryByForm = new WeakMap<object, Query>();

/** A query is parsed once: by its text, or by the identity of its data. */
function parsed(form: EdnData | QueryObject): Query {
  if (typeof form === 'string') {
    let found = queryByText.get(form);
    if (found === undefined) {
      found = parseQuery(form);
      if (queryByText.size >= MAX_TEXTS) queryByText.clear();
      queryByText.set(form, found);
    }
    return found;
  }
  if (typeof form !== 'object' || form === null) return parseQuery(form);
  let found = queryByForm.get(form);
  if (found === undefined) {
    found = parseQuery(isQueryObject(form) ? queryOfObject(form) : form);
    queryByForm.set(form, found);
  }
  return found;
}
