/**
 * A GraphQL selection set as a selection of ours. The whole tree below a root field is read here, once for all requests that send the
 * operation; what depends on their variables stays open.
 */
import { getNamedType, GraphQLObjectType, isAbstractType, Kind } from 'graphql';
import type { FieldNode, GraphQLAbstractType, SelectionSetNode } from 'graphql';
import type { EntityType, ForeignField } from '../../schema/model/model.ts';
import { connectionFieldName } from '../../schema/model/naming.ts';
import { argumentsOf } from './graphql-arguments.ts';
import type {
  ConnectionPart,
  EdgePart,
  EntitySelection,
  FieldSelection,
  Given,
  LinkField,
  ListArguments,
  MadeField,
  ObjectPart,
  PageInfoPart,
  ValueSelection,
} from './selection.ts';
import { aggregateParts } from './aggregate-from-graphql.ts';
import { collect, fieldsBelow, fragmentOf, isEntity, nameOf } from './collect-fields.ts';
import type { FieldsByKey, Operation } from './collect-fields.ts';
import { sizeIn, typenameField, valueSelection } from './value-selection.ts';
import type { EntityValue } from './value-selection.ts';

/** What is selected of an entity of the type, or of any entity where there is none. */
export function entitySelection(
  operation: Operation,
  type: EntityType | undefined,
  nodes: ReadonlyArray<FieldNode>,
): EntitySelection {
  if (type !== undefined) {
    const fields = fieldsBelow(operation, nodes, type.name);
    return { kind: 'typed', fields: entityFields(operation, type, fields) };
  }
  const common = collect(operation, nodes, isEntity);
  const conditions = Array.from(typeConditions(operation, nodes));
  const named = new Set(conditions.flatMap((name) => typesMeant(operation, name)));
  return {
    kind: 'any',
    common: entityFields(operation, undefined, common),
    fieldsByType: new Map(
      Array.from(named, (each) => [
        each.name,
        entityFields(operation, each, fieldsBelow(operation, nodes, each.name)),
      ]),
    ),
  };
}

