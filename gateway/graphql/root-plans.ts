/** What each root field of an operation does, planned once: arguments to a scope, an entity or a list, and from there to JSON. */
import type { FieldNode } from 'graphql';
import type { EntityType } from '../../schema/model/model.ts';
import { readScope } from '../http/context.ts';
import type { AsOf } from '../read/as-of.ts';
import type { QueryField } from '../generate/graphql/root-fields.ts';
import { COUNT_COST, planConnection, planEntities } from '../read/entity-plan.ts';
import { readConnection, readEntity } from '../read/entity-json.ts';
import { findEntity, isThere, parseBy } from '../read/find-entity.ts';
import { decodeId } from '../read/global-id.ts';
import { planDiff } from '../read/objects/diff.ts';
import { many } from '../read/objects/object-plan.ts';
import { planPage } from '../read/objects/page.ts';
import { readGroups } from '../read/groups/groups.ts';
import type { GroupArguments } from '../read/groups/parse-groups.ts';
import { planGroups } from '../read/groups/plan-groups.ts';
import { groupParts } from '../select/groups-from-graphql.ts';
import { transactionsOf } from '../read/objects/transactions.ts';
import type { TxListArguments } from '../read/objects/transactions.ts';
import { TX_FIELDS } from '../read/objects/tx.ts';
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import type { Operation } from '../select/collect-fields.ts';
import { entitiesOf, writeObject } from './object-fields.ts';
import { connectionParts, entitySelection, objectParts } from '../select/from-graphql.ts';
import { planRepresentations, planService } from './federation-plans.ts';
import type { Given } from '../select/selection.ts';
import type { RootArguments, RootPlan } from './root-plan.ts';

/** `nodes`: all places where the operation selects the field under one response key. */
export function planQueryField(
  operation: Operation,
  field: QueryField,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments>,
): RootPlan {
  switch (field.kind) {
    case 'node':
      return planNode(operation, nodes, args);
    case 'lookup':
      return planLookup(operation, field.type, nodes, args);
    case 'connection':
      return planRootConnection(operation, field.type, nodes, args);
    case 'groups':
      return planRootGroups(operation, field.type, nodes, args);
    case 'service':
      return planService(operation, nodes);
    case 'representations':
      return planRepresentations(operation, nodes, args);
    case 'transactions':
      return planTransactions(operation, nodes, args);
    case 'diff':
      return planRootDiff(operation, field.type, nodes, args);
  }
}

function planNode(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments>,
): RootPlan {
  const selection = entitySelection(operation, undefined, nodes);
  const plan = planEntities(operation.model, undefined, selection);
  const answer: RootPlan['answer'] = async (context, variables) => {
    const { id = '', asOf } = args(variables);
    const scope = readScope(context, asOf);
    return (await readEntity({ scope, variables }, plan, decodeId(context.database, id))) ?? 'null';
  };
  return { answer, cost: plan.cost, pointsInTime: asOfIn(args) };
}

function planLookup(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments>,
): RootPlan {
  const plan = planEntities(operation.model, type.name, entitySelection(operation, type, nodes));
  const answer: RootPlan['answer'] = async (context, variables) => {
    const { by, asOf } = args(variables);
    const scope = readScope(context, asOf, type);
    const name = parseBy(context.model, context.database, type.name, by ?? {});
    const entity = await findEntity(scope.snapshot, name);
    if (entity === undefined) return 'null';
    return (await readEntity({ scope, variables }, plan, entity)) ?? 'null';
  };
  return { answer, cost: plan.cost, pointsInTime: asOfIn(args) };
}

function planRootConnection(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments>,
): RootPlan {
  const plan = planConnection(
    operation.model,
    type.name,
    connectionParts(operation, type.name, nodes),
  );
  return {
    answer: async (context, variables) => {
      const list = args(variables);
      const run = { scope: readScope(context, list.asOf, type), variables };
      return (await readConnection(run, type, list, plan)).write(undefined);
    },
    cost: (variables) => plan.cost(args(variables), variables),
    pointsInTime: asOfIn(args),
  };
}

function planRootGroups(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  rootArguments: Given<object>,
): RootPlan {
  const args = rootArguments as Given<GroupArguments & Pick<RootArguments, 'asOf'>>;
  const { model } = operation;
  const parts = groupParts(operation, type, nodes);
  const { object, folds } = planGroups(model, type, parts, entitiesOf(operation));
  return {
    answer: async (context, variables) => {
      const given = args(variables);
      const scope = readScope(context, given.asOf, type);
      const groups = await readGroups(scope, type, given, folds);
      return writeObject(
        many(object, (all: typeof groups) => all),
        { scope, variables },
        groups,
      );
    },
    cost: (variables) =>
      (1 + folds.length) * COUNT_COST +
      (args(variables).first ?? DEFAULT_PAGE) * object.cost(variables),
    pointsInTime: asOfIn(args),
  };
}

function planTransactions(
  operation: Operation,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments & TxListArguments>,
): RootPlan {
  const part = { ...ROOT_PART, below: objectParts(operation, 'TxConnection', nodes) };
  const plan = planPage(part, TX_FIELDS, entitiesOf(operation));
  return {
    answer: async (context, variables) => {
      const list = args(variables);
      const scope = readScope(context, list.asOf);
      return writeObject(plan, { scope, variables }, await transactionsOf(scope, list));
    },
    cost: (variables) =>
      (args(variables).first ?? DEFAULT_PAGE) * Math.max(1, plan.cost(variables)),
    pointsInTime: asOfIn(args),
  };
}

function planRootDiff(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<RootArguments & DiffArguments>,
): RootPlan {
  const parts = objectParts(operation, `${type.name}Diff`, nodes);
  const plan = planDiff(type, parts, entitiesOf(operation));
  return {
    answer: async (context, variables) => {
      const { by, from, to } = args(variables);
      const before = readScope(context, from, type);
      const after = readScope(context, to, type);
      const name = parseBy(context.model, context.database, type.name, by ?? {});
      const entity =
        (await findEntity(after.snapshot, name)) ?? (await findEntity(before.snapshot, name));
      if (entity === undefined) return 'null';
      const compared = { entity, before, after };
      if (!(await isThere(before, type, entity)) && !(await isThere(after, type, entity)))
        return 'null';
      return writeObject(plan, { scope: after, variables }, compared);
    },
    cost: (variables) => Math.max(1, plan.cost(variables)),
    pointsInTime: (variables) => [args(variables).from, args(variables).to],
  };
}

function asOfIn(args: Given<Pick<RootArguments, 'asOf'>>): Required<RootPlan>['pointsInTime'] {
  return (variables) => [args(variables).asOf];
}

interface DiffArguments {
  readonly from?: AsOf | null;
  readonly to?: AsOf | null;
}

const ROOT_PART = { key: '', name: '', type: '', args: () => ({}), below: [], entity: undefined };
