/** What the root fields of a set of databases do. What is below them is planned for each database by itself, as if it were asked alone. */
import { setFields } from '../generate/graphql/root-fields.ts';
import type { PlanRoot } from '../graphql/operation.ts';
import type { OperationContext } from '../http/context.ts';
import { nameOf } from '../select/collect-fields.ts';
import { rootArguments } from '../select/graphql-arguments.ts';
import { planSetAggregate } from './set-aggregate.ts';
import { planRows } from './set-rows.ts';
import type { SetView } from './set-view.ts';

export function setPlans(set: SetView): PlanRoot<OperationContext> {
  const fields = setFields(set.model);
  return (operation, root, nodes) => {
    const field = fields.get(nameOf(nodes));
    if (field === undefined)
      throw new Error(`Expected the root field ${nameOf(nodes)} to have a meaning`);
    if (field.kind === 'databases')
      return {
        answer: async () => JSON.stringify(set.databases),
        cost: () => 0,
        databases: () => [],
      };
    const args = rootArguments(root, nodes);
    const asked = { set, operation, type: field.type, nodes, args };
    return field.kind === 'rows' ? planRows(asked) : planSetAggregate(asked);
  };
}
