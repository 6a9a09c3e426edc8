/** The writes of the API, each as its part of one transaction. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { badInput } from '../read/bad-input.ts';
import type { By } from '../read/find-entity.ts';
import { parseBy } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import type { ReadScope } from '../read/scope.ts';
import type { EntityTerm, Named } from './draft.ts';
import { Draft, TEMPID } from './draft.ts';
import { assertInput, createEntity, identitiesIn, patchEntity } from './facts.ts';
import type { Input } from './input.ts';
import { isGiven } from './input.ts';
import type { Many } from './many.ts';
import { entitiesWhere } from './many.ts';
import type { EntityCondition, TxCondition } from './requirements.ts';
import { requireBasis, requireEntity } from './requirements.ts';

export type Write =
  | {
      readonly kind: 'create';
      readonly type: EntityType;
      readonly input: Input;
      readonly tempid?: string | null | undefined;
    }
  | {
      readonly kind: 'update';
      readonly type: EntityType;
      readonly by: By;
      readonly patch: Input;
      readonly if?: EntityCondition | null | undefined;
    }
  | {
      /** The entity that `by` or an identity in the input names, or a new one. */
      readonly kind: 'upsert';
      readonly type: EntityType;
      readonly by?: By | null | undefined;
      readonly input: Input;
      readonly if?: EntityCondition | null | undefined;
      readonly tempid?: string | null | undefined;
    }
  | {
      /** Also retracts references to the entity, and its components. */
      readonly kind: 'delete';
      readonly type: EntityType;
      readonly by: By;
      readonly if?: EntityCondition | null | undefined;
    }
  | ({ readonly kind: 'updateMany'; readonly patch: Input } & Many)
  | ({ readonly kind: 'deleteMany' } & Many);

export interface WriteRequest {
  readonly writes: ReadonlyArray<Write>;
  readonly if?: TxCondition | null | undefined;
  /** What is said of the transaction itself: inputs by the names under which their types are looked up. */
  readonly meta?: Readonly<Record<string, Input | null | undefined>> | null | undefined;
}

export interface Prepared {
  readonly draft: Draft;
  /** What each write is of. */
  readonly entities: ReadonlyArray<ReadonlyArray<EntityTerm>>;
}

/** What a transaction that is to be written says of itself. */
const CURRENT_TX = ':db/current-tx';

/** @throws BAD_USER_INPUT, ENTITY_NOT_FOUND, FORBIDDEN, UNIQUE_CONFLICT, LIMIT_EXCEEDED */
export async function prepareWrites(scope: ReadScope, request: WriteRequest): Promise<Prepared> {
  const draft = new Draft(scope, declaredIn(request.writes));
  const entities: Array<ReadonlyArray<EntityTerm>> = [];
  for (const write of request.writes) entities.push(await prepareWrite(scope, draft, write));
  requireBasis(draft, request.if ?? {});
  // Nobody asked for a transaction of nothing else.
  if (entities.some((each) => each.length > 0))
    await describeTransaction(draft, request.meta ?? {});
  return { draft, entities };
}

/** The tempids that callers give to what they make. */
function declaredIn(writes: ReadonlyArray<Write>): ReadonlyMap<string, EntityType> {
  const declared = new Map<string, EntityType>();
  for (const write of writes) {
    if (!('tempid' in write) || !isGiven(write.tempid)) continue;
    const { tempid, type } = write;
    if (!TEMPID.test(tempid))
      throw badInput('tempid', `must be like tmp:a, got '${tempid.slice(0, 40)}'`);
    if (declared.has(tempid)) throw badInput('tempid', `${tempid} stands for two entities`);
    declared.set(tempid, type);
  }
  return declared;
}

