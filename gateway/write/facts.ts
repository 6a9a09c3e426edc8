/** Inputs and patches, whose shape and names are checked as far as GraphQL could: to facts of a draft. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Field, RefField, ReverseField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import { isWritableField } from '../generate/writable.ts';
import { badInput } from '../read/bad-input.ts';
import type { By } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import type { Draft, EntityTerm } from './draft.ts';
import type { Input } from './input.ts';
import { isGiven, listAt, objectAt, valueAt } from './input.ts';
import type { EntityCondition } from './requirements.ts';
import { requireEntity } from './requirements.ts';

/** A new entity under a tempid, with those it creates in turn. */
export async function createEntity(
  draft: Draft,
  type: EntityType,
  input: Input,
  tempid = draft.newTempid(),
): Promise<string> {
  draft.permit({ entity: tempid, type }, 'create');
  for await (const [attribute, value] of identitiesIn(draft, type, input))
    draft.claim(attribute, value);
  await assertInput(draft, type, tempid, input, type.names.create);
  return tempid;
}

/** The identities that an input gives: whoever has one is the entity that it is written to. */
export async function* identitiesIn(draft: Draft, type: EntityType, input: Input) {
  for (const [name, value] of Object.entries(input)) {
    const field = type.fields.get(name);
    const isIdentity = field?.kind === 'scalar' && field.attribute.unique === 'identity';
    if (isIdentity && isGiven(value))
      yield [field.attribute.ident, await draft.stored(field, value as EdnData)] as const;
  }
}

/** Adds what an input says; null says nothing. */
export async function assertInput(
  draft: Draft,
  type: EntityType,
  entity: EntityTerm,
  input: Input,
  place: string,
): Promise<void> {
  const before = draft.operations.length;
  for (const [name, value] of Object.entries(input)) {
    if (value === null || value === undefined) continue;
    const at = `${place}.${name}`;
    const field = fieldAt(type, name, at);
    for (const each of field.many ? listAt(value, at) : [value])
      draft.add(field, entity, await toValue(draft, field, each, at));
  }
  if (draft.operations.length === before) throw badInput(place, 'needs at least one value');
}

/** Changes an entity as a patch says; null removes. */
export async function patchEntity(
  draft: Draft,
  type: EntityType,
  entity: EntityTerm,
  patch: Input,
  place = `${type.names.update}.patch`,
): Promise<void> {
  draft.permit({ entity, type }, 'update');
  if (Object.values(patch).every((value) => value === undefined))
    throw badInput(place, 'changes nothing');
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const at = `${place}.${name}`;
    const field = fieldAt(type, name, at);
    if (value === null) await draft.retractAll(field, storedAt(entity, at));
    else if (field.many) await patchMany(draft, field, entity, objectAt(value, at), at);
    else await patchOne(draft, field, entity, value, at);
  }
}

async function patchOne(
  draft: Draft,
  field: Field,
  entity: EntityTerm,
  value: unknown,
  place: string,
): Promise<void> {
  if (field.kind === 'scalar')
    return draft.add(field, entity, await draft.stored(field, valueAt(value, place)));
  const { unlink, update } = objectAt(value, place);
  if (isGiven(unlink)) {
    if (unlink !== true) throw badInput(`${place}.unlink`, 'must be true, or left out');
    return draft.retractAll(field, storedAt(entity, place));
  }
  const present = await draft.valuesOf(field, entity);
  if (isGiven(update)) {
    const [child] = present;
    if (typeof child !== 'number') throw nothingAt(`${place}.update`);
    return patchEntity(
      draft,
      targetOf(draft, field, place),
      child,
      objectAt(update, place),
      `${place}.update`,
    );
  }
  const wanted = await toValue(draft, field, value, place);
  for (const each of present)
    if (each !== wanted && field.kind === 'ref' && field.attribute.component)
      draft.retract(field, storedAt(entity, place), each);
  draft.add(field, entity, wanted);
}

