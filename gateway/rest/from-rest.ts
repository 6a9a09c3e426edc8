/** The parameters of a REST request as ours. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { valueFromText } from '../../schema/model/scalars.ts';
import { hasPlaces, shapeFromText } from '../../schema/model/shapes.ts';
import type { AsOf } from '../read/as-of.ts';
import { asOfFromText } from '../read/as-of.ts';
import type { FilterParameter, Resource } from '../generate/rest/routes.ts';
import { ENTITY_PARAMETERS, LIST_PARAMETERS } from '../generate/rest/routes.ts';
import type { By } from '../read/find-entity.ts';
import type { ShownPaths } from '../select/from-paths.ts';
import type { ListArguments, OrderInput, Where } from '../select/selection.ts';
import type { HistoryArguments } from '../read/objects/meta.ts';
import { suggest } from '../read/suggest.ts';

export interface EntityRequest {
  readonly paths: ShownPaths;
  readonly asOf: AsOf | undefined;
}

export interface ListRequest extends EntityRequest {
  readonly list: ListArguments;
  /** Of a set of databases those that are asked; all where nothing is said. */
  readonly in: ReadonlyArray<string> | undefined;
}

/** @throws BAD_USER_INPUT */
export function parseEntityRequest(parameters: URLSearchParams): EntityRequest {
  checkParameters(parameters, ENTITY_PARAMETERS);
  return { paths: parsePaths(parameters), asOf: parseAsOf(parameters) };
}

/** @throws BAD_USER_INPUT */
export function parseListRequest(
  resource: Resource,
  parameters: URLSearchParams,
  known: ReadonlyArray<string> = LIST_PARAMETERS,
): ListRequest {
  const where: WhereDraft = {};
  for (const name of new Set(parameters.keys())) {
    if (known.includes(name)) {
      checkOnce(parameters, name);
      continue;
    }
    const filter = resource.filters.get(name);
    if (filter === undefined) throw unknownParameter([...known, ...resource.filters.keys()], name);
    put(where, filter.path, parseOperand(filter, name, parameters.getAll(name)));
  }
  return {
    list: {
      first: wholeNumber(parameters, 'first'),
      last: wholeNumber(parameters, 'last'),
      offset: wholeNumber(parameters, 'offset'),
      after: parameters.get('after'),
      before: parameters.get('before'),
      where,
      since: timeIn(parameters, 'since') ?? null,
      orderBy: parseOrderBy(parameters.get('orderBy')),
    },
    in: parseDatabases(parameters),
    paths: parsePaths(parameters),
    asOf: parseAsOf(parameters),
  };
}

/** Which databases of a set are asked; undefined for all. */
export function parseDatabases(parameters: URLSearchParams): ReadonlyArray<string> | undefined {
  return names(parameters, 'in');
}

function parsePaths(parameters: URLSearchParams): ShownPaths {
  return { fields: names(parameters, 'fields') ?? [], include: names(parameters, 'include') ?? [] };
}

function names(parameters: URLSearchParams, name: string): ReadonlyArray<string> | undefined {
  const text = parameters.get(name);
  return text === null || text === '' ? undefined : text.split(',');
}

export function parseAsOf(parameters: URLSearchParams): AsOf | undefined {
  return timeIn(parameters, 'asOf');
}

function timeIn(parameters: URLSearchParams, name: string): AsOf | undefined {
  const text = parameters.get(name);
  return text === null ? undefined : asOfFromText(text, name);
}

/** The filter of a write of many, which takes all that it finds. @throws BAD_USER_INPUT */
export function parseFilter(resource: Resource, parameters: URLSearchParams): Where {
  const filters = Array.from(resource.filters.keys());
  for (const name of parameters.keys())
    if (!resource.filters.has(name)) throw unknownParameter(filters, name);
  return parseListRequest(resource, parameters).list.where ?? {};
}

export interface HistoryRequest {
  readonly list: HistoryArguments;
  readonly asOf: AsOf | undefined;
}

const HISTORY_PARAMETERS = ['fields', 'newestFirst', 'first', 'after', 'asOf'];

/** @throws BAD_USER_INPUT */
export function parseHistoryRequest(parameters: URLSearchParams): HistoryRequest {
  checkParameters(parameters, HISTORY_PARAMETERS);
  const newestFirst = parameters.get('newestFirst');
  return {
    list: {
      fields: names(parameters, 'fields') ?? null,
      newestFirst:
        newestFirst === null ? null : valueFromText('Boolean', newestFirst, 'newestFirst') === true,
      first: wholeNumber(parameters, 'first'),
      after: parameters.get('after'),
    },
    asOf: parseAsOf(parameters),
  };
}

/** `by/{attr}/{value}`. */
export function parseByPath(type: EntityType, name: string, text: string): By {
  const field = type.fields.get(name);
  if (field?.kind !== 'scalar') return { [name]: text };
  return { [name]: shapeFromText(field.shape, text, name) };
}

function checkParameters(parameters: URLSearchParams, known: ReadonlyArray<string>): void {
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw unknownParameter(known, name);
    checkOnce(parameters, name);
  }
}

/** Of two values for what has one, neither is meant. */
function checkOnce(parameters: URLSearchParams, name: string): void {
  if (parameters.getAll(name).length > 1) throw badInput(`The parameter ${name} may be given once`);
}

interface WhereDraft {
  [name: string]: unknown;
}

function put(where: WhereDraft, path: ReadonlyArray<string>, operand: unknown): void {
  let level = where;
  for (const step of path.slice(0, -1)) {
    const next: WhereDraft = Object.hasOwn(level, step) ? (level[step] as WhereDraft) : {};
    level[step] = next;
    level = next;
  }
  const last = path.at(-1);
  if (last !== undefined) level[last] = operand;
}

/** Several values stand in one parameter with commas between, or each in a parameter of its own, as tuples always do. */
function parseOperand(
  filter: FilterParameter,
  name: string,
  texts: ReadonlyArray<string>,
): unknown {
  const toValue = (text: string): unknown =>
    filter.operand.kind === 'id' ? text : shapeFromText(filter.operand.shape, text, name);
  const [first = ''] = texts;
  if (!filter.many) {
    if (texts.length > 1) throw badInput(`The parameter ${name} stands more than once`);
    return toValue(first);
  }
  const isApart = filter.operand.kind === 'value' && hasPlaces(filter.operand.shape);
  return (texts.length === 1 && !isApart ? first.split(',') : texts).map(toValue);
}

/** `orderBy=population:desc,country.name` */
function parseOrderBy(text: string | null): ReadonlyArray<OrderInput> {
  if (text === null || text === '') return [];
  return text.split(',').map((key) => {
    const [path = '', direction = 'asc'] = key.split(':');
    const sort: unknown = direction.toUpperCase();
    const steps = path.split('.');
    const nested = steps.reduceRight<unknown>(
      (inner, step) => Object.fromEntries([[step, inner]]),
      sort,
    );
    return nested as OrderInput;
  });
}

function wholeNumber(parameters: URLSearchParams, name: string): number | null {
  const text = parameters.get(name);
  if (text === null) return null;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw badInput(`${name} must be a whole number, got '${text.slice(0, 40)}'`);
}

function unknownParameter(known: ReadonlyArray<string>, name: string): DatabaseError {
  return badInput(`There is no parameter '${name.slice(0, 60)}' here${suggest(name, known)}`);
}

function badInput(message: string): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', message);
}
