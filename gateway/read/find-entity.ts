/** Which entity a caller means by `by: { … }`: its id, or the value of one unique attribute. */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType, Model } from '../../schema/model/model.ts';
import { entitiesInPlaces } from '../../schema/model/shapes.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Projection, Snapshot } from '../../services/reader/reader.ts';
import { decodeId } from './global-id.ts';
import { suggest } from './suggest.ts';
import type { VisibilityScope } from './visible.ts';
import { isVisible } from './visible.ts';

export type By = Readonly<Record<string, unknown>>;

export type EntityName =
  | { readonly kind: 'id'; readonly entity: number }
  | {
      readonly kind: 'unique';
      readonly attribute: Keyword;
      readonly value: EdnData;
      readonly identity: boolean;
    };

/** @throws BAD_USER_INPUT */
export function parseBy(
  model: Model,
  database: string,
  target: string | undefined,
  by: By,
): EntityName {
  const [entry, ...others] = Object.entries(by);
  if (entry === undefined || others.length > 0) {
    throw new DatabaseError('BAD_USER_INPUT', 'by must name an entity in exactly one way');
  }
  const [name, value] = entry;
  if (value === null || value === undefined) {
    throw new DatabaseError('BAD_USER_INPUT', `by.${name} is null and names no entity`);
  }
  if (name === 'id') return { kind: 'id', entity: decodeId(database, String(value)) };
  const fields = target === undefined ? undefined : model.types.get(target)?.fields;
  const field = fields?.get(name);
  if (field?.kind !== 'scalar' || field.attribute.unique === undefined) {
    const unique = Array.from(fields?.values() ?? []).filter(
      (each) => each.attribute.unique !== undefined,
    );
    const hint = suggest(
      name,
      unique.map((each) => each.name),
    );
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `by.${name} is no unique attribute of ${target ?? 'Entity'}${hint}`,
    );
  }
  const { ident, unique } = field.attribute;
  const fromIds = entitiesInPlaces(field.shape, (id) => decodeId(database, id));
  return {
    kind: 'unique',
    attribute: ident,
    value: fromIds?.(value as EdnData) ?? (value as EdnData),
    identity: unique === 'identity',
  };
}

/** The entity of a name. Whether an id has one is told when it is read. */
export async function findEntity(
  snapshot: Snapshot,
  name: EntityName,
): Promise<number | undefined> {
  if (name.kind === 'id') return name.entity;
  return snapshot.entityId([name.attribute, name.value]);
}

export interface FoundEntity {
  readonly entity: number;
  /** One of its types. */
  readonly type: EntityType;
}

/**
 * As {@link findEntity}, for callers that need the entity; it has the type, or without one any that is shown, and the caller may see it.
 *
 * @throws ENTITY_NOT_FOUND
 */
export async function requireEntity(
  scope: VisibilityScope & { readonly model: Model },
  type: EntityType | undefined,
  name: EntityName,
): Promise<FoundEntity> {
  const entity = await findEntity(scope.snapshot, name);
  const found = entity === undefined ? undefined : await typeSeen(scope, type, entity);
  if (entity !== undefined && found !== undefined) return { entity, type: found };
  const wanted = name.kind === 'id' ? 'with this id' : `with this ${name.attribute}`;
  throw new DatabaseError('ENTITY_NOT_FOUND', `There is no ${type?.name ?? 'entity'} ${wanted}`, {
    data: name.kind === 'id' ? {} : { attribute: name.attribute.toString() },
  });
}

const IDENTS: Projection = { attributes: [], idents: true };

/** Whether an entity has a type, or without one any that is shown, and the caller may see it. */
export async function isThere(...scopeWantedEntity: Parameters<typeof typeSeen>): Promise<boolean> {
  return (await typeSeen(...scopeWantedEntity)) !== undefined;
}

/** A type under which the caller may see an entity: the one that is wanted, or any that is shown. */
async function typeSeen(
  scope: VisibilityScope & { readonly model: Model },
  wanted: EntityType | undefined,
  entity: number,
): Promise<EntityType | undefined> {
  const { idents } = await scope.snapshot.project(IDENTS, [entity]);
  const types = new Set(
    (idents[0] ?? []).flatMap((ident) => scope.model.typesByAttribute.get(ident) ?? []),
  );
  for (const type of types)
    if ((wanted === undefined || type === wanted) && (await isVisible(scope, type.name, entity)))
      return type;
  return undefined;
}