/** What is selected of a connection of entities of the type. */
export function connectionParts(
  operation: Operation,
  target: string | undefined,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<ConnectionPart> {
  const type = target === undefined ? undefined : operation.model.types.get(target);
  const fields = fieldsBelow(operation, nodes, `${target ?? 'Entity'}Connection`);
  return Array.from(fields).flatMap(([key, below]): ReadonlyArray<ConnectionPart> => {
    switch (nameOf(below)) {
      case 'nodes':
        return [{ kind: 'nodes', key, selection: entitySelection(operation, type, below) }];
      case 'edges':
        return [{ kind: 'edges', key, parts: edgeParts(operation, type, below) }];
      case 'pageInfo':
        return [{ kind: 'pageInfo', key, parts: pageInfoParts(operation, below) }];
      case 'totalCount':
        return [{ kind: 'totalCount', key }];
      case 'aggregate':
        return type === undefined
          ? []
          : [{ kind: 'aggregate', key, parts: aggregateParts(operation, type, below) }];
      default:
        return [{ kind: 'typename', key, name: `${target ?? 'Entity'}Connection` }];
    }
  });
}

function entityFields(
  operation: Operation,
  type: EntityType | undefined,
  fields: FieldsByKey,
): ReadonlyArray<FieldSelection> {
  return Array.from(fields).flatMap(([key, nodes]): ReadonlyArray<FieldSelection> => {
    const name = nameOf(nodes);
    if (name === 'id') return [{ kind: 'id', key }];
    if (name === '__typename') return [{ kind: 'typename', key }];
    if (name === 'facets')
      return [{ kind: 'facets', key, selection: entitySelection(operation, undefined, nodes) }];
    if (name === '_meta')
      return [{ kind: 'meta', key, parts: objectParts(operation, META, nodes) }];
    if (type === undefined) return [];
    const foreign = type.foreign.get(name);
    if (foreign !== undefined) return [foreignSelection(operation, key, foreign, nodes)];
    const field = type.fields.get(name);
    if (field === undefined)
      return (
        madeSelection(operation, type, key, nodes) ?? connectionOfRef(operation, type, key, nodes)
      );
    if (field.kind === 'scalar') return [{ kind: 'scalar', key, field }];
    return [linkSelection(operation, type, key, field, nodes)];
  });
}

const META = 'EntityMeta';

/** What is selected of an object that is no entity, by the name of its type. */
export function objectParts(
  operation: Operation,
  typeName: string,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<ObjectPart> {
  const parent = operation.schema.getType(typeName);
  const fields = parent instanceof GraphQLObjectType ? parent.getFields() : {};
  return Array.from(fieldsBelow(operation, nodes, typeName), ([key, below]): ObjectPart => {
    const name = nameOf(below);
    const definition = fields[name];
    const [node] = below;
    const part = { key, name, type: typeName, args: NO_ARGUMENTS, below: [], entity: undefined };
    if (definition === undefined || node === undefined) return part;
    const args = argumentsOf(definition, node);
    const held = getNamedType(definition.type);
    const entityType = operation.model.types.get(held.name);
    if (entityType !== undefined || isAbstractType(held))
      return { ...part, args, entity: entitySelection(operation, entityType, below) };
    return { ...part, args, below: objectParts(operation, held.name, below) };
  });
}

const NO_ARGUMENTS = (): Readonly<Record<string, unknown>> => ({});

function linkSelection(
  operation: Operation,
  type: EntityType,
  key: string,
  field: LinkField,
  nodes: ReadonlyArray<FieldNode>,
): FieldSelection {
  const { target } = field;
  const targetType = target === undefined ? undefined : operation.model.types.get(target);
  if (!field.many) {
    return { kind: 'one', key, field, selection: entitySelection(operation, targetType, nodes) };
  }
  const list = listArguments(operation, type, nodes);
  if (field.kind === 'reverse')
    return {
      kind: 'connection',
      key,
      field,
      list,
      parts: connectionParts(operation, target, nodes),
    };
  const isSized = nodes[0]?.arguments?.some(({ name }) => name.value === 'first') === true;
  const selection = entitySelection(operation, targetType, nodes);
  return { kind: 'list', key, field, list, isSized, selection };
}

function foreignSelection(
  operation: Operation,
  key: string,
  field: ForeignField,
  nodes: ReadonlyArray<FieldNode>,
): FieldSelection {
  const type = operation.model.types.get(field.target ?? '');
  const selection = entitySelection(operation, type, nodes);
  return { kind: 'foreign', key, field, selection, at: { nodes, path: [operation.rootKey] } };
}

function connectionOfRef(
  operation: Operation,
  type: EntityType,
  key: string,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<FieldSelection> {
  const name = nameOf(nodes);
  for (const field of type.fields.values()) {
    if (field.kind === 'ref' && field.many && connectionFieldName(field.name) === name) {
      const list = listArguments(operation, type, nodes);
      const parts = connectionParts(operation, field.target, nodes);
      return [{ kind: 'connection', key, field, list, parts }];
    }
  }
  return [];
}

/** What code of users makes of the entity's fields; undefined where it does not make this one. */
function madeSelection(
  operation: Operation,
  type: EntityType,
  key: string,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<FieldSelection> | undefined {
  const code = operation.code?.fieldOf(type.name, nameOf(nodes));
  const made = code === undefined ? undefined : madeField(operation, type.name, key, nodes);
  if (code === undefined || made === undefined) return undefined;
  const needs = code.needs.map((name) => ({ name, field: type.fields.get(name) }));
  return [{ kind: 'made', needs, ...made }];
}

/** A field of a type whose value code of users makes, or has made with the object. */
export function madeField(
  operation: Operation,
  typeName: string,
  key: string,
  nodes: ReadonlyArray<FieldNode>,
): MadeField | undefined {
  const parent = operation.schema.getType(typeName);
  const name = nameOf(nodes);
  const definition = parent instanceof GraphQLObjectType ? parent.getFields()[name] : undefined;
  const [node] = nodes;
  if (definition === undefined || node === undefined) return undefined;
  const args = argumentsOf(definition, node);
  const value = valueSelection(definition.type, {
    place: `${typeName}.${name}`,
    size: (variables) => sizeIn(args(variables)),
    ofEntity: (target) => {
      const type = target === undefined ? undefined : operation.model.types.get(target);
      return { kind: 'entity', target, selection: entitySelection(operation, type, nodes) };
    },
    ofObject: (type, entity) => objectSelection(operation, type, nodes, entity),
    isEntity: (each) => operation.model.types.has(each) || isEntity(each),
  });
  const resolve = operation.code?.fieldOf(typeName, name)?.resolve;
  return { key, name, resolve, args, value };
}

function objectSelection(
  operation: Operation,
  type: GraphQLObjectType | GraphQLAbstractType,
  nodes: ReadonlyArray<FieldNode>,
  entity: EntityValue | undefined,
): ValueSelection {
  const types = isAbstractType(type) ? operation.schema.getPossibleTypes(type) : [type];
  const own = types.filter(({ name }) => !operation.model.types.has(name));
  const fieldsByType = new Map(
    own.map(({ name }) => [
      name,
      Array.from(fieldsBelow(operation, nodes, name)).flatMap(
        ([key, below]) =>
          (nameOf(below) === '__typename'
            ? typenameField(key, name)
            : madeField(operation, name, key, below)) ?? [],
      ),
    ]),
  );
  const typeOf = isAbstractType(type) ? operation.code?.typeOf(type.name) : undefined;
  return { kind: 'object', typeOf: typeOf ?? (() => type.name), fieldsByType, entity };
}

function edgeParts(
  operation: Operation,
  type: EntityType | undefined,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<EdgePart> {
  const edgeName = `${type?.name ?? 'Entity'}Edge`;
  return Array.from(fieldsBelow(operation, nodes, edgeName), ([key, below]): EdgePart => {
    switch (nameOf(below)) {
      case 'cursor':
        return { kind: 'cursor', key };
      case 'node':
        return { kind: 'node', key, selection: entitySelection(operation, type, below) };
      default:
        return { kind: 'typename', key, name: edgeName };
    }
  });
}

function pageInfoParts(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<PageInfoPart> {
  return Array.from(fieldsBelow(operation, nodes, 'PageInfo'), ([key, below]): PageInfoPart => {
    const name = nameOf(below);
    switch (name) {
      case 'hasNextPage':
      case 'hasPreviousPage':
      case 'startCursor':
      case 'endCursor':
        return { kind: 'fact', key, name };
      default:
        return { kind: 'typename', key, name: 'PageInfo' };
    }
  });
}

/** Fields of one response key have equal arguments, or the operation would not be valid. */
function listArguments(
  { schema }: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
): Given<ListArguments> {
  const parent = schema.getType(type.name);
  const [node] = nodes;
  if (!(parent instanceof GraphQLObjectType) || node === undefined) return () => ({});
  const definition = parent.getFields()[node.name.value];
  return definition === undefined ? () => ({}) : argumentsOf(definition, node);
}

/** The types of entities that a condition is of. */
function typesMeant({ schema, model }: Operation, condition: string): ReadonlyArray<EntityType> {
  const type = isEntity(condition) ? undefined : schema.getType(condition);
  const names = isAbstractType(type) ? schema.getPossibleTypes(type) : [{ name: condition }];
  return names.flatMap(({ name }) => model.types.get(name) ?? []);
}

/** The types that fragments below the nodes speak of. */
function typeConditions(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) continue;
      const { condition, selectionSet } = fragmentOf(operation, selection);
      if (condition !== undefined) found.add(condition);
      visit(selectionSet);
    }
  };
  for (const node of nodes) visit(node.selectionSet);
  return found;
}
