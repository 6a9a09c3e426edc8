/** What of a model can be written. */
import type { EntityType, Field } from '../../schema/model/model.ts';

/** The writes that there are of entities of a type, by their names at the root of the API. */
export const WRITES = ['create', 'update', 'upsert', 'delete', 'updateMany', 'deleteMany'] as const;

export type WriteKind = (typeof WRITES)[number];

/** Whether the caller may make writes of a kind at all. */
export function isAllowed(type: EntityType, kind: WriteKind): boolean {
  if (!isWritable(type)) return false;
  const { access } = type;
  if (access === undefined) return true;
  switch (kind) {
    case 'upsert':
      return access.create && access.update;
    case 'updateMany':
      return access.update;
    case 'deleteMany':
      return access.delete;
    default:
      return access[kind];
  }
}

/** A type of nothing but composite tuples cannot be written. */
function isWritable({ fields }: EntityType): boolean {
  return Array.from(fields.values()).some(
    (field) => field.kind !== 'reverse' && isWritableField(field),
  );
}

/** Composite tuples follow from other attributes, and a component does not choose what it belongs to. */
export function isWritableField(field: Field): boolean {
  if (field.isReadOnly === true) return false;
  if (field.kind === 'reverse') return !field.attribute.component;
  return field.kind === 'ref' || field.shape.kind !== 'tuple' || !field.shape.isComposite;
}
