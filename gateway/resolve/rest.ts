/** What the REST routes do, without a word of HTTP's mechanics: a request to a status, headers and a body. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { readScope, writtenScope } from '../context.ts';
import type { RequestContext } from '../context.ts';
import { resourceAt } from '../generate/rest/routes.ts';
import type { Resource } from '../generate/rest/routes.ts';
import { findEntity, parseBy } from './read/find-entity.ts';
import type { By } from './read/find-entity.ts';
import { parseAsOf, parseBody, parseByPath, parseListRequest, restSelection } from './from-rest.ts';
import { readConnection, readEntity } from './read/read.ts';
import type { AnswerObject, ConnectionPart } from './selection.ts';
import { suggest } from './suggest.ts';
import { createEntity, deleteEntity, updateEntity } from './write/write.ts';
import type { Written } from './write/write.ts';

export interface RestRequest {
  /** The segment of the entity type. */
  readonly type: string;
  /** Path and query of the request, for links to other pages. */
  readonly url: URL;
  readonly body: unknown;
  /** `Prefer: count=exact` */
  readonly wantsCount: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export async function listEntities(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  const { list, asOf } = parseListRequest(resource, request.url.searchParams);
  const parts: ReadonlyArray<ConnectionPart> = [
    { kind: 'nodes', key: 'nodes', selection: restSelection(resource.type) },
    { kind: 'pageInfo', key: 'pageInfo', parts: PAGE_INFO },
    ...(request.wantsCount ? [{ kind: 'totalCount', key: 'totalCount' } as const] : []),
  ];
  const body = await readConnection(readScope(context, asOf), resource.type, list, parts);
  const link = pageLinks(request.url, body['pageInfo'] as AnswerObject);
  return { status: 200, headers: link === '' ? {} : { Link: link }, body };
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
  const written = await createEntity(context, type, input);
  const body = await readWritten(context, type, written);
  const headers = {
    Location: `${request.url.pathname.replace(/\/$/, '')}/${String(body?.['id'])}`,
  };
  return { status: 201, headers, body };
}

export async function patchEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const patch = parseBody(context.model, type, request.body, true);
  const written = await updateEntity(context, type, { id }, patch);
  return { status: 200, headers: {}, body: await readWritten(context, type, written) };
}

export async function removeEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const written = await deleteEntity(context, type, { id });
  context.basisTx = written.result.tx;
  return { status: 204, headers: {}, body: undefined };
}

const PAGE_INFO = (['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'] as const).map(
  (name) => ({ key: name, name }),
);

async function showEntity(
  context: RequestContext,
  request: RestRequest,
  byOf: (type: EntityType) => By,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const name = parseBy(context.model, context.database, type.name, byOf(type));
  const scope = readScope(context, parseAsOf(request.url.searchParams.get('asOf')));
  const entity = await findEntity(scope.snapshot, type, name);
  const body = entity === undefined ? null : await readEntity(scope, entity, restSelection(type));
  if (body === null) throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  return { status: 200, headers: {}, body };
}

async function readWritten(
  context: RequestContext,
  type: EntityType,
  { entity, result }: Written,
): Promise<AnswerObject | null> {
  context.basisTx = result.tx;
  return readEntity(await writtenScope(context, result.tx), entity, restSelection(type));
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
function pageLinks(url: URL, pageInfo: AnswerObject): string {
  const link = (rel: string, parameter: string, opposite: string, cursor: unknown): string => {
    const target = new URL(url);
    target.searchParams.delete(opposite);
    target.searchParams.delete('offset');
    target.searchParams.set(parameter, String(cursor));
    const [size, other] =
      rel === 'next' ? (['first', 'last'] as const) : (['last', 'first'] as const);
    const pageSize = target.searchParams.get(size) ?? target.searchParams.get(other);
    target.searchParams.delete(other);
    if (pageSize !== null) target.searchParams.set(size, pageSize);
    return `<${target.pathname}${target.search}>; rel="${rel}"`;
  };
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  return [
    hasNextPage === true ? link('next', 'after', 'before', endCursor) : undefined,
    hasPreviousPage === true && startCursor !== null
      ? link('prev', 'before', 'after', startCursor)
      : undefined,
  ]
    .filter((each) => each !== undefined)
    .join(', ');
}