async function patchMany(
  draft: Draft,
  field: Field,
  entity: EntityTerm,
  change: Input,
  place: string,
): Promise<void> {
  const { set, add, remove, update } = change;
  const isSet = isGiven(set);
  if (isSet === [add, remove, update].some(isGiven))
    throw badInput(
      place,
      field.kind === 'scalar'
        ? 'takes either set, or add and remove'
        : 'takes either set, or add, remove and update',
    );
  if (isSet) return setMany(draft, field, entity, listAt(set, `${place}.set`), `${place}.set`);
  for (const value of listAt(remove ?? [], `${place}.remove`)) {
    const removed =
      field.kind === 'scalar'
        ? await draft.stored(field, valueAt(value, `${place}.remove`))
        : (await linked(draft, field, value, `${place}.remove`)).entity;
    draft.retract(field, storedAt(entity, place), removed);
  }
  for (const value of listAt(add ?? [], `${place}.add`))
    draft.add(field, entity, await toValue(draft, field, value, `${place}.add`));
  for (const each of listAt(update ?? [], `${place}.update`))
    await patchChild(draft, field, entity, objectAt(each, `${place}.update`), `${place}.update`);
}

/** An entity that a field leads to is patched with the one that it belongs to. */
async function patchChild(
  draft: Draft,
  field: Field,
  entity: EntityTerm,
  { by, patch, if: condition }: Input,
  place: string,
): Promise<void> {
  if (field.kind === 'scalar') throw badInput(place, 'is only for references');
  const child = await linked(draft, field, by, `${place}.by`);
  if (isGiven(condition)) await requireEntity(draft, child, condition as EntityCondition);
  const present = await draft.valuesOf(field, entity);
  if (!present.includes(child.entity)) throw nothingAt(`${place}.by`);
  await patchEntity(draft, child.type, child.entity, objectAt(patch, place), `${place}.patch`);
}

/** Retracts only what goes, so that what stays keeps its transaction. */
async function setMany(
  draft: Draft,
  field: Field,
  entity: EntityTerm,
  wanted: ReadonlyArray<unknown>,
  place: string,
): Promise<void> {
  const values: EdnData[] = [];
  for (const value of wanted) values.push(await toValue(draft, field, value, place));
  const kept = new Set(values.map(valueKey));
  for (const current of await draft.valuesOf(field, entity))
    if (!kept.has(valueKey(current))) draft.retract(field, storedAt(entity, place), current);
  for (const value of values) draft.add(field, entity, value);
}

async function toValue(
  draft: Draft,
  field: Field,
  value: unknown,
  place: string,
): Promise<EdnData> {
  if (field.kind === 'scalar') return draft.stored(field, valueAt(value, place));
  const { link, create } = objectAt(value, place);
  if (isGiven(link)) return (await linked(draft, field, link, `${place}.link`)).entity;
  if (isGiven(create)) {
    const at = `${place}.create`;
    return createEntity(draft, targetOf(draft, field, at), objectAt(create, at));
  }
  throw badInput(
    place,
    'must link or create an entity; unlink and update stand only for a single reference in a patch',
  );
}

/** An entity that a reference is to lead to, or to come from: that one is changed by it. */
async function linked(
  draft: Draft,
  field: RefField | ReverseField,
  by: unknown,
  place: string,
): Promise<{ readonly entity: EntityTerm; readonly type: EntityType }> {
  const target = field.target === undefined ? undefined : targetOf(draft, field, place);
  const named = await draft.named(target, objectAt(by, place) as By);
  if (field.kind === 'reverse') draft.permit(named, 'update');
  return named;
}

function targetOf(
  { scope: { model } }: Draft,
  { target }: RefField | ReverseField,
  place: string,
): EntityType {
  const type = target === undefined ? undefined : model.types.get(target);
  if (type === undefined) throw badInput(place, 'is only for references to a known type');
  return type;
}

function fieldAt(type: EntityType, name: string, place: string): Field {
  const field = type.fields.get(name);
  if (field !== undefined && isWritableField(field)) return field;
  const known = Array.from(type.fields.values()).filter(isWritableField);
  const names = known.map((each) => each.name);
  throw badInput(
    place,
    `names no field of ${type.name} that can be written${suggest(name, names)}`,
  );
}

/** What is made by the transaction has nothing yet that could be taken from it. */
function storedAt(entity: EntityTerm, place: string): number {
  if (typeof entity === 'number') return entity;
  throw badInput(place, `takes something from ${entity}, which the transaction makes`);
}

function nothingAt(place: string): DatabaseError {
  return new DatabaseError('ENTITY_NOT_FOUND', `${place} names nothing that is referred to there`, {
    data: { place },
  });
}
