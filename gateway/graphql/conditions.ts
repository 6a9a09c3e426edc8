/** `@skip` and `@include`: which parts of an operation are there depends on its variables, and little else does. */
import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  visit,
} from 'graphql';
import type { DirectiveNode, DocumentNode, SelectionNode } from 'graphql';
import type { Variables } from '../select/selection.ts';

const CONDITIONS: ReadonlySet<string> = new Set([
  GraphQLSkipDirective.name,
  GraphQLIncludeDirective.name,
]);

/** The names of the variables that conditions ask for. */
export function conditionsIn(document: DocumentNode): ReadonlyArray<string> {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: given = [] }: DirectiveNode) => {
      if (!CONDITIONS.has(name.value)) return;
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return Array.from(names);
}

export function isIncluded(node: SelectionNode, variables: Variables): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true;
  const skip = getDirectiveValues(GraphQLSkipDirective, node, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, node, variables);
  return skip?.['if'] !== true && include?.['if'] !== false;
}
