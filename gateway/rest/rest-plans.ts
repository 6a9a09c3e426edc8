/** What REST shows of entities, planned once for each type and what callers ask to see of it. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Model } from '../../schema/model/model.ts';
import type { RequestContext } from '../http/context.ts';
import { planConnection, planEntities } from '../read/entity-plan.ts';
import type { ConnectionPlan, EntityPlan } from '../read/plan.ts';
import type { Showable, ShownPaths } from '../select/from-paths.ts';
import { costOfShown, selectionFromPaths, WHOLE } from '../select/from-paths.ts';
import type { ConnectionPart, EntitySelection } from '../select/selection.ts';

/** Whose plans: what is seen of the database, and of those that it leads into. */
type Seen = Pick<RequestContext, 'model' | 'foreignModels' | 'computed'>;

export interface RestPlans {
  /** How many entities are read for each, itself and those that it includes, at most. */
  readonly cost: number;
  readonly entity: EntityPlan;
  readonly list: ConnectionPlan;
  readonly countedList: ConnectionPlan;
}

/** All that an entity says, and of those that it refers to their ids. */
export function entityPlan(seen: Seen, type: EntityType): EntityPlan {
  return plansFor(seen, type, WHOLE).entity;
}

/** What may be read for one answer. @throws COST_LIMIT_EXCEEDED */
export function checkCost(cost: number, maxCost: number): number {
  if (cost <= maxCost) return cost;
  throw new DatabaseError(
    'COST_LIMIT_EXCEEDED',
    `The answer may read ${cost} entities, more than ${maxCost}; ask for a smaller page, or include less`,
    { data: { cost, maxCost } },
  );
}

/** By what is seen of other databases, of which each view has a map of its own. */
const plans = new WeakMap<Seen['foreignModels'], Map<string, RestPlans>>();

/** Callers choose what is shown; so many are kept. */
const MAX_PLANS = 1_000;

/** @throws BAD_USER_INPUT, COST_LIMIT_EXCEEDED */
export function plansFor(seen: Seen, type: EntityType, paths: ShownPaths): RestPlans {
  const { foreignModels } = seen;
  let known = plans.get(foreignModels);
  if (known === undefined) plans.set(foreignModels, (known = new Map()));
  const key = JSON.stringify([type.name, paths.fields, paths.include]);
  let planned = known.get(key);
  if (planned === undefined) {
    if (known.size >= MAX_PLANS) known.clear();
    planned = planAll({ model: wholeModel(seen), computed: seen.computed }, type, paths);
    known.set(key, planned);
  }
  return planned;
}

/** With the types of other databases, which have names of their own. */
export function wholeModel({ model, foreignModels }: Pick<Seen, 'model' | 'foreignModels'>): Model {
  if (foreignModels.size === 0) return model;
  const others = Array.from(foreignModels.values(), (each) => Array.from(each.model.types));
  return { ...model, types: new Map([...model.types, ...others.flat()]) };
}

function planAll(seen: Showable, type: EntityType, paths: ShownPaths): RestPlans {
  const { model } = seen;
  const selection = selectionFromPaths(seen, type, paths);
  const parts = pageParts(selection);
  const counted = [...parts, { kind: 'totalCount', key: 'totalCount' } as const];
  return {
    cost: costOfShown(selection),
    entity: planEntities(model, type.name, selection),
    list: planConnection(model, type.name, parts),
    countedList: planConnection(model, type.name, counted),
  };
}

function pageParts(selection: EntitySelection): ReadonlyArray<ConnectionPart> {
  return [
    { kind: 'nodes', key: 'nodes', selection },
    { kind: 'pageInfo', key: 'pageInfo', parts: PAGE_INFO },
  ];
}

const PAGE_INFO = (['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'] as const).map(
  (name) => ({ kind: 'fact', key: name, name }) as const,
);
