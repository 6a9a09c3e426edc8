/** Fields that code of users makes, for those who name them by paths and give no arguments. */
import { getNamedType, isObjectType, isRequiredArgument } from 'graphql';
import type { GraphQLField, GraphQLOutputType, GraphQLSchema } from 'graphql';
import type { EntityType, Model } from '../../schema/model/model.ts';
import type { FieldCode } from './collect-fields.ts';
import { isEntity } from './collect-fields.ts';
import type { EntitySelection, FieldSelection, MadeField, ValueSelection } from './selection.ts';
import { sizeIn, valueSelection } from './value-selection.ts';

/** What callers of one view see of them. */
export interface ComputedFields {
  /** By the names of their types. */
  readonly byType: ReadonlyMap<string, ReadonlyMap<string, ComputedField>>;
  /** All of their names. */
  readonly names: ReadonlySet<string>;
}

export interface ComputedField {
  readonly name: string;
  readonly type: GraphQLOutputType;
  readonly doc: string | undefined;
  /** Whether it is an entity, or a list of those. */
  readonly isLink: boolean;
  readonly needs: ReadonlyArray<string>;
  /** What is wanted of it, where entities among it are shown so. */
  readonly made: (shown: ShowEntity) => MadeField;
}

/** What is shown of entities of a type, or of any. */
type ShowEntity = (target: string | undefined) => EntitySelection;

export const NOTHING_COMPUTED: ComputedFields = { byType: new Map(), names: new Set() };

export function computedFields(
  schema: GraphQLSchema,
  { types }: Model,
  code: FieldCode | undefined,
): ComputedFields {
  if (code === undefined) return NOTHING_COMPUTED;
  const known = { schema, code, types };
  const byType = new Map<string, ReadonlyMap<string, ComputedField>>();
  for (const typeName of types.keys()) {
    const computed = fieldsOf(schema, typeName).flatMap((field): ReadonlyArray<ComputedField> => {
      const needs = code.fieldOf(typeName, field.name)?.needs;
      if (needs === undefined || !needsNoArguments(field)) return [];
      const made = (shown: ShowEntity): MadeField => madeField(known, typeName, field, shown, []);
      const { name, type, description } = field;
      const isLink = types.has(getNamedType(type).name);
      return [{ name, type, doc: description ?? undefined, isLink, needs, made }];
    });
    if (computed.length > 0)
      byType.set(typeName, new Map(computed.map((each) => [each.name, each])));
  }
  const names = Array.from(byType.values()).flatMap((fields) => Array.from(fields.keys()));
  return { byType, names: new Set(names) };
}

/** A computed field of an entity. */
export function computedSelection(
  type: EntityType,
  { needs, made }: ComputedField,
  shown: ShowEntity,
): FieldSelection {
  const fields = needs.map((name) => ({ name, field: type.fields.get(name) }));
  return { kind: 'made', needs: fields, ...made(shown) };
}

type AnyField = GraphQLField<unknown, unknown>;

interface Known extends Pick<Model, 'types'> {
  readonly schema: GraphQLSchema;
  readonly code: FieldCode;
}

/** `above` are the types of the objects in which it stands. */
function madeField(
  known: Known,
  typeName: string,
  { name, type, args }: AnyField,
  shown: ShowEntity,
  above: ReadonlyArray<string>,
): MadeField {
  const { schema, code, types } = known;
  const given = Object.fromEntries(
    args.flatMap((each): ReadonlyArray<readonly [string, unknown]> =>
      each.defaultValue === undefined ? [] : [[each.name, each.defaultValue]],
    ),
  );
  const value = valueSelection(type, {
    place: `${typeName}.${name}`,
    size: () => sizeIn(given),
    ofEntity: (target) => ({ kind: 'entity', target, selection: shown(target) }),
    ofObject: (held, entity): ValueSelection => {
      const possible = isObjectType(held) ? [held] : schema.getPossibleTypes(held);
      const fieldsByType = new Map(
        possible
          .filter((each) => !types.has(each.name))
          .map((each) => [each.name, objectFields(known, each.name, shown, above)]),
      );
      const typeOf = isObjectType(held) ? () => held.name : code.typeOf(held.name);
      return { kind: 'object', typeOf, fieldsByType, entity };
    },
    isEntity: (each) => types.has(each) || isEntity(each),
  });
  return {
    key: name,
    name,
    resolve: code.fieldOf(typeName, name)?.resolve,
    args: () => given,
    value,
  };
}

/** All that an object says, but for objects of a type that it stands in itself. */
function objectFields(
  known: Known,
  typeName: string,
  shown: ShowEntity,
  above: ReadonlyArray<string>,
): ReadonlyArray<MadeField> {
  if (above.includes(typeName)) return [];
  return fieldsOf(known.schema, typeName)
    .filter(needsNoArguments)
    .map((field) => madeField(known, typeName, field, shown, [...above, typeName]));
}

function fieldsOf(schema: GraphQLSchema, typeName: string): ReadonlyArray<AnyField> {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
}

function needsNoArguments({ args }: AnyField): boolean {
  return !args.some(isRequiredArgument);
}
