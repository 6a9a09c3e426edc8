/** Rows of a set in GraphQL: an entity each, and the database that it is in. */
import { setNames } from '../../schema/model/naming.ts';
import { readEntities } from '../read/entity-json.ts';
import { planEntities } from '../read/entity-plan.ts';
import { quote } from '../read/json.ts';
import { entityField, plain, planObject } from '../read/objects/object-plan.ts';
import type { ObjectPlan } from '../read/plan.ts';
import { parsePage } from '../read/query/page.ts';
import type { Operation } from '../select/collect-fields.ts';
import { objectParts } from '../select/from-graphql.ts';
import type { EntitySelection } from '../select/selection.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import { findRows, writeRows } from './found-rows.ts';
import type { AskedType, SetPlan } from './set-view.ts';
import { chosen, chosenCount, placeOf, planEach } from './set-view.ts';

export function planRows(asked: AskedType): SetPlan {
  const { set, operation, type, args } = asked;
  const planOf = planEach(asked, (each, database) => rowPlan(asked, each, database));
  const anywhere = rowPlan(asked, operation, '');
  const at = placeOf(asked);
  return {
    answer: async (context, variables) => {
      const given = args(variables);
      const found = await findRows(context, { set, type, given, at }, parsePage(given));
      const texts = await writeRows(
        context,
        at,
        found,
        (database) => async (scope, entities) =>
          planOf(database).read({ scope, variables, readEntities }, entities),
      );
      return `[${texts.join(',')}]`;
    },
    databases: (variables) => chosen(set, args(variables)),
    cost: (variables) => {
      const given = args(variables);
      const { first, offset } = given;
      const rows = (first ?? DEFAULT_PAGE) * Math.max(1, anywhere.cost(variables));
      return chosenCount(set, given) * (Math.max(0, offset ?? 0) + Math.max(1, rows));
    },
  };
}

const NOTHING: EntitySelection = { kind: 'typed', fields: [] };

/** What is shown of a row, given its entity. */
function rowPlan(
  { type, nodes }: AskedType,
  operation: Operation,
  database: string,
): ObjectPlan<number> {
  return planObject<number>(
    objectParts(operation, setNames(type.name).rowType, nodes),
    {
      database: () => plain(() => quote(database)),
      node: ({ entity = NOTHING }, planNode) =>
        entityField(planNode(type.name, entity), (each) => each),
    },
    (target, selection) => planEntities(operation.model, target, selection),
  );
}
