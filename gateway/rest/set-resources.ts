/** What REST reads of a set of databases: its entities in one order, each with the database that it is in. */
import type { EntityType } from '../../schema/model/model.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import { openApiOfSet } from '../generate/rest/openapi-sets.ts';
import type { Resource } from '../generate/rest/routes.ts';
import { SET_LIST_PARAMETERS } from '../generate/rest/routes.ts';
import type { OperationContext } from '../http/context.ts';
import { readEntities } from '../read/entity-json.ts';
import { quote } from '../read/json.ts';
import { parsePage } from '../read/query/page.ts';
import type { ReadRows } from '../sets/found-rows.ts';
import { findRows, writeRows } from '../sets/found-rows.ts';
import { readRowLines } from '../sets/row-lines.ts';
import { failureIn } from '../sets/set-scopes.ts';
import type { SetArguments, SetView } from '../sets/set-view.ts';
import { chosenCount } from '../sets/set-view.ts';
import type { ListRequest } from './from-rest.ts';
import { parseListRequest } from './from-rest.ts';
import { requireType } from './parse-body.ts';
import { parseListQuery } from './parse-query.ts';
import { checkLineCount, requireResourceOf } from './resources.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { JSON_TYPE, LINES_TYPE } from './rest-request.ts';
import type { RestPlans } from './rest-plans.ts';
import { checkCost, plansFor } from './rest-plans.ts';

/** A request to a set, as its caller sees it. */
export interface SetContext extends OperationContext {
  readonly name: string;
  readonly set: SetView;
}

export function listRows(context: SetContext, request: RestRequest): Promise<RestAnswer> {
  const resource = resourceIn(context, request);
  const { searchParams } = request.url;
  const asked = parseListRequest(resource, searchParams, SET_LIST_PARAMETERS);
  return answerRows(context, request, resource, asked);
}

/** The list that a body asks for. */
export function queryRows(context: SetContext, request: RestRequest): Promise<RestAnswer> {
  const resource = resourceIn(context, request);
  requireType(request, [JSON_TYPE]);
  const { model } = context.set;
  const asked = parseListQuery(model, resource.type, request.body, SET_LIST_PARAMETERS);
  return answerRows(context, request, resource, asked);
}

export function documentOfSet({ name, set }: SetContext, isGuarded: boolean): RestAnswer {
  const body = JSON.stringify(openApiOfSet(set.model, { name, isGuarded }));
  return { status: 200, headers: {}, body };
}

function resourceIn({ name, set }: SetContext, { type }: RestRequest): Resource {
  return requireResourceOf(set.model, `The set '${name}'`, type);
}

/** Nowhere within an answer: what goes wrong is the answer. */
const WHOLE_ANSWER = { nodes: [], path: [] };

async function answerRows(
  context: SetContext,
  request: RestRequest,
  { type }: Resource,
  asked: ListRequest,
): Promise<RestAnswer> {
  const { set } = context;
  const given: SetArguments = { ...asked.list, asOf: asked.asOf ?? null, in: asked.in ?? null };
  const at = WHOLE_ANSWER;
  const plansIn = (database: string): RestPlans => shownIn(context, database, type, asked);
  const [anyone] = set.models.keys();
  const each = anyone === undefined ? 1 : Math.max(1, plansIn(anyone).cost);
  const readerOf = (database: string): ReadRows => rowReader(database, plansIn(database));
  if (request.answerType === LINES_TYPE) {
    checkLineCount(given.first);
    checkCost(each, request.maxCost);
    const body = readRowLines({
      ...{ context, set, type, given, at, readerOf },
      charge: (rows) => context.charge('cost', rows * each),
      throwFailure: () => throwFailure(context),
    });
    return { status: 200, headers: {}, body };
  }
  const page = parsePage(given);
  const cost = chosenCount(set, given) * (page.offset + (given.first ?? DEFAULT_PAGE) * each);
  context.charge('cost', checkCost(cost, request.maxCost));
  // One more than the page tells whether there is another.
  const window = { offset: page.offset, size: page.size + 1 };
  const found = await findRows(context, { set, type, given, at }, window);
  throwFailure(context);
  const rows = found.rows.slice(0, page.size);
  const texts = await writeRows(context, at, { ...found, rows }, readerOf);
  throwFailure(context);
  const pageInfo = {
    hasNextPage: found.rows.length > page.size,
    hasPreviousPage: page.offset > 0,
  };
  const bases = JSON.stringify(context.foreign.bases() ?? {});
  const body = `{"nodes":[${texts.join(',')}],"pageInfo":${JSON.stringify(pageInfo)},"bases":${bases}}`;
  const isInUrl = request.method !== 'POST';
  const { hasNextPage } = pageInfo;
  const headers = isInUrl ? { Link: linksOf(request.url, page, hasNextPage) } : {};
  return { status: 200, headers, body };
}

/** What is shown of the type in a database, in the shape of the set. */
function shownIn(
  { foreignModels }: SetContext,
  database: string,
  type: EntityType,
  { paths }: ListRequest,
): RestPlans {
  const shown = foreignModels.get(database);
  if (shown === undefined) throw new Error(`Expected ${database} to be shown`);
  const { model, foreign, computed } = shown;
  const own = model.types.get(type.name) ?? type;
  return plansFor({ model, foreignModels: foreign, computed }, own, paths);
}

function rowReader(database: string, { entity: plan }: RestPlans): ReadRows {
  const prefix = `{"database":${quote(database)},"node":`;
  return async (scope, entities) => {
    const fragments = await readEntities({ scope, variables: {} }, plan, entities);
    return (entity) => {
      const text = fragments.get(entity);
      return text === undefined || text === null ? undefined : `${prefix}${text}}`;
    };
  };
}

/** An answer with a part of the databases would look like the whole. @throws what kept one from being read, with its name */
function throwFailure({ foreign }: SetContext): void {
  const [failure] = foreign.takeFailures();
  if (failure !== undefined) throw failureIn(failure.database, failure.error);
}

/** RFC 8288. Each page is of its own time: a set has no transaction that could be fixed. */
function linksOf(
  url: URL,
  { offset, size }: { readonly offset: number; readonly size: number },
  hasNextPage: boolean,
): string {
  const linkTo = (rel: string, from: number): string => {
    const target = new URL(url);
    target.searchParams.delete('offset');
    if (from > 0) target.searchParams.set('offset', String(from));
    return `<${target.pathname}${target.search}>; rel="${rel}"`;
  };
  const links = [linkTo('first', 0)];
  if (hasNextPage && size > 0) links.push(linkTo('next', offset + size));
  if (offset > 0) links.push(linkTo('prev', Math.max(0, offset - size)));
  return links.join(', ');
}
