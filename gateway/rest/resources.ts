/** What the REST routes read, without a word of HTTP's mechanics: a request to a status, headers and a body. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import { resourceAt } from '../generate/rest/routes.ts';
import type { Resource } from '../generate/rest/routes.ts';
import { readScope } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import type { Connections } from '../read/connection-json.ts';
import { readConnection, readEntity } from '../read/entity-json.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import { hasTag } from '../http/caching.ts';
import { entityTag } from './entity-tags.ts';
import { parseAsOf, parseByPath, parseListRequest } from './from-rest.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { entityHistory } from './history.ts';
import { entityPlan, listPlan } from './rest-plans.ts';

export async function listEntities(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  const { list, asOf } = parseListRequest(resource, request.url.searchParams);
  context.charge('cost', list.first ?? list.last ?? DEFAULT_PAGE);
  const run = { scope: readScope(context, asOf, resource.type), variables: {} };
  const plan = listPlan(context.model, resource.type, request.preferences.wantsCount);
  const page = await readConnection(run, resource.type, list, plan);
  const link = pageLinks(request.url, page);
  return { status: 200, headers: link === '' ? {} : { Link: link }, body: page.write(undefined) };
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
  const name = parseBy(context.model, context.database, type.name, byOf(type));
  const scope = readScope(context, parseAsOf(request.url.searchParams), type);
  const entity = await findEntity(scope.snapshot, name);
  const plan = entityPlan(context.model, type);
  const body =
    entity === undefined ? null : await readEntity({ scope, variables: {} }, plan, entity);
  if (entity === undefined || body === null)
    throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  const [version = 0] = await scope.snapshot.versions([entity]);
  const headers = { ETag: entityTag(version) };
  return hasTag(request.ifNoneMatch, headers.ETag)
    ? { status: 304, headers, body: undefined }
    : { status: 200, headers, body };
}

export function requireResource({ model, database }: RequestContext, segment: string): Resource {
  const resource = resourceAt(model, segment);
  if (resource !== undefined) return resource;
  const hint = suggest(segment, Array.from(model.typesByRoute.keys()));
  throw new DatabaseError(
    'NOT_FOUND',
    `The database '${database}' has no entity type '${segment.slice(0, 60)}'${hint}`,
  );
}

/** RFC 8288; the cursor in a link pins the transaction of this page. */
function pageLinks(url: URL, { pageInfo }: Connections): string {
  const links: string[] = [];
  const addLink = (
    rel: 'next' | 'prev',
    [parameter, size]: readonly [string, string],
    [opposite, otherSize]: readonly [string, string],
    cursor: unknown,
  ): void => {
    const target = new URL(url);
    const { searchParams } = target;
    const pageSize = searchParams.get(size) ?? searchParams.get(otherSize);
    for (const name of [opposite, otherSize, 'offset']) searchParams.delete(name);
    searchParams.set(parameter, String(cursor));
    if (pageSize !== null) searchParams.set(size, pageSize);
    links.push(`<${target.pathname}${target.search}>; rel="${rel}"`);
  };
  const [forward, backward] = [['after', 'first'] as const, ['before', 'last'] as const];
  const start = pageInfo(undefined, 'startCursor');
  if (pageInfo(undefined, 'hasNextPage') === true)
    addLink('next', forward, backward, pageInfo(undefined, 'endCursor'));
  if (pageInfo(undefined, 'hasPreviousPage') === true && start !== null)
    addLink('prev', backward, forward, start);
  return links.join(', ');
}
