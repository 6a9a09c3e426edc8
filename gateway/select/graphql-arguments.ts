/** The arguments of a GraphQL field. Where no variable stands in them they are read once, else for each request. */
import { BREAK, getArgumentValues, Kind, visit } from 'graphql';
import type { ArgumentNode, FieldNode, GraphQLField, GraphQLObjectType } from 'graphql';
import type { Given } from './selection.ts';

type Values = Readonly<Record<string, unknown>>;

/** The arguments by name, as their types read them; the operation is valid. @throws what a literal is refused with */
export function argumentsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Given<Values> {
  const open = new Set(node.arguments?.filter(hasVariable).map(({ name }) => name.value));
  const part = (isOpen: boolean): typeof definition => ({
    ...definition,
    args: definition.args.filter(({ name }) => open.has(name) === isOpen),
  });
  const [fixedPart, openPart] = [part(false), part(true)];
  let fixed: Values | undefined;
  const fixedValues = (): Values => (fixed ??= getArgumentValues(fixedPart, node));
  if (open.size === 0) return fixedValues;
  // A request asks several times: for what the operation costs, and when it runs.
  let last: { readonly variables: unknown; readonly values: Values } | undefined;
  return (variables) => {
    if (last?.variables !== variables) {
      const values = { ...fixedValues(), ...getArgumentValues(openPart, node, variables) };
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

function hasVariable(argument: ArgumentNode): boolean {
  let found = false;
  visit(argument, {
    [Kind.VARIABLE]: () => {
      found = true;
      return BREAK;
    },
  });
  return found;
}
