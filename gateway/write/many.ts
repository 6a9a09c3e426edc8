/** Writes of all entities that a filter lets through. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { badInput } from '../read/bad-input.ts';
import { localWhere } from '../read/foreign-keys.ts';
import { List, NO_PARENTS } from '../read/list.ts';
import { shapeWhere, Slots } from '../read/query/slots.ts';
import type { ReadScope } from '../read/scope.ts';
import type { Where } from '../select/selection.ts';
import type { Draft } from './draft.ts';

export interface Many {
  readonly type: EntityType;
  readonly where: Where;
  /** Where there are more, none is written. */
  readonly atMost: number;
}

/** The entities that a filter lets through: as many as were announced, and still those when they are written. */
export async function entitiesWhere(
  scope: ReadScope,
  draft: Draft,
  { kind, type, where, atMost }: Many & { readonly kind: 'updateMany' | 'deleteMany' },
): Promise<ReadonlyArray<number>> {
  const place = type.names[kind];
  if (!hasCondition(where))
    throw badInput(`${place}.where`, 'is empty, and would stand for all there are');
  if (atMost < 1) throw badInput(`${place}.atMost`, 'must be at least 1');
  const list = await List.open(scope, { kind: 'type', type }, { where, first: atMost });
  const { entities, hasNextPage } = (await list.pages(NO_PARENTS, false))(undefined);
  if (hasNextPage) {
    const count = (await list.totalCounts(NO_PARENTS))(undefined);
    throw new DatabaseError(
      'LIMIT_EXCEEDED',
      `${place} would change ${count} entities, more than the ${atMost} that it may; nothing was written`,
      { data: { count, atMost } },
    );
  }
  if (entities.length === 0) return entities;
  const slots = new Slots([[], ...scope.claims]);
  const local = await localWhere(scope, type.name, where, `${place}.where`);
  const form = scope.lists.members(type, shapeWhere(local, slots));
  draft.confirm(form, slots.values, entities);
  return entities;
}

/** Whether a filter asks for anything at all. */
function hasCondition(where: unknown): boolean {
  if (Array.isArray(where)) return where.some(hasCondition);
  if (typeof where !== 'object' || where === null) return false;
  return Object.entries(where).some(([name, condition]) =>
    name === '_and' || name === '_or' || name === '_not'
      ? hasCondition(condition)
      : condition !== undefined,
  );
}
