/** What the REST routes write: each is one transaction. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import type { RequestContext } from '../http/context.ts';
import { readScope } from '../http/context.ts';
import { readEntities, readEntity } from '../read/entity-json.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy } from '../read/find-entity.ts';
import type { ReadScope } from '../read/scope.ts';
import { commitWrites } from '../write/commit.ts';
import type { Written } from '../write/commit.ts';
import type { EntityCondition } from '../write/requirements.ts';
import type { Write } from '../write/write.ts';
import { entityTag, versionsIn } from './entity-tags.ts';
import { parseByPath, parseFilter } from './from-rest.ts';
import { applyJsonPatch } from './json-patch.ts';
import { parseAttrs, parseInput, parseMergePatch, requireType } from './parse-body.ts';
import { appliedHeader } from './preferences.ts';
import { requireResource } from './resources.ts';
import { entityPlan } from './rest-plans.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
import { JSON_TYPE } from './rest-request.ts';

const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

/** What PATCH takes. */
export const PATCH_TYPES = [JSON_TYPE, MERGE_PATCH, JSON_PATCH];

export async function postEntity(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  requireType(request, [JSON_TYPE]);
  const input = parseInput(context.model, type, request.body);
  const written = await commit(context, request, { kind: 'create', type, input });
  return answerOne(context, request, type, written, true);
}

/** Makes the entity with a unique value, or changes it: null says nothing. */
export async function putEntity(
  context: RequestContext,
  request: RestRequest,
  attribute: string,
  value: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  requireType(request, [JSON_TYPE]);
  const by = parseByPath(type, attribute, value);
  const input = parseInput(context.model, type, request.body);
  const isNew = request.ifNoneMatch?.trim() === '*';
  const write: Write = isNew
    ? { kind: 'create', type, input: { ...input, ...by } }
    : { kind: 'upsert', type, by, input, if: await conditionOf(context, request, type, by) };
  const written = await commit(context, request, write);
  const before = written.after.snapshot.asOf((written.result?.tx ?? 1) - 1);
  const [version] = await before.versions(written.entities.flat());
  return answerOne(context, request, type, written, version === 0);
}

export async function patchEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  requireType(request, PATCH_TYPES);
  const by = { id };
  const condition = await conditionOf(context, request, type, by);
  const { patch, attrs } = await patchIn(context, request, type, by);
  const write: Write = { kind: 'update', type, by, patch, if: { ...condition, attrs } };
  return answerOne(context, request, type, await commit(context, request, write), false);
}

export async function removeEntity(
  context: RequestContext,
  request: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { type } = requireResource(context, request.type);
  const by = { id };
  const condition = await conditionOf(context, request, type, by);
  const written = await commit(context, request, { kind: 'delete', type, by, if: condition });
  const headers = appliedHeader(request.preferences, 'return');
  if (request.preferences.returns !== 'representation')
    return { status: 204, headers, body: undefined };
  const [body] = await showAll(context, type, written.before, written.entities.flat());
  return { status: 200, headers, body };
}

export async function patchEntities(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  const { type } = resource;
  requireType(request, [JSON_TYPE, MERGE_PATCH]);
  const where = parseFilter(resource, request.url.searchParams);
  const patch = parseMergePatch(context.model, type, request.body);
  const atMost = request.preferences.maxAffected;
  const write: Write = { kind: 'updateMany', type, where, patch, atMost };
  const written = await commit(context, request, write);
  return answerMany(context, request, type, written, written.after);
}

export async function removeEntities(
  context: RequestContext,
  request: RestRequest,
): Promise<RestAnswer> {
  const resource = requireResource(context, request.type);
  const { type } = resource;
  const where = parseFilter(resource, request.url.searchParams);
  const atMost = request.preferences.maxAffected;
  const written = await commit(context, request, { kind: 'deleteMany', type, where, atMost });
  return answerMany(context, request, type, written, written.before);
}

