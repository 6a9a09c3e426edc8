/** What an operation asks for that should not be used any more: found out once, when it is compiled. */
import { Kind, NoDeprecatedCustomRule, validate, visit } from 'graphql';
import type {
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import type { Warning } from '../read/warnings.ts';

export function deprecationsIn(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): ReadonlyArray<Warning> {
  const used = new Set<FragmentDefinitionNode>();
  const follow = (selectionSet: SelectionSetNode): void => {
    visit(selectionSet, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (fragment === undefined || used.has(fragment)) return;
        used.add(fragment);
        follow(fragment.selectionSet);
      },
    });
  };
  follow(definition.selectionSet);
  const document = { kind: Kind.DOCUMENT, definitions: [definition, ...used] } as const;
  const messages = validate(schema, document, [NoDeprecatedCustomRule]).map(
    ({ message }) => message,
  );
  return Array.from(new Set(messages), (message) => ({ code: 'DEPRECATED', message }));
}
