/** The arguments of a GraphQL field. Where no variable stands in them they are read once, else for each request. */
import { getArgumentValues, Kind, visit } from 'graphql';
import type { FieldNode, GraphQLField } from 'graphql';
import type { Given } from './selection.ts';

/** The arguments by name, as their types read them; the operation is valid. @throws what a literal is refused with */
export function argumentsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Given<Readonly<Record<string, unknown>>> {
  if (hasVariable(node)) return (variables) => getArgumentValues(definition, node, variables);
  let values: Readonly<Record<string, unknown>> | undefined;
  return () => (values ??= getArgumentValues(definition, node));
}

function hasVariable({ arguments: given = [] }: FieldNode): boolean {
  let found = false;
  for (const argument of given)
    visit(argument, {
      [Kind.VARIABLE]: () => {
        found = true;
      },
    });
  return found;
}
