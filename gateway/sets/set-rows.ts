/**
 * The entities of several databases in one order: of each database the first rows with what they are sorted by, merged; and then what is shown of those
 * that are on the page.
 */
import { setNames } from '../../schema/model/naming.ts';
import { readEntities } from '../read/entity-json.ts';
import { planEntities } from '../read/entity-plan.ts';
import { quote } from '../read/json.ts';
import { List } from '../read/list.ts';
import { entityField, plain, planObject } from '../read/objects/object-plan.ts';
import type { ObjectPlan } from '../read/plan.ts';
import type { Order } from '../read/query/order.ts';
import { parsePage } from '../read/query/page.ts';
import type { Operation } from '../select/collect-fields.ts';
import { objectParts } from '../select/from-graphql.ts';
import type { EntitySelection } from '../select/selection.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import { mergeRows } from './merge-rows.ts';
import { eachDatabase, scopesOf } from './set-scopes.ts';
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
      const page = parsePage(given);
      const open = scopesOf(context, given.asOf);
      const found = await eachDatabase(context, at, chosen(set, given), async (database) => {
        const scope = await open(database, type.name);
        const own = scope.model.types.get(type.name) ?? type;
        const list = await List.open(scope, { kind: 'type', type: own }, given);
        const rows = await list.first(page.offset + page.size);
        return { scope, order: list.order, rows };
      });
      const order = found[0]?.value.order ?? NO_ORDER;
      const lists = found.map(({ value }) => value.rows);
      const merged = mergeRows(order, lists, page).flatMap(({ list, row }) => {
        const database = found[list]?.database;
        return database === undefined ? [] : [{ database, entity: row.entity }];
      });
      const scopes = new Map(found.map(({ database, value }) => [database, value.scope]));
      const shown = Array.from(new Set(merged.map(({ database }) => database)));
      const read = await eachDatabase(context, at, shown, async (database) => {
        const scope = scopes.get(database);
        if (scope === undefined) throw new Error(`Expected ${database} to be open`);
        const entities = merged.flatMap((row) => (row.database === database ? row.entity : []));
        return planOf(database).read({ scope, variables, readEntities }, entities);
      });
      const writers = new Map(read.map(({ database, value }) => [database, value]));
      const texts = merged.flatMap(({ database, entity }) => writers.get(database)?.(entity) ?? []);
      return `[${texts.join(',')}]`;
    },
    cost: (variables) => {
      const given = args(variables);
      const { first, offset } = given;
      const rows = (first ?? DEFAULT_PAGE) * Math.max(1, anywhere.cost(variables));
      return chosenCount(set, given) * (Math.max(0, offset ?? 0) + Math.max(1, rows));
    },
  };
}

const NO_ORDER: Order = { keys: [], entityDescending: false };
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
