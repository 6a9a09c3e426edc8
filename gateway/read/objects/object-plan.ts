/**
 * How objects that are no entities are read and written: transactions, facts, what is told of an entity besides its attributes. Each kind of object is a
 * table of its fields; what was selected of it is planned once, and then read for all objects of a level together.
 */
import type { Given, ObjectPart, Variables } from '../../select/selection.ts';
import { jsonKey, quote } from '../json.ts';
import type { EntityPlan, ObjectFields, ObjectPlan, ObjectRun, PlanEntities } from '../plan.ts';

const NOTHING = (): number => 0;

/** An object of a kind, with what was selected of it. */
export function planObject<T>(
  parts: ReadonlyArray<ObjectPart>,
  fields: ObjectFields<T>,
  planEntities: PlanEntities,
): ObjectPlan<T> {
  const planned = parts.map((part) => {
    const plan = Object.hasOwn(fields, part.name) ? fields[part.name] : undefined;
    return {
      prefix: jsonKey(part.key),
      ...(plan?.(part, planEntities) ?? plain<T>(() => quote(part.type))),
    };
  });
  return {
    read: async (run, values) => {
      const writers = await Promise.all(planned.map(async ({ read }) => read(run, values)));
      return (value) => {
        const texts = planned.map(({ prefix }, i) => prefix + (writers[i]?.(value) ?? 'null'));
        return `{${texts.join(',')}}`;
      };
    },
    cost: sumOf(planned),
  };
}

/** A field that is known of the object itself. */
export function plain<T>(write: (value: T, run: ObjectRun) => string): ObjectPlan<T> {
  return { read: (run) => (value) => write(value, run), cost: NOTHING };
}

/** A field that holds another object, or none. */
export function one<T, U>(plan: ObjectPlan<U>, of: (value: T) => U | undefined): ObjectPlan<T> {
  return {
    read: async (run, values) => {
      const write = await plan.read(run, present(values.map(of)));
      return (value) => {
        const inner = of(value);
        return inner === undefined ? 'null' : write(inner);
      };
    },
    cost: plan.cost,
  };
}

/** A field that holds a list of objects. */
export function many<T, U>(plan: ObjectPlan<U>, of: (value: T) => ReadonlyArray<U>): ObjectPlan<T> {
  return {
    read: async (run, values) => {
      const write = await plan.read(run, values.flatMap(of));
      return (value) => `[${of(value).map(write).join(',')}]`;
    },
    cost: plan.cost,
  };
}

/** A field that holds an entity; null where the caller may not see it, or there is none. */
export function entityField<T>(
  plan: EntityPlan,
  of: (value: T) => number | undefined,
): ObjectPlan<T> {
  return {
    read: async (run, values) => {
      const entities = Array.from(new Set(present(values.map(of))));
      const fragments = await run.readEntities(run, plan, entities);
      return (value) => {
        const entity = of(value);
        return (entity === undefined ? undefined : fragments.get(entity)) ?? 'null';
      };
    },
    cost: plan.cost,
  };
}

/** A field of which something has to be found out first, for all values together. */
export function looked<T, U>(
  plan: ObjectPlan<U>,
  look: (
    run: ObjectRun,
    values: ReadonlyArray<T>,
    variables: Variables,
  ) => Promise<(value: T) => U>,
  times: Given<number> = () => 1,
): ObjectPlan<T> {
  return {
    read: async (run, values) => {
      const find = await look(run, values, run.variables);
      const found = new Map(values.map((value) => [value, find(value)]));
      const write = await plan.read(run, Array.from(found.values()));
      return (value) => {
        const inner = found.get(value);
        return inner === undefined ? 'null' : write(inner);
      };
    },
    cost: (variables) => times(variables) * Math.max(1, plan.cost(variables)),
  };
}

function sumOf(plans: ReadonlyArray<{ readonly cost: Given<number> }>): Given<number> {
  return (variables) => plans.reduce((sum, { cost }) => sum + cost(variables), 0);
}

function present<T>(values: ReadonlyArray<T | undefined>): ReadonlyArray<T> {
  return values.filter((value) => value !== undefined);
}
