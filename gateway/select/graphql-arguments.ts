/**
 * The arguments of a GraphQL field, as `getArgumentValues` of graphql reads them. What their types say is found out once: so a request costs what
 * its variables cost, and nothing where there are none.
 */
import {
  BREAK,
  getArgumentValues,
  getNullableType,
  isInputObjectType,
  isNonNullType,
  Kind,
  valueFromAST,
  visit,
} from 'graphql';
import type {
  ASTNode,
  FieldNode,
  GraphQLArgument,
  GraphQLField,
  GraphQLInputField,
  GraphQLInputObjectType,
  GraphQLInputType,
  GraphQLObjectType,
  ObjectValueNode,
  ValueNode,
} from 'graphql';
import type { Given } from './selection.ts';

type Values = Readonly<Record<string, unknown>>;

/** The arguments by name, as their types read them; the operation is valid. @throws what a literal is refused with */
export function argumentsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Given<Values> {
  const { arguments: given = [] } = node;
  if (!given.some(hasVariable)) {
    let fixed: Values | undefined;
    return () => (fixed ??= getArgumentValues(definition, node));
  }
  const read = membersReader(definition.args, given);
  // A request asks several times: for what the operation costs, and when it runs.
  let last: { readonly variables: unknown; readonly values: Values } | undefined;
  return (variables) => {
    if (last?.variables !== variables) {
      // What is not read so plainly, GraphQL reads, or says what is wrong with it.
      const values = read(variables, {}) ?? getArgumentValues(definition, node, variables);
      last = { variables, values };
    }
    return last.values;
  };
}

/** As {@link argumentsOf}, of a field at the root of an operation. */
export function rootArguments(
  root: GraphQLObjectType,
  [node]: ReadonlyArray<FieldNode>,
): Given<Values> {
  const definition = root.getFields()[node?.name.value ?? ''];
  if (node === undefined || definition === undefined)
    throw new Error('Expected the operation to be valid');
  return argumentsOf(definition, node);
}

function hasVariable(node: ASTNode): boolean {
  let found = false;
  visit(node, {
    [Kind.VARIABLE]: () => {
      found = true;
      return BREAK;
    },
  });
  return found;
}

/** An argument, or a field of an input. */
interface Member {
  readonly name: string;
  readonly read: Given<unknown>;
  /** Whether it may be left out, as the variable is that stands for it. */
  readonly isOptional: boolean;
}

/** Puts members into an object; undefined where one of them has no plain value. */
type ReadMembers = (
  variables: Values,
  into: Record<string, unknown>,
) => Record<string, unknown> | undefined;

function membersReader(
  definitions: ReadonlyArray<GraphQLArgument | GraphQLInputField>,
  given: ReadonlyArray<{ readonly name: { readonly value: string }; readonly value: ValueNode }>,
): ReadMembers {
  const nodes = new Map(given.map(({ name, value }) => [name.value, value]));
  const members = definitions.flatMap(({ name, type, defaultValue }): Member | [] => {
    const node = nodes.get(name);
    const isOptional = defaultValue === undefined && !isNonNullType(type);
    if (node !== undefined) {
      const isVariable = node.kind === Kind.VARIABLE;
      return { name, read: valueReader(node, type), isOptional: isVariable && isOptional };
    }
    return isOptional ? [] : { name, read: () => defaultValue, isOptional };
  });
  return (variables, into) => {
    for (const { name, read, isOptional } of members) {
      const value = read(variables);
      if (value !== undefined) into[name] = value;
      else if (!isOptional) return undefined;
    }
    return into;
  };
}

/** What `valueFromAST` makes of a value; undefined where that is for it to say. */
function valueReader(node: ValueNode, type: GraphQLInputType): Given<unknown> {
  if (!hasVariable(node)) {
    const value: unknown = valueFromAST(node, type);
    return () => value;
  }
  if (node.kind === Kind.VARIABLE) return variableReader(node.name.value, isNonNullType(type));
  const nullable = getNullableType(type);
  return node.kind === Kind.OBJECT && isInputObjectType(nullable)
    ? objectReader(node, nullable)
    : (variables) => valueFromAST(node, type, variables);
}

function variableReader(name: string, isNonNull: boolean): Given<unknown> {
  return (variables) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return value === null && isNonNull ? undefined : value;
  };
}

function objectReader(node: ObjectValueNode, type: GraphQLInputObjectType): Given<unknown> {
  const readMembers = membersReader(Object.values(type.getFields()), node.fields);
  const read = (variables: Values): Values | undefined => readMembers(variables, {});
  if (!type.isOneOf) return read;
  const [only, ...others] = node.fields;
  if (only === undefined || others.length > 0)
    return (variables) => valueFromAST(node, type, variables);
  return (variables) => {
    const object = read(variables);
    return (object?.[only.name.value] ?? null) === null ? undefined : object;
  };
}
