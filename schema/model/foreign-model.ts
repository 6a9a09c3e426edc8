/** The model of one database as another one shows it: the types that can be reached from some of them, under names that say where they are from. */
import type { EntityType, Field, ForeignField, Model } from './model.ts';
import { foreignPrefix } from './naming.ts';
import type { Shape } from './shapes.ts';

/** The whole model under the names that it has elsewhere. It leads into no third database. */
export function foreignModel(model: Model, database: string): Model {
  const types = Array.from(model.types.values(), (type) => renamed(type, database));
  return withTypes(model, new Map(types.map((type) => [type.name, type])));
}

/** The part of a model that can be reached from some of its types, through references both ways. */
export function reachableModel(model: Model, from: Iterable<string>): Model {
  const reached = new Set<string>();
  const visit = (name: string | undefined): void => {
    const type = name === undefined || reached.has(name) ? undefined : model.types.get(name);
    if (type === undefined) return;
    reached.add(type.name);
    for (const field of type.fields.values()) if (field.kind !== 'scalar') visit(field.target);
  };
  for (const name of from) visit(name);
  return withTypes(model, new Map(Array.from(model.types).filter(([name]) => reached.has(name))));
}

/** The model whose types lead to types of other models, where those are known. */
export function linkedModel(
  model: Model,
  targetOf: (field: ForeignField) => string | undefined,
): Model {
  const types = Array.from(model.types.values(), (type): EntityType => {
    if (type.foreign.size === 0) return type;
    const foreign = Array.from(type.foreign.values(), (field) => ({
      ...field,
      target: targetOf(field),
    }));
    return { ...type, foreign: new Map(foreign.map((field) => [field.name, field])) };
  });
  return withTypes(model, new Map(types.map((type) => [type.name, type])));
}

/** The databases that a model leads into. */
export function foreignDatabases({ types }: Model): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { foreign } of types.values())
    for (const { database } of foreign.values()) found.add(database);
  return found;
}

function withTypes(model: Model, types: Model['types']): Model {
  const byNamespace = new Map<EntityType['namespaces'][number], EntityType>();
  for (const type of types.values())
    for (const namespace of type.namespaces) byNamespace.set(namespace, type);
  const typesByAttribute = Array.from(model.typesByAttribute.keys()).flatMap((ident) => {
    const type = byNamespace.get(ident.namespace);
    return type === undefined ? [] : [[ident, type] as const];
  });
  return {
    ...model,
    types,
    typesByRoute: new Map(Array.from(types.values(), (type) => [type.names.route, type])),
    typesByAttribute: new Map(typesByAttribute),
  };
}

function renamed(type: EntityType, database: string): EntityType {
  const prefix = foreignPrefix(database);
  const fields = Array.from(
    type.fields.values(),
    (field) => [field.name, renamedField(field, prefix)] as const,
  );
  return {
    ...type,
    name: prefix + type.name,
    fields: new Map(fields),
    foreign: new Map(),
    database,
  };
}

function renamedField(field: Field, prefix: string): Field {
  switch (field.kind) {
    case 'scalar':
      return { ...field, shape: renamedShape(field.shape, prefix) };
    case 'ref':
      return { ...field, target: field.target === undefined ? undefined : prefix + field.target };
    case 'reverse':
      return { ...field, target: prefix + field.target };
  }
}

function renamedShape(shape: Shape, prefix: string): Shape {
  return shape.kind === 'enum' || shape.kind === 'tuple'
    ? { ...shape, name: prefix + shape.name }
    : shape;
}
