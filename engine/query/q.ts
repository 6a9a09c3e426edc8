/** The query function. */
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { QueryLimits } from '../shared/budget.ts';
import type { Suspended } from '../shared/suspend.ts';
import { run } from '../shared/suspend.ts';
import type { QueryInput } from './execute.ts';
import { execute } from './execute.ts';
import type { Explanation } from './explain/explain.ts';
import { explainQuery } from './explain/explain.ts';
import type { Query } from './language/ast.ts';
import { parsePage } from './language/parse.ts';
import type { PagedQuery } from './language/parsed.ts';
import { ARGS, LIMIT, OFFSET, STATS, parsed, parsedWithPage } from './language/parsed.ts';
import type { QueryObject } from './language/query-object.ts';
import { isQueryObject, queryOfObject } from './language/query-object.ts';
import { executeWithStats } from './explain/query-stats.ts';
import { TaggedQuery } from './language/query-template.ts';
import { queryError } from './query-error.ts';

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

/** Which rows of the answer are wanted, in the place of what the query says itself: so that a list is one query for all of its pages. */
export interface PageOptions {
  /** How many rows at most; a negative number for all. */
  readonly limit?: number | undefined;
  /** How many rows to pass over before them, 0 by default. */
  readonly offset?: number | undefined;
  /**
   * How many columns of each row, from the first one; all by default. What is found after them is there to sort by, and is looked up only where that takes
   * it. Of queries that find rows of variables.
   */
  readonly columns?: number | undefined;
}

export type QueryOptions = QueryLimits & PageOptions;

/**
 * As {@link q}, within limits other than the default ones, or a page of the answer. What is asked within the query shares the limits.
 *
 *     await qWithin({ timeoutMs: 500, maxRows: 100_000, signal }, '[:find …]', db)
 *     await qWithin({ limit: 20, offset: 40 }, query, db)
 *
 * @throws DEADLINE_EXCEEDED, CANCELLED, LIMIT_EXCEEDED with `data` `{ which, limit }`, and as {@link q}
 */
export function qWithin(
  limits: QueryOptions,
  form: QueryForm,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnData> {
  return run(answerTo(form, inputs, limits), limits);
}

/**
 * Whether Datahike answers a query with a set, where the answer here is an array of the same rows: rows of variables that nobody ordered.
 *
 * @throws BAD_QUERY, BAD_EDN
 */
export function findsSet(form: EdnData): boolean {
  const { find, keys, orderBy } = parsedWithPage(form).query;
  const isPlain = keys === undefined && find.elements.every(({ kind }) => kind === 'variable');
  return find.kind === 'relation' && isPlain && orderBy.length === 0;
}

function* answerTo(
  form: QueryForm,
  inputs: ReadonlyArray<QueryInput>,
  options: PageOptions,
): Suspended<EdnData> {
  const asked = askedBy(form, inputs, options);
  const hasStats = form instanceof Map && (form as EdnMap).get(STATS) === true;
  return hasStats
    ? yield* executeWithStats(asked, form as EdnMap, asked.inputs)
    : yield* execute(asked.query, asked.inputs, asked.page);
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
  return yield* explainQuery(asked, asked.inputs);
}

/**
 * The answer to a query together with what it did: `{:query :ret :consts :rules :stats}`, of which `:stats` tells for each clause, in the order
 * in which they were worked out, how many rows there were after it, what was bound, and how long it took (`:t`, milliseconds).
 *
 * @throws as {@link q}
 */
export function queryStats(
  form: EdnData | QueryObject,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnMap> {
  return queryStatsWithin({}, form, ...inputs);
}

/** As {@link queryStats}, within limits other than the default ones. */
export async function queryStatsWithin(
  limits: QueryLimits,
  form: EdnData | QueryObject,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnMap> {
  const shown = isQueryObject(Object(form))
    ? queryOfObject(form as QueryObject)
    : (form as EdnData);
  const asked = askedByData(form, inputs);
  return await run(executeWithStats(asked, shown, asked.inputs), limits);
}

interface Asked extends PagedQuery {
  readonly inputs: ReadonlyArray<QueryInput>;
}

/** A query in any of its forms, its inputs together with those that it brings, and the page. */
function askedBy(
  form: QueryForm,
  inputs: ReadonlyArray<QueryInput>,
  { limit, offset, columns }: PageOptions = {},
): Asked {
  const asked = form instanceof TaggedQuery ? askedByTag(form, inputs) : askedByData(form, inputs);
  if (limit === undefined && offset === undefined && columns === undefined) return asked;
  const { query } = asked;
  if (columns !== undefined) checkColumns(query, columns);
  return { query, page: parsePage(asked.page, limit, offset, columns), inputs: asked.inputs };
}

/** @throws BAD_QUERY */
function checkColumns({ find, keys }: Query, columns: number): void {
  if (!Number.isInteger(columns) || columns < 1)
    throw queryError('parser/query', 'Expected a whole number from 1 as columns', columns);
  const isPlain = keys === undefined && find.elements.every(({ kind }) => kind === 'variable');
  if (find.kind === 'relation' && isPlain) return;
  throw queryError('parser/query', 'Expected rows of variables to take columns of');
}

function askedByData(form: EdnData | QueryObject, inputs: ReadonlyArray<QueryInput>): Asked {
  const { query, page } = parsedWithPage(form);
  return { query, page, inputs: argumentsOf(form) ?? inputs };
}

function askedByTag(form: TaggedQuery, inputs: ReadonlyArray<QueryInput>): Asked {
  const { form: own, values, counts, inputCount } = form;
  const query = parsed(own);
  const given = Array.from({ length: inputCount }, (_, i) => inputs[i] ?? null);
  const page = parsePage(query, counts.get(LIMIT), counts.get(OFFSET));
  return { query, page, inputs: [...given, ...values] };
}

/** The inputs that a query in map form brings itself. */
function argumentsOf(form: EdnData | QueryObject): ReadonlyArray<QueryInput> | undefined {
  const args = form instanceof Map ? (form as EdnMap).get(ARGS) : undefined;
  if (args instanceof EdnList) return args.items;
  return Array.isArray(args) ? (args as ReadonlyArray<QueryInput>) : undefined;
}
