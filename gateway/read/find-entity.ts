/** Which entity a caller means by `by: { … }`: its id, or the value of one unique attribute. */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType, Model } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Projection, Snapshot } from '../../services/reader/reader.ts';
import { decodeId } from './global-id.ts';
import { suggest } from './suggest.ts';

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
  return {
    kind: 'unique',
    attribute: ident,
    value: value as EdnData,
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

/**
 * As {@link findEntity}, for callers that need the entity; it has the type, or without one any attribute.
 *
 * @throws ENTITY_NOT_FOUND
 */
export async function requireEntity(
  snapshot: Snapshot,
  type: EntityType | undefined,
  name: EntityName,
): Promise<number> {
  const entity = await findEntity(snapshot, name);
  if (entity !== undefined && (name.kind === 'unique' || (await isOfType(snapshot, type, entity))))
    return entity;
  const wanted = name.kind === 'id' ? 'with this id' : `with this ${name.attribute}`;
  throw new DatabaseError('ENTITY_NOT_FOUND', `There is no ${type?.name ?? 'entity'} ${wanted}`, {
    data: name.kind === 'id' ? {} : { attribute: name.attribute.toString() },
  });
}

const projections = new WeakMap<EntityType, Projection>();
const ANYTHING: Projection = { attributes: [], idents: true };

async function isOfType(
  snapshot: Snapshot,
  type: EntityType | undefined,
  entity: number,
): Promise<boolean> {
  let projection = type === undefined ? ANYTHING : projections.get(type);
  if (projection === undefined && type !== undefined) {
    projection = { attributes: [], having: type.attributes.map(({ ident }) => ident) };
    projections.set(type, projection);
  }
  const { has, idents } = await snapshot.project(projection ?? ANYTHING, [entity]);
  return has[0] === true || (idents[0]?.length ?? 0) > 0;
}
