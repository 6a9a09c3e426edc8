/** What the REST routes read, without a word of HTTP's mechanics: a request to a status, headers and a body. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Model } from '../../schema/model/model.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import { resourceAt } from '../generate/rest/routes.ts';
import type { Resource } from '../generate/rest/routes.ts';
import { readScope, withTimeAnew } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import { badInput } from '../read/bad-input.ts';
import { COUNT_COST } from '../read/entity-plan.ts';
import type { Connections } from '../read/connection-json.ts';
import { readConnection, readEntity } from '../read/entity-json.ts';
import { readLines } from '../read/entity-lines.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import { hasTag } from '../http/caching.ts';
import type { ShownPaths } from '../select/from-paths.ts';
import { isGiven } from '../write/input.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import { entityTag } from './entity-tags.ts';
import type { ListRequest } from './from-rest.ts';
import { parseByPath, parseEntityRequest, parseListRequest } from './from-rest.ts';
import { entityHistory } from './history.ts';
import { requireType } from './parse-body.ts';
import { parseListQuery } from './parse-query.ts';
import { appliedHeader } from './preferences.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { JSON_TYPE, LINES_TYPE } from './rest-request.ts';
import { checkCost, plansFor, wholeModel } from './rest-plans.ts';

export function listEntities(context: RequestContext, request: RestRequest): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  return answerList(
    context,
    request,
    resource,
    parseListRequest(resource, request.url.searchParams),
  );
}

/** The list that a body asks for. */
export function queryEntities(context: RequestContext, request: RestRequest): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  requireType(request, [JSON_TYPE]);
  const query = parseListQuery(wholeModel(context), resource.type, request.body);
  return answerList(context, request, resource, query);
}

async function answerList(
  context: RequestContext,
  request: RestRequest,
  { type }: Resource,
  asked: ListRequest,
): Promise<RestAnswer> {
  const { list, paths, asOf } = asked;
  if (request.answerType === LINES_TYPE)
    return { status: 200, headers: {}, body: linesOf(context, request, type, asked) };
  const plans = plansFor(context, type, paths);
  const { wantsCount } = request.preferences;
  const cost =
    (list.first ?? list.last ?? DEFAULT_PAGE) * plans.cost + (wantsCount ? COUNT_COST : 0);
  context.charge('cost', checkCost(cost, request.maxCost));
  const run = { scope: readScope(context, asOf, type), variables: {} };
  const page = await readConnection(run, type, list, wantsCount ? plans.countedList : plans.list);
  throwFailure(context);
  const isInUrl = request.method !== 'POST';
  const headers = {
    ...(isInUrl ? { Link: pageLinks(request.url, page) } : {}),
    ...appliedHeader(request.preferences, 'count'),
  };
  return { status: 200, headers, body: page.write(undefined) };
}

/** The whole list, or as much of it as is wanted. */
async function* linesOf(
  context: RequestContext,
  { maxCost }: RestRequest,
  type: EntityType,
  { list, paths, asOf }: ListRequest,
): AsyncGenerator<string, void> {
  const { first } = list;
  if (isGiven(list.last)) throw badInput('last', 'is for pages: lines are written from the start');
  checkLineCount(first);
  const { entity: plan, cost } = plansFor(context, type, paths);
  checkCost(cost, maxCost);
  let current = context;
  const lines = readLines({
    type,
    list,
    plan,
    scopeNow: (fixed) => {
      const anew = withTimeAnew(context);
      current = { ...anew, snapshot: context.snapshot.within(anew.limits) };
      const scope = readScope(current, asOf, type);
      return fixed === undefined ? scope : { ...scope, snapshot: fixed.within(current.limits) };
    },
    charge: (entities) => context.charge('cost', entities * cost),
  });
  for await (const part of lines) {
    throwFailure(current);
    yield part;
  }
}

/** @throws BAD_USER_INPUT */
export function checkLineCount(first: number | null | undefined): void {
  if (isGiven(first) && !(Number.isSafeInteger(first) && first >= 0))
    throw badInput('first', `must be a whole number from 0, got ${first}`);
}