/** What `If-Match` asks of an entity: that it has one of some versions. @throws PRECONDITION_FAILED, PRECONDITION_REQUIRED */
async function conditionOf(
  context: RequestContext,
  { ifMatch, needsIfMatch }: RestRequest,
  type: EntityType,
  by: By,
): Promise<EntityCondition> {
  if (ifMatch === undefined) {
    if (!needsIfMatch) return {};
    throw new DatabaseError(
      'PRECONDITION_REQUIRED',
      'Send If-Match with the ETag of what was read, or * for whatever is there',
    );
  }
  const versions = versionsIn(context.snapshot, ifMatch);
  if (versions === undefined) return {};
  const [version, ...others] = versions;
  if (version === undefined)
    throw new DatabaseError('PRECONDITION_FAILED', 'The tag is weak, or not one of what is there');
  if (others.length === 0) return { version };
  const name = parseBy(context.model, context.database, type.name, by);
  const entity = await findEntity(context.snapshot, name);
  const [current] = entity === undefined ? [] : await context.snapshot.versions([entity]);
  return { version: versions.find((each) => each === current) ?? version };
}

/** @throws PRECONDITION_FAILED in the place of what a header asked to be otherwise */
async function commit(
  context: RequestContext,
  { ifMatch, ifNoneMatch, idempotencyKey }: RestRequest,
  write: Write,
): Promise<Written> {
  try {
    return await commitWrites(context, { writes: [write], idempotencyKey });
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const isAsked =
      (ifMatch !== undefined && error.code === 'CAS_CONFLICT') ||
      (ifNoneMatch !== undefined && error.code === 'UNIQUE_CONFLICT');
    if (!isAsked) throw error;
    const { message, data } = error;
    throw new DatabaseError('PRECONDITION_FAILED', message, { data, cause: error });
  }
}

/** A patch in either form, and what it takes the entity to be. */
async function patchIn(
  context: RequestContext,
  { body, bodyType }: RestRequest,
  type: EntityType,
  by: By,
): Promise<Pick<Extract<Write, { kind: 'update' }>, 'patch'> & Pick<EntityCondition, 'attrs'>> {
  const { model, database } = context;
  if (bodyType !== JSON_PATCH)
    return { patch: parseMergePatch(model, type, body), attrs: undefined };
  const scope = readScope(context, undefined, type);
  const entity = await findEntity(scope.snapshot, parseBy(model, database, type.name, by));
  const plan = entityPlan(context, type);
  const shown =
    entity === undefined ? null : await readEntity({ scope, variables: {} }, plan, entity);
  if (shown === null) throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  const { changed, read } = applyJsonPatch(JSON.parse(shown) as Record<string, unknown>, body);
  return {
    // A patch that only tests says again what is there.
    patch: parseMergePatch(model, type, Object.keys(changed).length > 0 ? changed : read),
    attrs: parseAttrs(model, type, read, 'body'),
  };
}

async function answerOne(
  context: RequestContext,
  { url, preferences }: RestRequest,
  type: EntityType,
  { entities, after }: Written,
  isCreated: boolean,
): Promise<RestAnswer> {
  const [entity = 0] = entities.flat();
  const [version = 0] = await after.snapshot.versions([entity]);
  const [, prefix, database, segment] = url.pathname.split('/');
  const location = `/${prefix}/${database}/${segment}/${context.encodeId(entity)}`;
  const headers = {
    ETag: entityTag(after.snapshot, version),
    ...(isCreated ? { Location: location } : {}),
    ...appliedHeader(preferences, 'return'),
  };
  if (preferences.returns === 'minimal')
    return { status: isCreated ? 201 : 204, headers, body: undefined };
  const [body] = await showAll(context, type, after, [entity]);
  return { status: isCreated ? 201 : 200, headers, body: body ?? 'null' };
}

async function answerMany(
  context: RequestContext,
  { preferences }: RestRequest,
  type: EntityType,
  { entities }: Written,
  scope: ReadScope,
): Promise<RestAnswer> {
  const all = entities.flat();
  const headers = appliedHeader(preferences, 'return', 'max-affected');
  const count = `"count":${all.length}`;
  if (preferences.returns !== 'representation') return { status: 200, headers, body: `{${count}}` };
  const nodes = await showAll(context, type, scope, all);
  return { status: 200, headers, body: `{${count},"nodes":[${nodes.join(',')}]}` };
}

async function showAll(
  context: RequestContext,
  type: EntityType,
  scope: ReadScope,
  entities: ReadonlyArray<number>,
): Promise<ReadonlyArray<string>> {
  const run = { scope, variables: {} };
  const fragments = await readEntities(run, entityPlan(context, type), entities);
  return entities.map((entity) => fragments.get(entity) ?? 'null');
}