async function prepareWrite(
  scope: ReadScope,
  draft: Draft,
  write: Write,
): Promise<ReadonlyArray<EntityTerm>> {
  const { type } = write;
  switch (write.kind) {
    case 'create':
      return [await createEntity(draft, type, write.input, write.tempid ?? undefined)];
    case 'update': {
      const named = await draft.named(type, write.by);
      await requireEntity(draft, named, write.if ?? {});
      await patchEntity(draft, type, named.entity, write.patch);
      return [named.entity];
    }
    case 'upsert':
      return [await upsert(draft, write)];
    case 'delete': {
      const named = await draft.named(type, write.by);
      await requireEntity(draft, named, write.if ?? {});
      remove(draft, named);
      return [named.entity];
    }
    case 'updateMany': {
      const entities = await entitiesWhere(scope, draft, write);
      for (const entity of entities) await patchEntity(draft, type, entity, write.patch);
      return entities;
    }
    case 'deleteMany': {
      const entities = await entitiesWhere(scope, draft, write);
      for (const entity of entities) remove(draft, { entity, type });
      return entities;
    }
  }
}

function remove(draft: Draft, named: Named): void {
  if (typeof named.entity === 'string')
    throw badInput(named.entity, 'is made by the transaction, and cannot be deleted by it');
  draft.permit(named, 'delete');
  draft.retractEntity(named.entity);
}

async function upsert(
  draft: Draft,
  { type, by, input, if: condition, tempid }: Extract<Write, { kind: 'upsert' }>,
): Promise<EntityTerm> {
  const place = type.names.upsert;
  const entity = await upserted(draft, type, by ?? undefined, tempid ?? draft.newTempid());
  if (typeof entity === 'number' && typeof tempid === 'string')
    throw badInput(`${place}.tempid`, 'is not needed, because by says which entity it is');
  for await (const [attribute, value] of identitiesIn(draft, type, input))
    draft.join(type, attribute, value);
  if (isGiven(condition?.version) || isGiven(condition?.attrs)) {
    const known = typeof entity === 'number' ? entity : await joined(draft, type, by ?? {}, input);
    if (known === undefined)
      throw new DatabaseError('CAS_CONFLICT', `${place}.if expects an entity that is not there`);
    await requireEntity(draft, { entity: known, type }, condition);
  }
  // It may turn out to be new, or not.
  draft.permit({ entity, type }, 'create');
  draft.permit({ entity, type }, 'update');
  // One that is named by a unique value is made of that alone.
  const isNamed = isGiven(by) && !('id' in by);
  if (!isNamed || Object.keys(input).length > 0)
    await assertInput(draft, type, entity, input, place);
  return entity;
}

async function upserted(
  draft: Draft,
  type: EntityType,
  by: By | undefined,
  tempid: string,
): Promise<EntityTerm> {
  if (by === undefined) return tempid;
  const { scope } = draft;
  const name = parseBy(scope.model, scope.database, type.name, by);
  if (name.kind === 'id') return (await draft.named(type, by)).entity;
  const { attribute, value, identity } = name;
  // The writer joins a new entity to the one that holds an identity, if there is one by then.
  const holder = identity ? undefined : await draft.holderOf(attribute, value);
  if (!identity) draft.require({ kind: 'holder', attribute, value, entity: holder ?? null });
  draft.join(type, attribute, value);
  draft.addFact(holder ?? tempid, attribute, value);
  return holder ?? tempid;
}

/** The entity that an upsert finds by an identity. */
async function joined(
  draft: Draft,
  type: EntityType,
  by: By,
  input: Input,
): Promise<number | undefined> {
  for await (const [attribute, value] of identitiesIn(draft, type, { ...input, ...by })) {
    const holder = await draft.holderOf(attribute, value);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** Facts of the transaction itself, which is an entity like any other. */
async function describeTransaction(
  draft: Draft,
  meta: NonNullable<WriteRequest['meta']>,
): Promise<void> {
  const types = new Map(
    Array.from(draft.scope.model.types.values(), (type) => [type.names.lookup, type]),
  );
  for (const [name, input] of Object.entries(meta)) {
    if (!isGiven(input)) continue;
    const type = types.get(name);
    if (type === undefined)
      throw badInput(`meta.${name}`, `names no type${suggest(name, Array.from(types.keys()))}`);
    draft.permit({ entity: CURRENT_TX, type }, 'create');
    for await (const [attribute, value] of identitiesIn(draft, type, input))
      draft.claim(attribute, value);
    await assertInput(draft, type, CURRENT_TX, input, `meta.${name}`);
  }
}
