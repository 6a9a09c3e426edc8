/** From values to the entities that have them, in a database where those are unique, and from filters there to values. */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EntityType, ForeignField, Model } from '../../schema/model/model.ts';
import { valueKey } from '../../schema/value-key.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import type { Where } from '../select/selection.ts';
import { badInput } from './bad-input.ts';
import { shapeWhere, Slots } from './query/slots.ts';
import type { ReadScope } from './scope.ts';

/** So many entities of another database may meet a filter that stands in this one. */
const MAX_KEYS = 10_000;

/** One question for all values. */
export async function findByKey(
  snapshot: Snapshot,
  attribute: Keyword,
  values: ReadonlyArray<EdnData>,
): Promise<(value: EdnData) => number | undefined> {
  const wanted = new Map(values.map((value) => [valueKey(value), value]));
  const rows = await snapshot.q(keyQuery(attribute), [Array.from(wanted.values())]);
  const found = new Map(
    (rows as ReadonlyArray<readonly [EdnData, number]>).map(([value, e]) => [valueKey(value), e]),
  );
  return (value) => found.get(valueKey(value));
}

const keyQueries = new WeakMap<Keyword, EdnMap>();

/** One object for each attribute, so that it is compiled once. */
function keyQuery(attribute: Keyword): EdnMap {
  let query = keyQueries.get(attribute);
  if (query === undefined) {
    const [value, entity] = [sym('?v'), sym('?e')];
    query = new Map<EdnData, EdnData>([
      [kw('find'), [value, entity]],
      [kw('in'), [sym('$'), [value, sym('...')]]],
      [kw('where'), [[entity, attribute, value]]],
    ]);
    keyQueries.set(attribute, query);
  }
  return query;
}

/**
 * A filter with conditions on this database alone: what it asks of others is asked there first, and comes to the values that lead to what was found.
 *
 * @throws LIMIT_EXCEEDED where those are too many, and what reading the other database throws
 */
export function localWhere(
  scope: ReadScope,
  target: string | undefined,
  where: Where,
  place = 'where',
): Where | Promise<Where> {
  return leadsElsewhere(scope.model) ? withKeys(scope, target, where, place) : where;
}

async function withKeys(
  scope: ReadScope,
  target: string | undefined,
  where: Where,
  place: string,
): Promise<Where> {
  const type = target === undefined ? undefined : scope.model.types.get(target);
  const parts = await Promise.all(
    Object.entries(where).map(async ([name, condition]): Promise<Where> => {
      const at = `${place}.${name}`;
      const field = type?.foreign.get(name);
      if (field === undefined || condition === undefined)
        return { [name]: await localPart(scope, type, name, condition, at) };
      if (!isWhere(condition)) throw badInput(at, 'must be an object');
      return keyCondition(scope, field, condition, at);
    }),
  );
  const names = new Set(parts.flatMap(Object.keys));
  const isFlat = names.size === parts.reduce((sum, part) => sum + Object.keys(part).length, 0);
  return isFlat ? Object.assign({}, ...parts) : { _and: parts };
}

async function localPart(
  scope: ReadScope,
  type: EntityType | undefined,
  name: string,
  condition: unknown,
  place: string,
): Promise<unknown> {
  if (Array.isArray(condition) && (name === '_and' || name === '_or'))
    return Promise.all(
      condition.map((each: unknown, i) =>
        isWhere(each) ? localWhere(scope, type?.name, each, `${place}[${i}]`) : each,
      ),
    );
  if (!isWhere(condition)) return condition;
  if (name === '_not') return localWhere(scope, type?.name, condition, place);
  const field = type?.fields.get(name);
  if (field === undefined || field.kind === 'scalar') return condition;
  if (!field.many) return localWhere(scope, field.target, condition, place);
  const quantified = await Promise.all(
    Object.entries(condition).map(async ([quantifier, each]) => [
      quantifier,
      isWhere(each) && quantifier !== 'count'
        ? await localWhere(scope, field.target, each, `${place}.${quantifier}`)
        : each,
    ]),
  );
  return Object.fromEntries(quantified);
}

async function keyCondition(
  scope: ReadScope,
  field: ForeignField,
  { _isNull: isNull, ...where }: Where,
  place: string,
): Promise<Where> {
  if (isNull !== undefined && Object.keys(where).length > 0)
    throw badInput(`${place}._isNull`, 'stands alone');
  const values = await keysWhere(await scope.foreign.open(field.database), field, where, place);
  const condition = { [field.key.name]: { in: values } };
  return isNull === true ? { _not: condition } : condition;
}

async function keysWhere(
  scope: ReadScope,
  { target = '', attribute }: ForeignField,
  where: Where,
  place: string,
): Promise<ReadonlyArray<EdnData>> {
  const type = scope.model.types.get(target);
  if (type === undefined) throw new Error(`Expected ${target} to be shown`);
  const slots = new Slots([undefined, ...scope.claims]);
  const { query, inputs } = scope.lists.values(type, attribute, shapeWhere(where, slots));
  const found = await scope.snapshot.q(query, inputs(slots.values), { limit: MAX_KEYS + 1 });
  const values = found as ReadonlyArray<EdnData>;
  if (values.length <= MAX_KEYS) return values;
  throw new DatabaseError(
    'LIMIT_EXCEEDED',
    `${place} holds for more than ${MAX_KEYS} entities of '${scope.database}'; ask for fewer, or filter by ${attribute} itself`,
    { data: { place, limit: MAX_KEYS } },
  );
}

const elsewhere = new WeakMap<Model, boolean>();

function leadsElsewhere(model: Model): boolean {
  let leads = elsewhere.get(model);
  if (leads === undefined) {
    leads = Array.from(model.types.values()).some(({ foreign }) => foreign.size > 0);
    elsewhere.set(model, leads);
  }
  return leads;
}

function isWhere(value: unknown): value is Where {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
