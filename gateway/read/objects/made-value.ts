/**
 * Values that code of users makes, as the answer shows them: all of a level together, so that the entities among them are read in one go. Where one
 * cannot be made or shown, its place in the text is marked, and what that comes to is found out when the whole answer is there.
 */
import type { Resolve } from '../../extend/extension.ts';
import { findEntities } from '../../extend/entity-refs.ts';
import type { MadeField, ValueSelection } from '../../select/selection.ts';
import { jsonKey } from '../json.ts';
import type { ObjectPlan, PlanEntities, Run, WriteOf } from '../plan.ts';
import type { RequestCode } from '../scope.ts';

/** A field of some parents: its code is called for each of them, and what comes of that is shown. */
export function planMadeField<T extends object>(
  { name, resolve = propertyOf(name), args, value }: MadeField,
  planEntities: PlanEntities,
): ObjectPlan<T> {
  const plan = planValue(value, planEntities);
  return {
    read: async (run, parents) => {
      const made = await makeValues(run, resolve, args(run.variables), parents);
      const write = await plan.read(
        { ...run, scope: await codeOf(run).scopeAfter(run.scope) },
        made,
      );
      const texts = new Map(parents.map((parent, i) => [parent, write(made[i])]));
      return (parent) => texts.get(parent) ?? 'null';
    },
    cost: plan.cost,
  };
}

/** What code makes of each of some parents; in the place of one that it fails for is the error. */
async function makeValues(
  run: Run,
  resolve: Resolve,
  args: Readonly<Record<string, unknown>>,
  parents: ReadonlyArray<object>,
): Promise<ReadonlyArray<unknown>> {
  const code = codeOf(run);
  const context = code.contextOn(run.scope.snapshot);
  const made = parents.map((parent) => {
    try {
      return resolve(parent as Readonly<Record<string, unknown>>, args, context);
    } catch (error) {
      return toError(error);
    }
  });
  return made.some(isUnsettled) ? Promise.all(made.map((value) => settled(code, value))) : made;
}

function codeOf({ scope }: Run): RequestCode {
  if (scope.code === undefined) throw new Error('Expected the request to have code of users');
  return scope.code;
}

function propertyOf(name: string): Resolve {
  return (parent, args, context) => {
    const value = parent[name];
    return typeof value === 'function' ? (value.call(parent, args, context) as unknown) : value;
  };
}

