/** What code of users makes of entities, in OpenAPI. */
import {
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import type { GraphQLOutputType } from 'graphql';
import type { ScalarName } from '../../../schema/model/scalars.ts';
import { SCALARS } from '../../../schema/model/scalars.ts';
import type { JsonSchema } from './json-schemas.ts';
import { orNull, referenceTo, scalarSchema } from './json-schemas.ts';

export interface DescribedField {
  readonly name: string;
  readonly type: GraphQLOutputType;
  readonly doc: string | undefined;
}

/** By the names of entity types, and of the fields. */
export type DescribedFields = ReadonlyMap<string, ReadonlyMap<string, DescribedField>>;

/** The computed fields of a type: they are shown where `fields` names them. */
export function computedProperties(
  described: DescribedFields,
  typeName: string,
  isEntity: (typeName: string) => boolean,
): ReadonlyArray<readonly [string, JsonSchema]> {
  return Array.from(described.get(typeName)?.values() ?? [], ({ name, type, doc }) => {
    const about = { description: doc ?? `Shown where \`fields\` names it.` };
    return [name, { ...valueSchema(type, isEntity, []), ...about }] as const;
  });
}

function valueSchema(
  type: GraphQLOutputType,
  isEntity: (typeName: string) => boolean,
  above: ReadonlyArray<string>,
): JsonSchema {
  if (!isNonNullType(type)) return orNull(contentSchema(type, isEntity, above));
  return contentSchema(type.ofType, isEntity, above);
}

function contentSchema(
  type: GraphQLOutputType,
  isEntity: (typeName: string) => boolean,
  above: ReadonlyArray<string>,
): JsonSchema {
  if (isListType(type)) return { type: 'array', items: valueSchema(type.ofType, isEntity, above) };
  if (isEnumType(type))
    return { type: 'string', enum: type.getValues().map((value) => value.name) };
  if (isLeafType(type)) return leafSchema(type.name);
  if ('name' in type && isEntity(type.name)) return referenceTo('Reference');
  if (!isObjectType(type) || above.includes(type.name))
    return isInterfaceType(type) && type.name === 'Entity' ? referenceTo('Reference') : ANY_OBJECT;
  const fields = Object.values(type.getFields()).filter(
    ({ args }) => !args.some(isRequiredArgument),
  );
  const properties = fields.map((field) => [
    field.name,
    valueSchema(field.type, isEntity, [...above, type.name]),
  ]);
  return { type: 'object', properties: Object.fromEntries(properties) as JsonSchema };
}

const ANY_OBJECT = { type: 'object' };

/** Scalars of an extension's own may be anything. */
function leafSchema(name: string): JsonSchema {
  if (name === 'ID') return { type: 'string' };
  return Object.hasOwn(SCALARS, name) ? scalarSchema(name as ScalarName, 'shown') : {};
}
