/** A `where` that came as JSON, with its values read as those of the fields that they stand at. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Field, Model } from '../../schema/model/model.ts';
import type { GivenShape, Shape } from '../../schema/model/shapes.ts';
import { operandShape } from '../../schema/model/shapes.ts';
import { badInput } from '../read/bad-input.ts';
import { suggest } from '../read/suggest.ts';
import type { Where } from './selection.ts';

/** What an operand is: a value of a field or a part of one, or the id of an entity. */
export type OperandShape = GivenShape | IdShape;

interface IdShape {
  readonly kind: 'id';
}

/** Makes an operand of a piece of JSON: one value, or a list of them. */
export type ReadOperand = (shape: OperandShape, json: unknown, place: string) => unknown;

/**
 * The filter as the compiler takes it. `target` is the name of the type, undefined for any entity.
 *
 * @throws BAD_USER_INPUT, naming the place
 */
export function whereFromJson(
  model: Model,
  target: string | undefined,
  json: unknown,
  read: ReadOperand,
  place = 'where',
): Where {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badInput(place, 'must be an object');
  const type = target === undefined ? undefined : model.types.get(target);
  const below = (name: string | undefined, condition: unknown, at: string): Where =>
    whereFromJson(model, name, condition, read, at);
  const entries = Object.entries(json).map(([name, condition]: [string, unknown]) => {
    const at = `${place}.${name}`;
    switch (name) {
      case '_and':
      case '_or':
        if (!Array.isArray(condition)) throw badInput(at, 'must be a list');
        return [name, condition.map((each: unknown, i) => below(target, each, `${at}[${i}]`))];
      case '_not':
        return [name, below(target, condition, at)];
      case '_isNull':
        return [name, condition];
      case 'id':
        return [name, operatorsFrom({ kind: 'id' }, condition, read, at)];
      default: {
        const elsewhere = type?.foreign.get(name)?.target;
        if (elsewhere !== undefined) return [name, below(elsewhere, condition, at)];
        return [name, conditionFrom(fieldAt(type, name, at), condition, read, at, below)];
      }
    }
  });
  return Object.fromEntries(entries) as Where;
}

function conditionFrom(
  field: Field,
  condition: unknown,
  read: ReadOperand,
  place: string,
  below: (target: string | undefined, condition: unknown, place: string) => Where,
): Where {
  if (field.kind === 'scalar') return operatorsFrom(field.shape, condition, read, place);
  if (!field.many) return below(field.target, condition, place);
  return mapObject(condition, place, (quantifier, each, at) =>
    quantifier === 'count'
      ? operatorsFrom({ kind: 'scalar', scalar: 'Int' }, each, read, at)
      : below(field.target, each, at),
  );
}

/** Operators whose operand is a truth value, whatever the field holds. */
const FLAGS: ReadonlySet<string> = new Set(['isNull', 'isEmpty']);

function operatorsFrom(
  shape: Shape | IdShape,
  condition: unknown,
  read: ReadOperand,
  place: string,
): Where {
  return mapObject(condition, place, (operator, json, at) =>
    FLAGS.has(operator) || json === null ? json : read(operandAt(shape, operator), json, at),
  );
}

function operandAt(shape: Shape | IdShape, operator: string): OperandShape {
  return shape.kind === 'id' ? shape : operandShape(shape, operator);
}

function mapObject(
  json: unknown,
  place: string,
  map: (name: string, value: unknown, place: string) => unknown,
): Where {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badInput(place, 'must be an object');
  const entries = Object.entries(json).map(([name, value]: [string, unknown]) => [
    name,
    map(name, value, `${place}.${name}`),
  ]);
  return Object.fromEntries(entries) as Where;
}

function fieldAt(type: EntityType | undefined, name: string, place: string): Field {
  const field = type?.fields.get(name);
  if (field !== undefined) return field;
  const known = Array.from(type?.fields.keys() ?? []);
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `${place} names no field of ${type?.name ?? 'Entity'}${suggest(name, known)}`,
    { data: { place } },
  );
}
