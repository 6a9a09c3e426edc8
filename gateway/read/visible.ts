/** Which entities the caller may see: the one place where single entities are let through. */
import type { ReadScope } from './scope.ts';

export type VisibilityScope = Pick<ReadScope, 'lists' | 'claims' | 'snapshot'>;

/** Of entities of a type those that the caller may see; undefined where those are all. */
export async function visibleAmong(
  { lists, claims, snapshot }: VisibilityScope,
  type: string,
  entities: ReadonlyArray<number>,
): Promise<ReadonlySet<number> | undefined> {
  const form = lists.rule(type, 'read');
  if (form === undefined || entities.length === 0) return undefined;
  const found = await snapshot.q(form.query, form.inputs([entities, ...claims]));
  return new Set(found as ReadonlyArray<number>);
}

/** Whether the caller may see an entity as one of a type. */
export async function isVisible(
  scope: VisibilityScope,
  type: string,
  entity: number,
): Promise<boolean> {
  return (await visibleAmong(scope, type, [entity]))?.has(entity) ?? true;
}