/** What is of another database, or made by code, was asked for, so that without it there is no answer. */
function throwFailure({ foreign, code }: Pick<RequestContext, 'foreign' | 'code'>): void {
  code?.end();
  const [failure] = foreign.takeFailures();
  if (failure !== undefined) throw failure.error;
  if (code !== undefined && code.failures.length > 0) throw code.failures[0];
}

export function historyOfEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  return entityHistory(context, type, request, id);
}

export function entityById(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  return showEntity(context, request, () => ({ id }));
}

export function entityByUnique(
  context: RequestContext,
  request: RestRequest,
  attribute: string,
  value: string,
): Promise<RestAnswer> {
  return showEntity(context, request, (type) => parseByPath(type, attribute, value));
}

async function showEntity(
  context: RequestContext,
  request: RestRequest,
  byOf: (type: EntityType) => By,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const { paths, asOf } = parseEntityRequest(request.url.searchParams);
  const { entity: plan, cost } = plansFor(context, type, paths);
  context.charge('cost', checkCost(cost, request.maxCost));
  const name = parseBy(context.model, context.database, type.name, byOf(type));
  const scope = readScope(context, asOf, type);
  const entity = await findEntity(scope.snapshot, name);
  const body =
    entity === undefined ? null : await readEntity({ scope, variables: {} }, plan, entity);
  throwFailure(context);
  if (entity === undefined || body === null)
    throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  const tag = await tagOf(request, scope.snapshot, entity, paths);
  const headers = tag === undefined ? {} : { ETag: tag };
  return tag !== undefined && hasTag(request.ifNoneMatch, tag)
    ? { status: 304, headers, body: undefined }
    : { status: 200, headers, body };
}

/** Its version; with other entities within it nothing less than the state of the database. */
async function tagOf(
  { validator, runsCode }: RestRequest,
  snapshot: Snapshot,
  entity: number,
  { fields, include }: ShownPaths,
): Promise<string | undefined> {
  if (runsCode) return undefined;
  if (include.length > 0 || fields.some((path) => path.includes('.'))) return validator();
  const [version = 0] = await snapshot.versions([entity]);
  return entityTag(snapshot, version);
}

export function requireResource({ model, database }: RequestContext, segment: string): Resource {
  return requireResourceOf(model, `The database '${database}'`, segment);
}

/** @throws NOT_FOUND */
export function requireResourceOf(model: Model, owner: string, segment: string): Resource {
  const resource = resourceAt(model, segment);
  if (resource !== undefined) return resource;
  const hint = suggest(segment, Array.from(model.typesByRoute.keys()));
  throw new DatabaseError(
    'NOT_FOUND',
    `${owner} has no entity type '${segment.slice(0, 60)}'${hint}`,
  );
}

/** RFC 8288; the cursor in a link pins the transaction of this page, and the first one is as it is when it is asked for. */
function pageLinks(url: URL, { pageInfo }: Connections): string {
  const { searchParams } = url;
  const size = searchParams.get('first') ?? searchParams.get('last');
  const linkTo = (rel: string, sizeName: string, cursor?: readonly [string, unknown]): string => {
    const target = new URL(url);
    for (const name of PLACES) target.searchParams.delete(name);
    if (cursor !== undefined) target.searchParams.set(cursor[0], String(cursor[1]));
    if (size !== null) target.searchParams.set(sizeName, size);
    return `<${target.pathname}${target.search}>; rel="${rel}"`;
  };
  const links = [linkTo('first', 'first')];
  const start = pageInfo(undefined, 'startCursor');
  if (pageInfo(undefined, 'hasNextPage') === true)
    links.push(linkTo('next', 'first', ['after', pageInfo(undefined, 'endCursor')]));
  if (pageInfo(undefined, 'hasPreviousPage') === true && start !== null)
    links.push(linkTo('prev', 'last', ['before', start]));
  return links.join(', ');
}

/** The parameters that say which part of a list a page is. */
const PLACES = ['first', 'last', 'after', 'before', 'offset'];
