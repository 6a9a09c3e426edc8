/** An extension as far as it can be understood without a database: its types, the code of their fields, its routes. */
import { GraphQLError, isTypeDefinitionNode, Kind, parse } from 'graphql';
import type { DefinitionNode, DocumentNode, ObjectTypeExtensionNode } from 'graphql';
import { DatabaseError } from '../../schema/error.ts';
import { suggest } from '../read/suggest.ts';
import type { Extension, ExtensionRoute, FieldResolver, Resolve } from './extension.ts';
import { parsePath } from './routes.ts';

export interface ParsedExtension {
  readonly name: string;
  /** Undefined for all. */
  readonly databases: ReadonlyArray<string> | undefined;
  readonly definitions: ReadonlyArray<DefinitionNode>;
  /** The names of the types that it defines. */
  readonly ownTypes: ReadonlySet<string>;
  /** By type and field. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldResolver>>;
  readonly routes: ReadonlyArray<ExtensionRoute>;
}

export const ROOTS: ReadonlySet<string> = new Set(['Query', 'Mutation']);

/** Says which type an object of an interface or union is of. */
export const TYPE_OF = '__resolveType';

/** @throws BAD_CONFIG that says where and what to do */
export function parseExtension(extension: Extension, place: number): ParsedExtension {
  const { name = `extension ${place + 1}`, databases, typeDefs, resolvers = {} } = extension;
  const { routes = [] } = extension;
  const definitions = typeDefs === undefined ? [] : parseTypeDefs(name, typeDefs).definitions;
  const ownTypes = new Set(
    definitions.filter(isTypeDefinitionNode).map((definition) => definition.name.value),
  );
  for (const definition of definitions) checkDefinition(name, definition, ownTypes);
  const fields = new Map(
    Object.entries(resolvers).map(([type, byField]) => [
      type,
      new Map(Object.entries(byField).map(([field, code]) => [field, toResolver(code)])),
    ]),
  );
  const parsed = { name, databases, definitions, ownTypes, fields, routes };
  checkResolvers(parsed);
  checkAdded(parsed);
  for (const route of routes) checkRoute(name, route);
  return parsed;
}

/** What is wrong with an extension: where, and what to do. */
export function badExtension(name: string, problem: string, cause?: unknown): DatabaseError {
  return new DatabaseError('BAD_CONFIG', `The extension ${name}: ${problem}`, {
    data: { extension: name },
    cause,
  });
}

/** The fields that it adds to types which are not its own. */
export function* addedFields({
  definitions,
  ownTypes,
}: Pick<ParsedExtension, 'definitions' | 'ownTypes'>): Generator<
  readonly [type: string, field: string]
> {
  for (const definition of definitions)
    if (isAddition(definition) && !ownTypes.has(definition.name.value))
      for (const field of definition.fields ?? []) yield [definition.name.value, field.name.value];
}

function isAddition(definition: DefinitionNode): definition is ObjectTypeExtensionNode {
  return definition.kind === Kind.OBJECT_TYPE_EXTENSION;
}

function toResolver(code: Resolve | FieldResolver): FieldResolver {
  return typeof code === 'function' ? { resolve: code } : code;
}

function parseTypeDefs(name: string, typeDefs: string): DocumentNode {
  try {
    return parse(typeDefs);
  } catch (error) {
    throw badTypeDefs(name, error);
  }
}

/** What GraphQL says of its types. */
export function badTypeDefs(name: string, error: unknown): DatabaseError {
  const [at] = error instanceof GraphQLError ? (error.locations ?? []) : [];
  const where = at === undefined ? '' : `, line ${at.line} column ${at.column}`;
  const why = error instanceof Error ? error.message : String(error);
  // Of fields that are there twice, as those of queries are, it is said twice.
  const [first] = why.split('\n\n');
  return badExtension(name, `typeDefs${where}: ${first}`, error);
}

function checkDefinition(
  name: string,
  definition: DefinitionNode,
  ownTypes: ReadonlySet<string>,
): void {
  if (isTypeDefinitionNode(definition)) {
    const type = definition.name.value;
    if (ROOTS.has(type) || type === 'Subscription')
      throw badExtension(name, `typeDefs define ${type}: write \`extend type ${type}\``);
    return;
  }
  const isOwn = 'name' in definition && ownTypes.has(definition.name?.value ?? '');
  if (!isAddition(definition) && !isOwn)
    throw badExtension(
      name,
      `typeDefs have a ${definition.kind}: expected types, and \`extend type\` for those of the gateway`,
    );
  if (isAddition(definition) && definition.name.value === 'Subscription')
    throw badExtension(
      name,
      'typeDefs extend Subscription: extend Query, whose fields can be subscribed to as well',
    );
}

/** Every resolver has its field. */
function checkResolvers({ name, definitions, fields, ownTypes }: ParsedExtension): void {
  const known = new Map<string, string[]>();
  for (const definition of definitions) {
    if (!('name' in definition) || definition.name === undefined) continue;
    const added = 'fields' in definition ? (definition.fields ?? []) : [];
    const names = added.map((field) => field.name.value);
    const type = definition.name.value;
    known.set(type, [...(known.get(type) ?? []), ...names]);
  }
  for (const [type, byField] of fields) {
    const there = known.get(type);
    if (there === undefined)
      throw badExtension(
        name,
        `resolvers.${type} is for no type of its typeDefs${suggest(type, Array.from(known.keys()))}`,
      );
    for (const [field, resolver] of byField) {
      const isTypeOf = field === TYPE_OF && ownTypes.has(type);
      if (!there.includes(field) && !isTypeOf)
        throw badExtension(
          name,
          `resolvers.${type}.${field} is for no field of its typeDefs${suggest(field, there)}`,
        );
      checkResolver(name, `resolvers.${type}.${field}`, resolver);
    }
  }
}

function checkResolver(name: string, place: string, { resolve }: Partial<FieldResolver>): void {
  if (typeof resolve !== 'function')
    throw badExtension(name, `${place} has no function \`resolve\``);
}

/** Every field that it adds to a type of the gateway has its resolver. */
function checkAdded(extension: ParsedExtension): void {
  const { name, fields } = extension;
  for (const [type, field] of addedFields(extension)) {
    const resolver = fields.get(type)?.get(field);
    if (resolver === undefined)
      throw badExtension(
        name,
        `typeDefs add ${type}.${field}, and resolvers.${type}.${field} is missing`,
      );
    if (ROOTS.has(type) ? resolver.needs !== undefined : resolver.needs === undefined)
      throw badExtension(
        name,
        ROOTS.has(type)
          ? `resolvers.${type}.${field} has \`needs\`, which are for fields of entities`
          : `resolvers.${type}.${field} says no \`needs\`: name the fields of ${type} that it is made of, [] for none`,
      );
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

function checkRoute(name: string, { method, path, handle }: ExtensionRoute): void {
  const place = `the route ${method} ${path}`;
  if (!METHODS.has(method))
    throw badExtension(name, `${place}: expected one of ${Array.from(METHODS).join(', ')}`);
  if (parsePath(path) === undefined)
    throw badExtension(
      name,
      `${place}: expected a path such as /reports/:year, of letters, digits and -._~ between slashes`,
    );
  if (typeof handle !== 'function') throw badExtension(name, `${place} has no function \`handle\``);
}
