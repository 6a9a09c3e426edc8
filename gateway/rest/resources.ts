/** What the REST routes do, without a word of HTTP's mechanics: a request to a status, headers and a body. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { resourceAt } from '../generate/rest/routes.ts';
import type { Resource } from '../generate/rest/routes.ts';
import { readScope } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import type { Connections } from '../read/connection-json.ts';
import { readConnection, readEntity } from '../read/entity-json.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import { commitWrites } from '../write/commit.ts';
import type { Written } from '../write/commit.ts';
import type { Write } from '../write/write.ts';
import { parseAsOf, parseBody, parseByPath, parseListRequest } from './from-rest.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { entityHistory } from './history.ts';
import { entityPlan, listPlan } from './rest-plans.ts';

export async function listEntities(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  const { list, asOf } = parseListRequest(resource, request.url.searchParams);
  const run = { scope: readScope(context, asOf, resource.type), variables: {} };
  const plan = listPlan(context.model, resource.type, request.wantsCount);
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

export async function postEntity(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const input = parseBody(context.model, type, request.body, false);
  const written = await commitWrites(context, { writes: [{ kind: 'create', type, input }] });
  const body = await readWritten(context, type, written);
  const id = context.encodeId(entityOf(written));
  const headers = { Location: `${request.url.pathname.replace(/\/$/, '')}/${id}` };
  return { status: 201, headers, body };
}

export async function patchEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const patch = parseBody(context.model, type, request.body, true);
  const write: Write = { kind: 'update', type, by: { id }, patch };
  const written = await commitWrites(context, { writes: [write] });
  return { status: 200, headers: {}, body: await readWritten(context, type, written) };
}

export async function removeEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  await commitWrites(context, { writes: [{ kind: 'delete', type, by: { id } }] });
  return { status: 204, headers: {}, body: undefined };
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
  if (body === null) throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  return { status: 200, headers: {}, body };
}

async function readWritten(
  context: RequestContext,
  type: EntityType,
  written: Written,
): Promise<string> {
  const run = { scope: written.after, variables: {} };
  const plan = entityPlan(context.model, type);
  return (await readEntity(run, plan, entityOf(written))) ?? 'null';
}

/** Of the one write. */
function entityOf({ entities }: Written): number {
  const entity = entities[0]?.[0];
  if (entity === undefined) throw new Error('Expected one write of one entity');
  return entity;
}

function requireResource({ model, database }: RequestContext, segment: string): Resource {
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
