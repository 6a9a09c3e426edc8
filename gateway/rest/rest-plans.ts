/** What REST shows of entities, planned once for each type. */
import type { EntityType, Model } from '../../schema/model/model.ts';
import { planConnection, planEntities } from '../read/entity-plan.ts';
import type { ConnectionPart, EntitySelection, FieldSelection } from '../select/selection.ts';
import type { ConnectionPlan, EntityPlan } from '../read/plan.ts';

interface RestPlans {
  readonly entity: EntityPlan;
  readonly list: ConnectionPlan;
  readonly countedList: ConnectionPlan;
}

export function entityPlan(model: Model, type: EntityType): EntityPlan {
  return plansOf(model, type).entity;
}

export function listPlan(model: Model, type: EntityType, wantsCount: boolean): ConnectionPlan {
  const { list, countedList } = plansOf(model, type);
  return wantsCount ? countedList : list;
}

/** A type belongs to one model. */
const plans = new WeakMap<EntityType, RestPlans>();

function plansOf(model: Model, type: EntityType): RestPlans {
  let known = plans.get(type);
  if (known === undefined) {
    const selection = restSelection(type);
    const parts: ReadonlyArray<ConnectionPart> = [
      { kind: 'nodes', key: 'nodes', selection },
      { kind: 'pageInfo', key: 'pageInfo', parts: PAGE_INFO },
    ];
    const counted = [...parts, { kind: 'totalCount', key: 'totalCount' } as const];
    known = {
      entity: planEntities(model, type.name, selection),
      list: planConnection(model, type.name, parts),
      countedList: planConnection(model, type.name, counted),
    };
    plans.set(type, known);
  }
  return known;
}

const PAGE_INFO = (['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'] as const).map(
  (name) => ({ kind: 'fact', key: name, name }) as const,
);

const ONLY_ID: EntitySelection = { kind: 'typed', fields: [{ kind: 'id', key: 'id' }] };

/** What REST shows of an entity: its values, and of the entities it refers to their ids. */
function restSelection(type: EntityType): EntitySelection {
  const fields = Array.from(type.fields.values()).flatMap(
    (field): ReadonlyArray<FieldSelection> => {
      const key = field.name;
      if (field.kind === 'scalar') return [{ kind: 'scalar', key, field }];
      if (field.kind === 'reverse') return [];
      return field.many
        ? [{ kind: 'list', key, field, list: () => ({}), selection: ONLY_ID }]
        : [{ kind: 'one', key, field, selection: ONLY_ID }];
    },
  );
  return { kind: 'typed', fields: [{ kind: 'id', key: 'id' }, ...fields] };
}
