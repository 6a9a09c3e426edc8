/** Groups as objects: `{ key { country { name } } aggregate { count } }`. */
import type { EntityType, Model } from '../../../schema/model/model.ts';
import type { GroupPart } from '../../select/selection.ts';
import { planAggregate, writeAggregate } from '../aggregate-plan.ts';
import { jsonKey, jsonWriter, quote } from '../json.ts';
import type { FoldsOfField } from '../list.ts';
import { entityField, plain, planObject } from '../objects/object-plan.ts';
import type { ObjectFields, ObjectPlan, PlanEntities } from '../plan.ts';
import type { Group } from './groups.ts';

export interface GroupsPlan {
  readonly object: ObjectPlan<Group>;
  /** What has to be known of each group. */
  readonly folds: ReadonlyArray<FoldsOfField>;
}

export function planGroups(
  model: Model,
  type: EntityType,
  parts: ReadonlyArray<GroupPart>,
  planEntities: PlanEntities,
): GroupsPlan {
  const folds: FoldsOfField[] = [];
  const planned = parts.map((part) => {
    const prefix = jsonKey(part.key);
    switch (part.kind) {
      case 'typename':
        return { prefix, ...plain<Group>(() => quote(part.name)) };
      case 'key':
        return { prefix, ...planObject(part.parts, keyFields(model, type, []), planEntities) };
      case 'aggregate': {
        const plan = planAggregate(part.parts);
        folds.push(...plan.folds);
        const write = (group: Group): string =>
          writeAggregate(
            plan,
            group.count,
            // What a group has no value of is left out, as it is where there is one group of all.
            plan.folds.map(({ field, folds: of }) =>
              of.map((fold) => group.fold(field, fold) as never),
            ),
          );
        return { prefix, ...plain(write) };
      }
    }
  });
  const object: ObjectPlan<Group> = {
    read: async (run, groups) => {
      const writers = await Promise.all(planned.map(async ({ read }) => read(run, groups)));
      return (group) =>
        `{${planned.map(({ prefix }, i) => prefix + (writers[i]?.(group) ?? 'null')).join(',')}}`;
    },
    cost: (variables) => planned.reduce((sum, { cost }) => sum + cost(variables), 0),
  };
  return { object, folds };
}

/** The fields of a key below a path; of those that are no keys there is nothing. */
function keyFields(
  model: Model,
  type: EntityType | undefined,
  path: ReadonlyArray<string>,
): ObjectFields<Group> {
  const nameOf = (name: string): string => [...path, name].join('.');
  const entityOf = ({ keys }: Group): number | undefined => {
    const entity = keys.get(nameOf('id'));
    return typeof entity === 'number' ? entity : undefined;
  };
  const fields: Record<string, ObjectFields<Group>[string]> = {
    id: () =>
      plain((group, { scope }) => {
        const entity = entityOf(group);
        return entity === undefined ? 'null' : quote(scope.encodeId(entity));
      }),
    _entity: ({ entity }, planEntities) =>
      entity === undefined
        ? plain(() => 'null')
        : entityField(planEntities(type?.name, entity), entityOf),
  };
  for (const field of type?.fields.values() ?? []) {
    if (field.kind === 'reverse') continue;
    if (field.kind === 'ref') {
      const target = field.target === undefined ? undefined : model.types.get(field.target);
      fields[field.name] = ({ below }, planEntities) =>
        planObject(below, keyFields(model, target, [...path, field.name]), planEntities);
      continue;
    }
    fields[field.name] = () => {
      const write = jsonWriter(field.shape);
      return plain((group, { scope }) => {
        const value = group.keys.get(nameOf(field.name)) ?? null;
        return value === null ? 'null' : write(value, scope.encodeId);
      });
    };
  }
  return fields;
}
