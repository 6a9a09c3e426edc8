/** A list that is asked for by a body: what the address says of one, with the filter and the order of GraphQL as JSON. */
import type { EntityType, Model } from '../../schema/model/model.ts';
import { shapeFromJson } from '../../schema/model/shapes.ts';
import { LIST_PARAMETERS } from '../generate/rest/routes.ts';
import type { AsOf } from '../read/as-of.ts';
import { asOfFromText } from '../read/as-of.ts';
import { badInput } from '../read/bad-input.ts';
import type { OrderInput } from '../select/selection.ts';
import type { OperandShape } from '../select/where-from-json.ts';
import { whereFromJson } from '../select/where-from-json.ts';
import type { Input } from '../write/input.ts';
import { isGiven, listAt, objectAt } from '../write/input.ts';
import type { ListRequest } from './from-rest.ts';
import { requireParts } from './parse-body.ts';

/** @throws BAD_USER_INPUT */
export function parseListQuery(
  model: Model,
  type: EntityType,
  json: unknown,
  known: ReadonlyArray<string> = LIST_PARAMETERS,
): ListRequest {
  const body = objectAt(json, 'body');
  requireParts(body, new Set(['where', ...known]), 'body');
  const { where, orderBy } = body;
  return {
    list: {
      first: numberAt(body, 'first'),
      last: numberAt(body, 'last'),
      offset: numberAt(body, 'offset'),
      after: textAt(body, 'after'),
      before: textAt(body, 'before'),
      where: isGiven(where) ? whereFromJson(model, type.name, where, readOperand) : {},
      since: timeAt(body, 'since') ?? null,
      orderBy: isGiven(orderBy) ? listAt(orderBy, 'orderBy').map(parseOrder) : [],
    },
    in: isGiven(body['in']) ? namesAt(body, 'in') : undefined,
    paths: { fields: namesAt(body, 'fields'), include: namesAt(body, 'include') },
    asOf: timeAt(body, 'asOf'),
  };
}

/** Operators of which the operand is a list. */
const LISTS: ReadonlySet<string> = new Set(['in', 'nin', 'hasAny', 'hasAll']);

function readOperand(shape: OperandShape, json: unknown, place: string): unknown {
  return LISTS.has(place.slice(place.lastIndexOf('.') + 1))
    ? listAt(json, place).map((each) => readValue(shape, each, place))
    : readValue(shape, json, place);
}

function readValue(shape: OperandShape, json: unknown, place: string): unknown {
  if (shape.kind !== 'id') return shapeFromJson(shape, json, place);
  if (typeof json === 'string') return json;
  throw badInput(place, 'must be the id of an entity');
}

function parseOrder(json: unknown, i: number): OrderInput {
  return objectAt(json, `orderBy[${i}]`);
}

function timeAt(body: Input, name: string): AsOf | undefined {
  const given = body[name];
  if (!isGiven(given)) return undefined;
  if (typeof given === 'string' || typeof given === 'number')
    return asOfFromText(String(given), name);
  throw badInput(name, 'must be the number of a transaction, or an instant');
}

function namesAt(body: Input, name: string): ReadonlyArray<string> {
  const given = body[name];
  if (!isGiven(given)) return [];
  return listAt(given, name).map((each, i) => {
    if (typeof each === 'string') return each;
    throw badInput(`${name}[${i}]`, 'must be the name of a field');
  });
}

function numberAt(body: Input, name: string): number | null {
  const given = body[name];
  if (!isGiven(given)) return null;
  if (typeof given === 'number') return given;
  throw badInput(name, 'must be a whole number');
}

function textAt(body: Input, name: string): string | null {
  const given = body[name];
  if (!isGiven(given)) return null;
  if (typeof given === 'string') return given;
  throw badInput(name, 'must be a cursor of a page');
}
