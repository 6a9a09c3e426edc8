/** What of the definitions of extensions is there for callers who do not see everything. */
import { Kind, visit } from 'graphql';
import type {
  ASTNode,
  DefinitionNode,
  GraphQLSchema,
  ObjectTypeDefinitionNode,
  ObjectTypeExtensionNode,
} from 'graphql';
import { ROOTS } from './parse-extension.ts';

const BUILT_IN: ReadonlySet<string> = new Set(['Boolean', 'Float', 'ID', 'Int', 'String']);

/**
 * The definitions without the fields that are not shown, then without those that speak of types which are not there, as often as that leaves out
 * another; and at last without the types that nothing leads to any more.
 */
export function visibleDefinitions(
  schema: GraphQLSchema,
  definitions: ReadonlyArray<DefinitionNode>,
  isShown: (type: string, field: string) => boolean,
): ReadonlyArray<DefinitionNode> {
  let left = definitions.flatMap((each) => without(each, isShown) ?? []);
  for (;;) {
    const own = new Set(left.flatMap(definedName));
    const isThere = (name: string): boolean =>
      own.has(name) || BUILT_IN.has(name) || schema.getType(name) !== undefined;
    const canStay = (each: DefinitionNode): boolean =>
      each.kind !== Kind.OBJECT_TYPE_EXTENSION ||
      ROOTS.has(each.name.value) ||
      isThere(each.name.value);
    const kept = left.filter(canStay).flatMap((each) => withoutMissing(each, isThere) ?? []);
    const size = sizeOf(kept);
    if (size === sizeOf(left)) return reachable(kept);
    left = kept;
  }
}

function definedName(definition: DefinitionNode): ReadonlyArray<string> {
  const isDefinition = definition.kind.endsWith('Definition') && 'name' in definition;
  return isDefinition && definition.name !== undefined ? [definition.name.value] : [];
}

/** How much there is, to see whether something was left out. */
function sizeOf(definitions: ReadonlyArray<DefinitionNode>): number {
  return definitions.reduce(
    (sum, each) =>
      sum +
      1 +
      ('fields' in each ? (each.fields?.length ?? 0) : 0) +
      ('types' in each ? (each.types?.length ?? 0) : 0),
    0,
  );
}

function without(
  definition: DefinitionNode,
  isShown: (type: string, field: string) => boolean,
): DefinitionNode | undefined {
  if (!isObject(definition) || definition.fields === undefined) return definition;
  const type = definition.name.value;
  const fields = definition.fields.filter(({ name }) => isShown(type, name.value));
  return fields.length === 0 ? undefined : { ...definition, fields };
}

function isObject(
  definition: DefinitionNode,
): definition is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  const { kind } = definition;
  return kind === Kind.OBJECT_TYPE_EXTENSION || kind === Kind.OBJECT_TYPE_DEFINITION;
}

/** Undefined where nothing is left of it. */
function withoutMissing(
  definition: DefinitionNode,
  isThere: (name: string) => boolean,
): DefinitionNode | undefined {
  if ('types' in definition && definition.types !== undefined) {
    const types = definition.types.filter(({ name }) => isThere(name.value));
    return types.length === 0 ? undefined : ({ ...definition, types } as DefinitionNode);
  }
  if (!('fields' in definition) || definition.fields === undefined) return definition;
  const fields = definition.fields.filter((field) => namesIn(field).every(isThere));
  const interfaces =
    'interfaces' in definition
      ? { interfaces: definition.interfaces?.filter(({ name }) => isThere(name.value)) }
      : {};
  return fields.length === 0
    ? undefined
    : ({ ...definition, ...interfaces, fields } as DefinitionNode);
}

/** The names of types in a definition. */
function namesIn(node: ASTNode): ReadonlyArray<string> {
  const names: string[] = [];
  visit(node, {
    [Kind.NAMED_TYPE]: ({ name }) => {
      names.push(name.value);
    },
  });
  return names;
}

/** Those that extend what is there, and what they lead to, also as objects of an interface. */
function reachable(definitions: ReadonlyArray<DefinitionNode>): ReadonlyArray<DefinitionNode> {
  const own = new Set(definitions.flatMap(definedName));
  const reached = new Set<string>();
  const isReached = (each: DefinitionNode): boolean => {
    if (!('name' in each) || each.name === undefined) return true;
    if (!own.has(each.name.value) || reached.has(each.name.value)) return true;
    return (
      'interfaces' in each &&
      (each.interfaces?.some(({ name }) => own.has(name.value) && reached.has(name.value)) ?? false)
    );
  };
  for (;;) {
    const before = reached.size;
    for (const each of definitions)
      if (isReached(each))
        for (const name of [...definedName(each), ...namesIn(each)]) reached.add(name);
    if (reached.size === before) return definitions.filter(isReached);
  }
}
