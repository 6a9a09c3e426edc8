/** The JSON of bodies as inputs, patches and names: the same forms that entities are shown in. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Model, RefField, ScalarField } from '../../schema/model/model.ts';
import { shapeFromJson } from '../../schema/model/shapes.ts';
import { isWritableField } from '../generate/writable.ts';
import { badInput } from '../read/bad-input.ts';
import type { By } from '../read/find-entity.ts';
import { suggest } from '../read/suggest.ts';
import type { Input } from '../write/input.ts';
import { isGiven, listAt, objectAt } from '../write/input.ts';
import type { RestRequest } from './rest-request.ts';

/** @throws UNSUPPORTED_MEDIA_TYPE */
export function requireType({ bodyType }: RestRequest, types: ReadonlyArray<string>): void {
  if (bodyType !== undefined && types.includes(bodyType)) return;
  throw new DatabaseError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Expected a body of ${types.join(' or ')}, got ${bodyType ?? 'none'}`,
  );
}

/** A new entity. @throws BAD_USER_INPUT */
export function parseInput(model: Model, type: EntityType, body: unknown, place = 'body'): Input {
  return mapFields(type, body, place, (field, json, at) => parseField(model, field, json, at));
}

/** A merge patch (RFC 7396): null removes, a list replaces what is there. @throws BAD_USER_INPUT */
export function parseMergePatch(
  model: Model,
  type: EntityType,
  body: unknown,
  place = 'body',
): Input {
  return mapFields(type, body, place, (field, json, at) => {
    const value = parseField(model, field, json, at);
    return field.many && json !== null ? { set: value } : value;
  });
}

/** Values that an entity must have. @throws BAD_USER_INPUT */
export function parseAttrs(model: Model, type: EntityType, body: unknown, place: string): Input {
  const attrs = objectAt(body, place);
  const entries = Object.entries(attrs).map(([name, json]) => {
    const field = type.fields.get(name);
    const at = `${place}.${name}`;
    if (field === undefined || field.kind === 'reverse') throw unknownField(type, name, at);
    if (json === null) return [name, null] as const;
    const items = field.many ? listAt(json, at) : [json];
    const values = items.map((item) =>
      field.kind === 'scalar'
        ? shapeFromJson(field.shape, item, at)
        : parseBy(model, field.target, item, at),
    );
    return [name, field.many ? values : values[0]] as const;
  });
  return Object.fromEntries(entries);
}

/** `{"id": "…"}`, or one unique attribute. @throws BAD_USER_INPUT */
export function parseBy(
  model: Model,
  target: string | undefined,
  json: unknown,
  place: string,
): By {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badInput(
      place,
      'must name an entity by its id, as in {"id": "…"}, or by one unique attribute',
    );
  const type = target === undefined ? undefined : model.types.get(target);
  const entries = Object.entries(json).map(([name, value]: [string, unknown]) => {
    const unique = type?.fields.get(name);
    const isValue = unique?.kind === 'scalar' && isGiven(value);
    return [
      name,
      isValue ? shapeFromJson(unique.shape, value, `${place}.${name}`) : value,
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws BAD_USER_INPUT for a member that nobody reads */
export function requireParts(given: Input, known: ReadonlySet<string>, place: string): void {
  for (const name of Object.keys(given))
    if (!known.has(name))
      throw badInput(`${place}.${name}`, `is not known here${suggest(name, Array.from(known))}`);
}

function mapFields(
  type: EntityType,
  body: unknown,
  place: string,
  map: (field: ScalarField | RefField, json: unknown, place: string) => unknown,
): Input {
  const entries = Object.entries(objectAt(body, place)).map(([name, json]) => {
    const field = type.fields.get(name);
    const at = `${place}.${name}`;
    if (field === undefined || field.kind === 'reverse' || !isWritableField(field))
      throw unknownField(type, name, at);
    return [name, map(field, json, at)] as const;
  });
  return Object.fromEntries(entries);
}

function parseField(
  model: Model,
  field: ScalarField | RefField,
  json: unknown,
  place: string,
): unknown {
  if (json === null) return null;
  const parseItem = (item: unknown): unknown =>
    field.kind === 'scalar'
      ? shapeFromJson(field.shape, item, place)
      : { link: parseBy(model, field.target, item, place) };
  return field.many ? listAt(json, place).map(parseItem) : parseItem(json);
}

function unknownField(type: EntityType, name: string, place: string): DatabaseError {
  const known = Array.from(type.fields.values()).filter((field) => field.kind !== 'reverse');
  const hint = suggest(
    name,
    known.map((field) => field.name),
  );
  return badInput(place, `names no field of ${type.name} that can be written${hint}`);
}