/** Whether it is a promise, or a list with promises in it. */
function isUnsettled(value: unknown): boolean {
  return isPromise(value) || (Array.isArray(value) && value.some(isUnsettled));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

async function settled(code: RequestCode, value: unknown): Promise<unknown> {
  try {
    const kept = isPromise(value) ? await code.within(value) : value;
    return isUnsettled(kept) && Array.isArray(kept)
      ? await Promise.all(kept.map((each) => settled(code, each)))
      : kept;
  } catch (error) {
    return toError(error);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error('Code of an extension threw what is no error', { cause: error });
}

function planValue(selection: ValueSelection, planEntities: PlanEntities): ObjectPlan<unknown> {
  switch (selection.kind) {
    case 'leaf':
      return nullable(planLeaf(selection));
    case 'nonNull':
      return planNonNull(selection, planEntities);
    case 'list':
      return nullable(planList(selection, planEntities));
    case 'entity':
      return nullable(planEntity(selection, planEntities));
    case 'object':
      return nullable(planObjects(selection, planEntities));
  }
}

type Of<K extends ValueSelection['kind']> = Extract<ValueSelection, { kind: K }>;

/** Nothing is null, an error the failure of its place; the plan meets neither. */
function nullable(plan: ObjectPlan<unknown>): ObjectPlan<unknown> {
  return {
    read: async (run, values) => {
      const present = values.filter((value) => isPresent(value) && !(value instanceof Error));
      const write = await plan.read(run, present);
      return (value) => {
        if (!isPresent(value)) return 'null';
        return value instanceof Error ? codeOf(run).fail(value) : write(value);
      };
    },
    cost: plan.cost,
  };
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function planLeaf({ toJson }: Of<'leaf'>): ObjectPlan<unknown> {
  return {
    read: (run) => (value) => {
      try {
        return JSON.stringify(toJson(value)) ?? 'null';
      } catch (error) {
        return codeOf(run).fail(error);
      }
    },
    cost: () => 0,
  };
}

function planNonNull(
  { of, place }: Of<'nonNull'>,
  planEntities: PlanEntities,
): ObjectPlan<unknown> {
  const plan = planValue(of, planEntities);
  return {
    read: async (run, values) => {
      const write = await plan.read(run, values);
      return (value) => {
        const text = write(value);
        return text === 'null' ? codeOf(run).fail(nothingAt(place)) : text;
      };
    },
    cost: plan.cost,
  };
}

function nothingAt(place: string): Error {
  return new Error(`Expected a value at ${place}, which is never null, got none`);
}

function planList({ of, size }: Of<'list'>, planEntities: PlanEntities): ObjectPlan<unknown> {
  // Entities that the caller may not see are not there, as in every list.
  const leavesOut = of.kind === 'nonNull' && of.of.kind === 'entity';
  const plan = planValue(leavesOut ? of.of : of, planEntities);
  return {
    read: async (run, values) => {
      const lists = new Map(values.map((value) => [value, itemsOf(value)]));
      const write = await plan.read(
        run,
        Array.from(lists.values()).flatMap((items) => items ?? []),
      );
      return (value) => {
        const items = lists.get(value);
        if (items === undefined) return codeOf(run).fail(new Error('Expected a list'));
        const texts = items.map(write);
        const shown = leavesOut ? texts.filter((text) => text !== 'null') : texts;
        return `[${shown.join(',')}]`;
      };
    },
    cost: (variables) => size(variables) * plan.cost(variables),
  };
}

function itemsOf(value: unknown): ReadonlyArray<unknown> | undefined {
  const isList = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return isList ? Array.from(value as Iterable<unknown>) : undefined;
}

function planEntity(
  { target, selection }: Of<'entity'>,
  planEntities: PlanEntities,
): ObjectPlan<unknown> {
  const plan = planEntities(target, selection);
  return {
    read: async (run, refs) => {
      const { database, snapshot } = run.scope;
      const entityOf = await findEntities(database, snapshot, refs);
      const entities = new Set<number>();
      for (const found of entityOf.values()) if (typeof found === 'number') entities.add(found);
      const fragments = await run.readEntities(run, plan, Array.from(entities));
      return (ref) => {
        const entity = entityOf.get(ref);
        if (entity instanceof Error) return codeOf(run).fail(entity);
        return (entity === undefined ? undefined : fragments.get(entity)) ?? 'null';
      };
    },
    cost: plan.cost,
  };
}

/** Objects by their types, and entities where those may stand among them. */
function planObjects(
  { typeOf, fieldsByType, entity }: Of<'object'>,
  planEntities: PlanEntities,
): ObjectPlan<unknown> {
  const plans = new Map(
    Array.from(fieldsByType, ([name, fields]) => [name, planFields(fields, planEntities)]),
  );
  const entities = entity === undefined ? undefined : planEntity(entity, planEntities);
  return {
    read: async (run, values) => {
      const byType = new Map<string, object[]>();
      for (const value of new Set(values)) {
        const type = isObject(value) ? typeOf(value) : undefined;
        if (type === undefined || !isObject(value)) continue;
        const others = byType.get(type);
        if (others === undefined) byType.set(type, [value]);
        else others.push(value);
      }
      const writers = new Map<unknown, WriteOf<object>>();
      await Promise.all(
        Array.from(byType, async ([type, objects]) => {
          const write = await plans.get(type)?.read(run, objects);
          if (write !== undefined) for (const each of objects) writers.set(each, write);
        }),
      );
      const writeEntity = await entities?.read(
        run,
        values.filter((value) => !isObject(value)),
      );
      return (value) => {
        if (isObject(value))
          return writers.get(value)?.(value) ?? codeOf(run).fail(noType(fieldsByType));
        return writeEntity?.(value) ?? codeOf(run).fail(noType(fieldsByType));
      };
    },
    cost: (variables) =>
      Math.max(
        entities?.cost(variables) ?? 0,
        ...Array.from(plans.values(), ({ cost }) => cost(variables)),
      ),
  };
}

function noType(types: ReadonlyMap<string, unknown>): Error {
  return new Error(`Expected an object of ${Array.from(types.keys()).join(' or ')}`);
}

/** Lookup refs are lists, and so no objects. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function planFields(
  fields: ReadonlyArray<MadeField>,
  planEntities: PlanEntities,
): ObjectPlan<object> {
  const planned = fields.map((field) => ({
    prefix: jsonKey(field.key),
    ...planMadeField<object>(field, planEntities),
  }));
  return {
    read: async (run, objects) => {
      const writers = await Promise.all(planned.map(async ({ read }) => read(run, objects)));
      return (object) => {
        const texts = planned.map(({ prefix }, i) => prefix + (writers[i]?.(object) ?? 'null'));
        return `{${texts.join(',')}}`;
      };
    },
    cost: (variables) => planned.reduce((sum, { cost }) => sum + cost(variables), 0),
  };
}
