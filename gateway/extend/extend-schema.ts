/** Schemas with extensions: what of an extension fits a database, and what callers of some roles see of it. */
import { extendSchema, Kind, OperationTypeNode, validateSchema } from 'graphql';
import type { DefinitionNode, DocumentNode, GraphQLSchema, ObjectTypeExtensionNode } from 'graphql';
import type { Model } from '../../schema/model/model.ts';
import { suggest } from '../read/suggest.ts';
import type { CodedField, FieldCode } from '../select/collect-fields.ts';
import type { ExtensionRoute, FieldResolver } from './extension.ts';
import type { ParsedExtension } from './parse-extension.ts';
import { addedFields, badExtension, badTypeDefs, ROOTS, TYPE_OF } from './parse-extension.ts';
import { firstStep } from './routes.ts';
import { visibleDefinitions } from './visible-definitions.ts';

/** The roles of the callers; undefined where they may do everything. */
export type Roles = ReadonlyArray<string> | undefined;

export interface ExtendedSchema {
  readonly schema: GraphQLSchema;
  /** Undefined where there is none. */
  readonly code: FieldCode | undefined;
}

/**
 * The schema of a whole database with an extension.
 *
 * @throws BAD_CONFIG where the database has no such types or fields, or has others of these names
 */
export function fitExtension(
  schema: GraphQLSchema,
  model: Model,
  extension: ParsedExtension,
): GraphQLSchema {
  for (const [type, field] of addedFields(extension)) checkNeeds(model, extension, type, field);
  for (const { path } of extension.routes) checkFree(model, extension.name, path);
  try {
    const extended = extendSchema(schema, documentOf(schema, extension.definitions));
    const [error] = validateSchema(extended);
    if (error !== undefined) throw error;
    return extended;
  } catch (error) {
    throw badTypeDefs(extension.name, error);
  }
}

function checkNeeds(
  { types }: Model,
  { name, fields }: ParsedExtension,
  typeName: string,
  fieldName: string,
): void {
  if (ROOTS.has(typeName)) return;
  const type = types.get(typeName);
  if (type === undefined)
    throw badExtension(
      name,
      `typeDefs extend ${typeName}, which is no type of the database${suggest(typeName, Array.from(types.keys()))}`,
    );
  for (const need of fields.get(typeName)?.get(fieldName)?.needs ?? []) {
    const known = ['id', ...type.fields.keys()];
    if (!known.includes(need))
      throw badExtension(
        name,
        `resolvers.${typeName}.${fieldName} needs ${need}, which is no field of ${typeName}${suggest(need, known)}`,
      );
  }
}

const RESERVED: ReadonlySet<string> = new Set(['openapi.json', 'transact']);

function checkFree({ typesByRoute }: Model, name: string, path: string): void {
  const step = firstStep(path);
  if (step === undefined)
    throw badExtension(name, `the route ${path} begins with a parameter: begin it with a name`);
  if (RESERVED.has(step) || typesByRoute.has(step))
    throw badExtension(
      name,
      `the route ${path} is at an address of the gateway: begin it otherwise`,
    );
}

/**
 * A schema as callers of some roles see it, with what they see of extensions that fit: nothing is told of what is hidden.
 *
 * @throws BAD_CONFIG where that leaves no schema: an object without a field that its interface has
 */
export function extendView(
  schema: GraphQLSchema,
  model: Model,
  extensions: ReadonlyArray<ParsedExtension>,
  roles: Roles,
): ExtendedSchema {
  if (extensions.length === 0) return { schema, code: undefined };
  const all = extensions.flatMap(({ definitions }) => definitions);
  const isShown = (type: string, field: string): boolean => {
    const resolver = resolverOf(extensions, type, field);
    if (resolver === undefined) return true;
    const known = model.types.get(type)?.fields;
    const { needs = [] } = resolver;
    return isFor(resolver, roles) && needs.every((need) => need === 'id' || known?.has(need));
  };
  const definitions = visibleDefinitions(schema, all, isShown);
  const extended =
    definitions.length === 0 ? schema : extendSchema(schema, documentOf(schema, definitions));
  const [error] = validateSchema(extended);
  if (error !== undefined) throw badTypeDefs(extensions.map(({ name }) => name).join(', '), error);
  return {
    schema: extended,
    code: {
      fieldOf: (type, field) => codeOf(extensions, type === 'Subscription' ? 'Query' : type, field),
      typeOf: (type) => typeFinder(extensions, type),
    },
  };
}

/** The addresses that callers of some roles find. */
export function routesFor(
  extensions: ReadonlyArray<ParsedExtension>,
  roles: Roles,
): ReadonlyArray<ExtensionRoute> {
  return extensions.flatMap(({ routes }) => routes.filter((route) => isFor(route, roles)));
}

function isFor({ roles }: { readonly roles?: ReadonlyArray<string> }, given: Roles): boolean {
  return roles === undefined || given === undefined || roles.some((role) => given.includes(role));
}

function resolverOf(
  extensions: ReadonlyArray<ParsedExtension>,
  type: string,
  field: string,
): FieldResolver | undefined {
  for (const { fields } of extensions) {
    const resolver = fields.get(type)?.get(field);
    if (resolver !== undefined) return resolver;
  }
  return undefined;
}

function codeOf(
  extensions: ReadonlyArray<ParsedExtension>,
  type: string,
  field: string,
): CodedField | undefined {
  const resolver = resolverOf(extensions, type, field);
  if (resolver === undefined) return undefined;
  return { needs: resolver.needs ?? [], resolve: resolver.resolve };
}

function typeFinder(
  extensions: ReadonlyArray<ParsedExtension>,
  type: string,
): (value: object) => string | undefined {
  const resolve = resolverOf(extensions, type, TYPE_OF)?.resolve as
    ((value: object) => unknown) | undefined;
  return (value) => {
    const named = '__typename' in value ? value.__typename : resolve?.(value);
    return typeof named === 'string' ? named : undefined;
  };
}

/** What extends a schema: every field of a query is one of a subscription too, and the first mutation brings its type. */
function documentOf(
  schema: GraphQLSchema,
  definitions: ReadonlyArray<DefinitionNode>,
): DocumentNode {
  const subscribed = definitions
    .filter((each) => extendsRoot(each, 'Query'))
    .map((each) => ({ ...each, name: { kind: Kind.NAME, value: 'Subscription' } as const }));
  const isFirst =
    schema.getMutationType() == null && definitions.some((each) => extendsRoot(each, 'Mutation'));
  const whole = [...definitions, ...subscribed, ...(isFirst ? MUTATION : [])];
  return { kind: Kind.DOCUMENT, definitions: whole };
}

function extendsRoot(
  definition: DefinitionNode,
  root: string,
): definition is ObjectTypeExtensionNode {
  return definition.kind === Kind.OBJECT_TYPE_EXTENSION && definition.name.value === root;
}

const NAME = { kind: Kind.NAME, value: 'Mutation' } as const;
const TYPE = { kind: Kind.NAMED_TYPE, name: NAME } as const;
const MUTATION: ReadonlyArray<DefinitionNode> = [
  { kind: Kind.OBJECT_TYPE_DEFINITION, name: NAME },
  {
    kind: Kind.SCHEMA_EXTENSION,
    operationTypes: [
      { kind: Kind.OPERATION_TYPE_DEFINITION, operation: OperationTypeNode.MUTATION, type: TYPE },
    ],
  },
];
