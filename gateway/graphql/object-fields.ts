/** Root fields whose values are objects and no entities. */
import { readEntities } from '../read/entity-json.ts';
import { planEntities } from '../read/entity-plan.ts';
import type { ObjectPlan, PlanEntities, Run } from '../read/plan.ts';
import type { Operation } from '../select/collect-fields.ts';

export function entitiesOf({ model }: Operation): PlanEntities {
  return (target, selection) => planEntities(model, target, selection);
}

export async function writeObject<T>(plan: ObjectPlan<T>, run: Run, value: T): Promise<string> {
  return (await plan.read({ readEntities, ...run }, [value]))(value);
}
