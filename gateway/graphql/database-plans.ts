/** The root fields of one database: each by its meaning, and those that code of users makes. */
import type { RequestContext } from '../http/context.ts';
import type { RootField } from '../generate/graphql/root-fields.ts';
import { isMutationField } from '../generate/graphql/root-fields.ts';
import { nameOf } from '../select/collect-fields.ts';
import { rootArguments } from '../select/graphql-arguments.ts';
import { planChanges } from './change-plans.ts';
import { planMadeRoot } from './made-fields.ts';
import { planMutationField } from './mutation-plans.ts';
import type { PlanRoot } from './operation.ts';
import { planQueryField } from './root-plans.ts';

export function databasePlans(
  rootFields: ReadonlyMap<string, RootField>,
): PlanRoot<RequestContext> {
  return (operation, root, nodes) => {
    const made = planMadeRoot(operation, root, operation.rootKey, nodes);
    if (made !== undefined) return made;
    const field = rootFields.get(nameOf(nodes));
    if (field === undefined)
      throw new Error(`Expected the root field ${nameOf(nodes)} to have a meaning`);
    const args = rootArguments(root, nodes);
    if (field.kind === 'changed') return planChanges(operation, field.type, nodes, args);
    return isMutationField(field)
      ? planMutationField(operation, field, nodes, args)
      : planQueryField(operation, field, nodes, args);
  };
}
