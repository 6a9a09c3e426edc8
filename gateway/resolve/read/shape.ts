/**
 * What a pull answered, in the shape that was asked for. Parts that a pull cannot answer are left open: `Waiting` remembers them by
 * selection, so that each is then read once for all the objects that wait for it.
 */
import { TYPE_NAME } from '../../generate/graphql/shared-types.ts';
import { Keyword } from '../../../schema/keyword.ts';
import type { Model, ScalarField } from '../../../schema/model/model.ts';
import { primaryType } from '../../../schema/model/primary-type.ts';
import { valueToJson } from '../../../schema/model/scalars.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import { encodeId } from '../global-id.ts';
import { answerObject } from '../selection.ts';
import type {
  AnswerObject,
  EntitySelection,
  FieldSelection,
  LinkConnection,
  ListSelection,
} from '../selection.ts';
import { DB_ID, isPullable, pullKey, pullRange } from './to-pull.ts';

/** The objects that wait for a list of the entity they show. */
export type Waiting = Map<
  ListSelection | LinkConnection,
  Array<{ readonly parent: number; readonly object: AnswerObject }>
>;

export interface ShapeContext {
  readonly model: Model;
  readonly database: string;
  readonly waiting: Waiting;
}

/** Null where there is no entity, or none of a type that the API shows. */
export function shapeEntity(
  context: ShapeContext,
  selection: EntitySelection,
  pulled: EdnData,
): AnswerObject | null {
  const entity = asEntity(pulled);
  if (entity === undefined) return null;
  if (selection.kind === 'typed') return shapeFields(context, selection.fields, entity);
  const type = primaryType(context.model, keywordsOf(entity));
  if (type === undefined) return null;
  const fields = selection.fieldsByType.get(type.name) ?? selection.common;
  return Object.assign(shapeFields(context, fields, entity), { [TYPE_NAME]: type.name });
}

function shapeFields(
  context: ShapeContext,
  fields: ReadonlyArray<FieldSelection>,
  entity: EdnMap,
): AnswerObject {
  const object = answerObject();
  for (const selected of fields)
    object[selected.key] = shapeField(context, selected, entity, object);
  return object;
}

function shapeField(
  context: ShapeContext,
  selected: FieldSelection,
  entity: EdnMap,
  object: AnswerObject,
): unknown {
  switch (selected.kind) {
    case 'id':
      return encodeId(context.database, Number(entity.get(DB_ID)));
    case 'scalar':
      return shapeScalar(selected.field, entity.get(selected.field.attribute.ident));
    case 'one': {
      const [target = null] = asList(entity.get(pullKey(selected.field)));
      return shapeEntity(context, selected.selection, target);
    }
    case 'list':
      if (isPullable(selected)) return shapeList(context, selected, entity);
      return wait(context.waiting, selected, entity, object);
    case 'connection':
      return wait(context.waiting, selected, entity, object);
  }
}

function shapeScalar(field: ScalarField, value: EdnData | undefined): unknown {
  if (field.many) return asList(value).map((each) => valueToJson(field.scalar, each));
  return value === undefined || value === null ? null : valueToJson(field.scalar, value);
}

function shapeList(
  context: ShapeContext,
  selected: ListSelection,
  entity: EdnMap,
): ReadonlyArray<AnswerObject> {
  const { from, to } = pullRange(selected);
  return asList(entity.get(pullKey(selected.field)))
    .slice(from, to)
    .map((target) => shapeEntity(context, selected.selection, target))
    .filter((target) => target !== null);
}

/** Filled in when the list is read. */
function wait(
  waiting: Waiting,
  selected: ListSelection | LinkConnection,
  entity: EdnMap,
  object: AnswerObject,
): null {
  const objects = waiting.get(selected) ?? [];
  objects.push({ parent: Number(entity.get(DB_ID)), object });
  waiting.set(selected, objects);
  return null;
}

/** A pull answers one value or many with or without a list around it, depending on the attribute and the direction. */
function asList(value: EdnData | undefined): ReadonlyArray<EdnData> {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as ReadonlyArray<EdnData>) : [value];
}

function asEntity(pulled: EdnData): EdnMap | undefined {
  return pulled instanceof Map ? (pulled as EdnMap) : undefined;
}

function* keywordsOf(entity: EdnMap): Generator<Keyword> {
  for (const key of entity.keys()) {
    // Reverse keys name an attribute of another entity.
    if (key instanceof Keyword && !key.name.startsWith('_')) yield key;
  }
}
