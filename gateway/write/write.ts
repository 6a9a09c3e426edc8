/**
 * The writes of the API: each is one transaction. What it made is read from the database as that transaction left it.
 */
import { DatabaseError } from '../../schema/error.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType, Model, TypeAccess } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { TransactResult, Writer } from '../../services/connection/writer-port.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import { findEntity, parseBy, requireEntity } from '../read/find-entity.ts';
import type { By } from '../read/find-entity.ts';
import type { VisibilityScope } from '../read/visible.ts';
import { isVisible } from '../read/visible.ts';
import { ENTITY } from '../read/query/list-clauses.ts';
import { TransactionDraft } from './to-transaction.ts';
import type { EntityTerm, Input, WriteLookup } from './to-transaction.ts';

/** `snapshot` is the database that the write starts from. */
export interface WriteScope extends VisibilityScope {
  readonly model: Model;
  readonly database: string;
  readonly writer: Writer;
}

export interface Written {
  readonly entity: number;
  readonly result: TransactResult;
}

/** @throws UNIQUE_CONFLICT where an entity holds one of the identities */
export async function createEntity(
  scope: WriteScope,
  type: EntityType,
  input: Input,
): Promise<Written> {
  checkAccess(type, 'create');
  const draft = newDraft(scope);
  const tempid = await draft.create(type, input);
  return commit(scope, draft, tempid);
}

/** @throws ENTITY_NOT_FOUND */
export async function updateEntity(
  scope: WriteScope,
  type: EntityType,
  by: By,
  patch: Input,
): Promise<Written> {
  checkAccess(type, 'update');
  const entity = await requireEntity(scope, type, nameOf(scope, type, by));
  const draft = newDraft(scope);
  await draft.patch(type, entity, patch);
  if (draft.operations.length === 0) {
    throw new DatabaseError('BAD_USER_INPUT', `${type.names.update}.patch changes nothing`);
  }
  return commit(scope, draft, entity);
}

/** The entity that `by` or an identity in the input names, or a new one. */
export async function upsertEntity(
  scope: WriteScope,
  type: EntityType,
  by: By | undefined,
  input: Input,
): Promise<Written> {
  checkAccess(type, 'create');
  checkAccess(type, 'update');
  const draft = newDraft(scope);
  const entity = await upsertTarget(scope, type, by, draft);
  await refuseHiddenIdentities(scope, type, by, input);
  await draft.assert(type, entity, input, type.names.upsert);
  return commit(scope, draft, entity);
}

/** Also retracts references to the entity, and its components. */
export async function deleteEntity(scope: WriteScope, type: EntityType, by: By): Promise<Written> {
  checkAccess(type, 'delete');
  const entity = await requireEntity(scope, type, nameOf(scope, type, by));
  const draft = newDraft(scope);
  draft.retractEntity(entity);
  return commit(scope, draft, entity);
}

async function upsertTarget(
  scope: WriteScope,
  type: EntityType,
  by: By | undefined,
  draft: TransactionDraft,
): Promise<EntityTerm> {
  if (by === undefined) return draft.newTempid();
  const name = nameOf(scope, type, by);
  if (name.kind === 'id') return requireEntity(scope, type, name);
  // The writer joins a new entity to the one that holds the identity, if there is one by then.
  const found = name.identity ? undefined : await findEntity(scope.snapshot, name);
  const entity = found ?? draft.newTempid();
  draft.add(entity, name.attribute, name.value);
  return entity;
}

/** What is not allowed is not in the GraphQL schema, but REST has one address for all methods. */
function checkAccess({ name, access }: EntityType, kind: keyof TypeAccess): void {
  if (access?.[kind] === false)
    throw new DatabaseError('FORBIDDEN', `The caller may not ${kind} entities of ${name}`);
}

/** An upsert would change the entity that has an identity, also where the caller may not see it. */
async function refuseHiddenIdentities(
  scope: WriteScope,
  type: EntityType,
  by: By | undefined,
  input: Input,
): Promise<void> {
  for (const [name, value] of Object.entries({ ...by, ...input })) {
    const field = type.fields.get(name);
    const isIdentity = field?.kind === 'scalar' && field.attribute.unique !== undefined;
    if (!isIdentity || value === null || value === undefined) continue;
    const { ident } = field.attribute;
    const entity = await scope.snapshot.entityId([ident, value as EdnData]);
    if (entity === undefined || (await isVisible(scope, type.name, entity))) continue;
    throw new DatabaseError('UNIQUE_CONFLICT', `Another entity has this ${ident}`, {
      data: { attribute: ident.toString() },
    });
  }
}

/** A new entity with a taken identity would silently become the entity that has it. */
async function refuseTakenIdentities(snapshot: Snapshot, draft: TransactionDraft): Promise<void> {
  for (const [attribute, value] of draft.identities) {
    if ((await snapshot.entityId([attribute, value])) !== undefined) {
      throw new DatabaseError(
        'UNIQUE_CONFLICT',
        `Another entity has this ${attribute}; use upsert to change it`,
        { data: { attribute: attribute.toString() } },
      );
    }
  }
}

async function commit(
  scope: WriteScope,
  draft: TransactionDraft,
  entity: EntityTerm,
): Promise<Written> {
  await refuseTakenIdentities(scope.snapshot, draft);
  const result = await scope.writer.transact({ txData: draft.operations });
  const id = typeof entity === 'number' ? entity : result.tempids.get(entity);
  if (id === undefined) throw new Error(`Expected the writer to resolve the tempid ${entity}`);
  return { entity: id, result };
}

function nameOf(scope: WriteScope, type: EntityType, by: By) {
  return parseBy(scope.model, scope.database, type.name, by);
}

function newDraft(scope: WriteScope): TransactionDraft {
  const { model, database, snapshot } = scope;
  const lookup: WriteLookup = {
    require: (target, name) =>
      requireEntity(scope, target === undefined ? undefined : model.types.get(target), name),
    values: (entity, attribute) => currentValues(snapshot, entity, attribute),
  };
  return new TransactionDraft(model, database, lookup);
}

async function currentValues(
  snapshot: Snapshot,
  entity: number,
  attribute: Keyword,
): Promise<ReadonlyArray<EdnData>> {
  const query = new Map<EdnData, EdnData>([
    [kw('find'), [[VALUE, sym('...')]]],
    [kw('in'), [sym('$'), ENTITY]],
    [kw('where'), [[ENTITY, attribute, VALUE]]],
  ]);
  return (await snapshot.q(query, [entity])) as ReadonlyArray<EdnData>;
}

const VALUE = sym('?v');
