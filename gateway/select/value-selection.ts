/** What is wanted of a value that code of users makes, by the type of its field. */
import {
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import type {
  GraphQLAbstractType,
  GraphQLEnumType,
  GraphQLLeafType,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLScalarType,
} from 'graphql';
import type { ScalarName } from '../../schema/model/scalars.ts';
import { SCALARS, valueFromJson, valueToJson } from '../../schema/model/scalars.ts';
import type { EdnData } from '../../schema/value.ts';
import { DEFAULT_REFS } from '../generate/page-sizes.ts';
import type { Given, MadeField, ValueSelection } from './selection.ts';

export type EntityValue = Extract<ValueSelection, { kind: 'entity' }>;

/** What the operation says of the place of the value. */
export interface ValuePlace {
  /** The type and the field, for messages. */
  readonly place: string;
  /** How many there may be in a list. */
  readonly size: Given<number>;
  readonly ofEntity: (target: string | undefined) => EntityValue;
  readonly ofObject: (
    type: GraphQLObjectType | GraphQLAbstractType,
    entity: EntityValue | undefined,
  ) => ValueSelection;
  /** Whether objects of a type are entities. */
  readonly isEntity: (typeName: string) => boolean;
}

export function valueSelection(type: GraphQLOutputType, place: ValuePlace): ValueSelection {
  if (isNonNullType(type))
    return { kind: 'nonNull', of: valueSelection(type.ofType, place), place: place.place };
  if (isListType(type))
    return { kind: 'list', of: valueSelection(type.ofType, place), size: place.size };
  if (isLeafType(type))
    return { kind: 'leaf', toJson: (value) => leafToJson(type, value, place.place) };
  if (isObjectType(type))
    return place.isEntity(type.name) ? place.ofEntity(type.name) : place.ofObject(type, undefined);
  if (isAbstractType(type) && place.isEntity(type.name)) return place.ofEntity(undefined);
  return place.ofObject(type, place.ofEntity(undefined));
}

/** How many there are in a list that code makes, as far as it was asked for a number. */
export function sizeIn({ first, limit }: Readonly<Record<string, unknown>>): number {
  const size = first ?? limit;
  return typeof size === 'number' && size > 0 ? size : DEFAULT_REFS;
}

/** The name of an object's type, where that is selected. */
export function typenameField(key: string, name: string): MadeField {
  const value = { kind: 'leaf', toJson: (text: unknown) => text } as const;
  return { key, name: '__typename', resolve: () => name, args: () => ({}), value };
}

/** @throws where it is no value of the type */
function leafToJson(type: GraphQLLeafType, value: unknown, place: string): unknown {
  try {
    if (isEnumType(type)) return enumToJson(type, value);
    // JSON of a user's code may be any.
    return isOurs(type) && type.name !== 'JSON'
      ? scalarToJson(type.name as ScalarName, value)
      : type.serialize(typeof value === 'bigint' ? Number(value) : value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Expected a ${type.name} at ${place}: ${why}`, { cause });
  }
}

/** By its name, or as the database has it. */
function enumToJson(type: GraphQLEnumType, value: unknown): unknown {
  return typeof value === 'string' && type.getValue(value) !== undefined
    ? value
    : type.serialize(value);
}

/** A value as the database has it, or as JSON writes it. */
function scalarToJson(name: ScalarName, value: unknown): unknown {
  const isJson = typeof value !== 'object' || Array.isArray(value);
  return valueToJson(name, isJson ? valueFromJson(name, value) : (value as EdnData));
}

function isOurs(type: GraphQLScalarType): boolean {
  return Object.hasOwn(SCALARS, type.name) && !isSpecifiedScalarType(type);
}
