/** Root fields that code of users makes, and which operations have any such field. */
import { getNamedType, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { DocumentNode, FieldNode, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { readScope, writtenScope } from '../http/context.ts';
import { planMadeField } from '../read/objects/made-value.ts';
import type { FieldCode, Operation } from '../select/collect-fields.ts';
import { madeField } from '../select/from-graphql.ts';
import { entitiesOf, writeObject } from './object-fields.ts';
import type { RootPlan } from './root-plan.ts';

/** Undefined where code makes no such field. */
export function planMadeRoot(
  operation: Operation,
  root: GraphQLObjectType,
  key: string,
  nodes: ReadonlyArray<FieldNode>,
): RootPlan | undefined {
  const name = nodes[0]?.name.value ?? '';
  if (operation.code?.fieldOf(root.name, name) === undefined) return undefined;
  const field = madeField(operation, root.name, key, nodes);
  if (field === undefined) return undefined;
  const isWriting = root === operation.schema.getMutationType();
  const plan = planMadeField<object>(field, entitiesOf(operation));
  return {
    answer: async (context, variables) => {
      // The fields of a mutation see what those before them have written.
      const scope = isWriting
        ? await writtenScope(context, context.basisTx)
        : readScope(context, undefined);
      return writeObject(plan, { scope, variables }, {});
    },
    cost: (variables) => Math.max(1, plan.cost(variables)),
    failsAlone: true,
  };
}

/** Whether code of users makes a part of what a document asks for: then its answer is not of the database alone. */
export function runsCode(
  schema: GraphQLSchema,
  code: FieldCode | undefined,
  document: DocumentNode,
): boolean {
  if (code === undefined) return false;
  const types = new TypeInfo(schema);
  let found = false;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ name }) => {
        const parent = types.getParentType();
        found ||=
          parent != null && code.fieldOf(getNamedType(parent).name, name.value) !== undefined;
      },
    }),
  );
  return found;
}
