/**
 * Model to REST resources: for each entity type the segment of its path and the filters that its list takes, each a parameter of its
 * own (`age.gte=18`) so that a document can describe it.
 */
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import type { GivenShape, Shape } from '../../../schema/model/shapes.ts';
import { operandShape, operatorsOf } from '../../../schema/model/shapes.ts';

export interface Resource {
  readonly type: EntityType;
  /** By the name of the query parameter. */
  readonly filters: ReadonlyMap<string, FilterParameter>;
}

export interface FilterParameter {
  /** Where the operand stands in a `where`: `['age', 'gte']`. */
  readonly path: ReadonlyArray<string>;
  readonly operand: OperandKind;
  /** Whether the parameter takes several values. */
  readonly many: boolean;
}

export type OperandKind =
  { readonly kind: 'value'; readonly shape: GivenShape } | { readonly kind: 'id' };

/** Parameters of every list that are no filters. */
export const LIST_PARAMETERS = [
  'first',
  'after',
  'last',
  'before',
  'offset',
  'orderBy',
  'fields',
  'include',
  'asOf',
  'since',
] as const;

/** Of a list of several databases, which is read from its start and in which no cursor names a place. */
export const SET_LIST_PARAMETERS = [
  'first',
  'offset',
  'orderBy',
  'fields',
  'include',
  'asOf',
  'in',
] as const;

/** Parameters of one entity. */
export const ENTITY_PARAMETERS = ['fields', 'include', 'asOf'] as const;

/** The resource of a path segment, or undefined. */
export function resourceAt(model: Model, segment: string): Resource | undefined {
  const type = model.typesByRoute.get(segment);
  return type === undefined ? undefined : resourceOf(type);
}

const resources = new WeakMap<EntityType, Resource>();

/** Models are immutable, so the resource of a type is made once. */
export function resourceOf(type: EntityType): Resource {
  const known = resources.get(type);
  if (known !== undefined) return known;
  const parameters = [...ID_FILTERS, ...Array.from(type.fields.values(), filtersOf).flat()];
  const filters = new Map(parameters.map((parameter) => [parameter.path.join('.'), parameter]));
  const resource = { type, filters };
  resources.set(type, resource);
  return resource;
}

const ID_FILTERS = idFilters([]);

function filtersOf(field: Field): ReadonlyArray<FilterParameter> {
  switch (field.kind) {
    case 'scalar':
      return field.many
        ? manyFilters(field.name, field.shape)
        : oneFilters(field.name, field.shape);
    case 'ref':
      return field.many
        ? idFilters([field.name, 'some'])
        : [...idFilters([field.name]), flag([field.name, '_isNull'])];
    case 'reverse':
      return [];
  }
}

function oneFilters(name: string, shape: Shape): ReadonlyArray<FilterParameter> {
  const operators = operatorsOf(shape).map((operator) => ({
    path: [name, operator],
    operand: { kind: 'value', shape: operandShape(shape, operator) } as const,
    many: operator === 'in' || operator === 'nin',
  }));
  return [...operators, flag([name, 'isNull'])];
}

function manyFilters(name: string, shape: Shape): ReadonlyArray<FilterParameter> {
  if (operatorsOf(shape).length === 0) return [flag([name, 'isEmpty'])];
  const operand = { kind: 'value', shape } as const;
  return [
    { path: [name, 'has'], operand, many: false },
    { path: [name, 'hasAny'], operand, many: true },
    { path: [name, 'hasAll'], operand, many: true },
    flag([name, 'isEmpty']),
  ];
}

function idFilters(path: ReadonlyArray<string>): ReadonlyArray<FilterParameter> {
  const operand = { kind: 'id' } as const;
  return [
    { path: [...path, 'id', 'eq'], operand, many: false },
    { path: [...path, 'id', 'in'], operand, many: true },
  ];
}

function flag(path: ReadonlyArray<string>): FilterParameter {
  return {
    path,
    operand: { kind: 'value', shape: { kind: 'scalar', scalar: 'Boolean' } },
    many: false,
  };
}
