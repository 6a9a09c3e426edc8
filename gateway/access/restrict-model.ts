/** A model without what a caller may not use: types and fields that are hidden are as if there were none. */
import type { EntityType, Field, Model } from '../../schema/model/model.ts';
import type { TypePermissions } from './permissions.ts';

export function restrictModel(
  model: Model,
  permissionsOf: (type: EntityType) => TypePermissions,
): Model {
  const visible = Array.from(model.types.values()).filter(
    (type) => permissionsOf(type).read !== false,
  );
  const names = new Set(visible.map(({ name }) => name));
  const isVisible = (type: EntityType, field: Field): boolean => {
    const permissions = permissionsOf(type);
    if (field.kind === 'reverse') {
      const source = model.types.get(field.target);
      if (source === undefined || !names.has(source.name)) return false;
      const ref = refOf(source, field);
      return (
        ref !== undefined &&
        permissionsOf(source).canRead(ref.name) &&
        permissions.canRead(field.name)
      );
    }
    if (field.kind === 'ref' && field.target !== undefined && !names.has(field.target))
      return false;
    return permissions.canRead(field.name) && !holdsHidden(type, field, permissions);
  };
  const isWritableAtSource = (field: Field): boolean => {
    const source = field.kind === 'reverse' ? model.types.get(field.target) : undefined;
    if (source === undefined) return true;
    const { create, update, canWrite } = permissionsOf(source);
    const ref = refOf(source, field);
    return (create !== false || update !== false) && ref !== undefined && canWrite(ref.name);
  };
  const types = visible.map((type): EntityType => {
    const { create, update, delete: remove, history, canWrite } = permissionsOf(type);
    const fields = Array.from(type.fields.values())
      .filter((field) => isVisible(type, field))
      .map((field) => {
        const isWritable = canWrite(field.name) && isWritableAtSource(field);
        return [field.name, { ...field, isReadOnly: !isWritable }] as const;
      });
    const access = {
      create: create !== false,
      update: update !== false,
      delete: remove !== false,
      history,
    };
    const shown = new Map(fields);
    const foreign = new Map(Array.from(type.foreign).filter(([, { key }]) => shown.has(key.name)));
    return { ...type, fields: shown, foreign, access };
  });
  const byName = new Map(types.map((type) => [type.name, type]));
  const typesByAttribute = Array.from(model.typesByAttribute).flatMap(([ident, { name }]) => {
    const type = byName.get(name);
    return type === undefined ? [] : [[ident, type] as const];
  });
  return {
    ...model,
    types: byName,
    typesByRoute: new Map(types.map((type) => [type.names.route, type])),
    typesByAttribute: new Map(typesByAttribute),
  };
}

/** The field at the other end of one that leads back. */
function refOf(source: EntityType, { attribute }: Field): Field | undefined {
  return Array.from(source.fields.values()).find(
    (each) => each.kind === 'ref' && each.attribute === attribute,
  );
}

/** Whether a composite tuple shows an attribute that is hidden itself. */
function holdsHidden(type: EntityType, field: Field, { canRead }: TypePermissions): boolean {
  const { tuple } = field.attribute;
  if (field.kind !== 'scalar' || tuple?.kind !== 'composite') return false;
  return tuple.attributes.some((member) => {
    const shown = Array.from(type.fields.values()).find(
      (each) => each.kind !== 'reverse' && each.attribute.ident === member,
    );
    return shown === undefined || !canRead(shown.name);
  });
}
