/**
 * What a document may not do, whatever the schema says: rules of validation, so that a document is looked at once and refused before anything runs.
 * `__typename` counts like any other field.
 */
import { GraphQLError, GraphQLObjectType, Kind } from 'graphql';
import type {
  ASTVisitor,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionSetNode,
  ValidationContext,
  ValidationRule,
} from 'graphql';

/** What one operation may hold and ask for. */
export interface OperationLimits extends DocumentLimits {
  /** How many entities it may read. */
  readonly maxCost: number;
  /** Bounds how deep a document can nest before anything of it is visited. */
  readonly maxTokens: number;
}

export interface DocumentLimits {
  /** How many fields may stand within each other. */
  readonly maxDepth: number;
  /** How many fields may have another name. */
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** How many fields at the root of one operation. */
  readonly maxRootFields: number;
}

export const DEFAULT_OPERATION_LIMITS: OperationLimits = {
  maxCost: 100_000,
  maxTokens: 5_000,
  maxDepth: 20,
  maxAliases: 100,
  maxDirectives: 100,
  maxRootFields: 50,
};

/** `elsewhere`: where to send operations of kinds that the schema does not have. */
export function validationRules(
  limits: DocumentLimits,
  elsewhere?: string,
): ReadonlyArray<ValidationRule> {
  return [
    (context) => operationTypeRule(context, elsewhere),
    countRule('Field', limits.maxAliases, 'aliases', (node) => node.alias !== undefined),
    countRule('Directive', limits.maxDirectives, 'directives', () => true),
    (context) => depthRule(context, limits),
  ];
}

/** A schema without mutations has none for anybody to send. */
function operationTypeRule(context: ValidationContext, elsewhere: string | undefined): ASTVisitor {
  return {
    OperationDefinition(node: OperationDefinitionNode) {
      if (context.getSchema().getRootType(node.operation) instanceof GraphQLObjectType) return;
      const hint = elsewhere === undefined ? '' : ` ${elsewhere}`;
      const message = `This schema has no ${PLURALS[node.operation]}.${hint}`;
      context.reportError(new GraphQLError(message, { nodes: [node] }));
    },
  };
}

const PLURALS = { query: 'queries', mutation: 'mutations', subscription: 'subscriptions' };

interface CountedNode {
  readonly alias?: unknown;
}

function countRule(
  kind: 'Field' | 'Directive',
  max: number,
  what: string,
  isCounted: (node: CountedNode) => boolean,
): ValidationRule {
  return (context) => {
    let count = 0;
    const visitor: ASTVisitor = {
      [kind]: (node: CountedNode) => {
        if (isCounted(node)) count += 1;
        if (count === max + 1) report(context, `The document has more than ${max} ${what}.`);
      },
    };
    return visitor;
  };
}

function depthRule(
  context: ValidationContext,
  { maxDepth, maxRootFields }: DocumentLimits,
): ASTVisitor {
  const depths = new Map<FragmentDefinitionNode, number>();
  return {
    OperationDefinition(node: OperationDefinitionNode) {
      if (depthOf(context, node.selectionSet, depths) > maxDepth)
        report(context, `The operation is more than ${maxDepth} fields deep.`);
      if (fieldCount(context, node.selectionSet, new Set()) > maxRootFields)
        report(context, `The operation has more than ${maxRootFields} fields at its root.`);
    },
  };
}

/** Fragments are measured once; one that spreads itself is refused by another rule and counts as nothing here. */
function depthOf(
  context: ValidationContext,
  set: SelectionSetNode | undefined,
  depths: Map<FragmentDefinitionNode, number>,
): number {
  let deepest = 0;
  for (const selection of set?.selections ?? []) {
    let depth: number;
    if (selection.kind === Kind.FIELD) depth = 1 + depthOf(context, selection.selectionSet, depths);
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      depth = depthOf(context, selection.selectionSet, depths);
    else {
      const fragment = context.getFragment(selection.name.value);
      if (fragment === undefined || fragment === null) continue;
      let known = depths.get(fragment);
      if (known === undefined) {
        depths.set(fragment, 0);
        known = depthOf(context, fragment.selectionSet, depths);
        depths.set(fragment, known);
      }
      depth = known;
    }
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function fieldCount(
  context: ValidationContext,
  set: SelectionSetNode,
  seen: Set<FragmentDefinitionNode>,
): number {
  let count = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count += 1;
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      count += fieldCount(context, selection.selectionSet, seen);
    else {
      const fragment = context.getFragment(selection.name.value);
      if (fragment === undefined || fragment === null || seen.has(fragment)) continue;
      seen.add(fragment);
      count += fieldCount(context, fragment.selectionSet, seen);
    }
  }
  return count;
}

function report(context: ValidationContext, message: string): void {
  context.reportError(
    new GraphQLError(`${message} Ask for less at once.`, {
      extensions: { code: 'COST_LIMIT_EXCEEDED' },
    }),
  );
}
