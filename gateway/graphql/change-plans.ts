/** What a field that follows the entities of a type tells of each change. */
import type { FieldNode } from 'graphql';
import type { EntityType } from '../../schema/model/model.ts';
import { planEntities } from '../read/entity-plan.ts';
import { planChange } from '../read/objects/change.ts';
import type { Operation } from '../select/collect-fields.ts';
import { objectParts } from '../select/from-graphql.ts';
import type { Given } from '../select/selection.ts';
import type { ChangesArguments, RootPlan } from './root-plan.ts';

export function planChanges(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<ChangesArguments>,
): RootPlan {
  const parts = objectParts(operation, `${type.name}Change`, nodes);
  const change = planChange(type, parts, (target, selection) =>
    planEntities(operation.model, target, selection),
  );
  return {
    answer: () => Promise.reject(new Error('Expected changes to be told one by one')),
    cost: (variables) => Math.max(1, change.cost(variables)),
    changes: { type, args, change },
  };
}
