/** What operations of the document share: parameters, headers, bodies and answers. */
import { ERROR_CODES } from '../../../schema/error.ts';
import type { EntityType } from '../../../schema/model/model.ts';
import { hasPlaces } from '../../../schema/model/shapes.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../page-sizes.ts';
import type { JsonSchema } from './json-schemas.ts';
import { referenceTo, shapeSchema } from './json-schemas.ts';
import type { FilterParameter, Resource } from './routes.ts';

export type Operation = Readonly<Record<string, unknown>>;

export const parameter = (name: string): object => ({ $ref: `#/components/parameters/${name}` });
export const header = (name: string): object => ({ $ref: `#/components/headers/${name}` });

export function about({ name }: EntityType, operationId: string, summary: string): Operation {
  return { operationId, summary, description: summary, tags: [name] };
}

export function body(schema: JsonSchema, ...mediaTypes: ReadonlyArray<string>): object {
  return {
    required: true,
    content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])),
  };
}

export const BASIS = { 'Datahike-Basis-T': header('DatahikeBasisT') };

/** Of answers that show entities. */
export const SHOWN = { ...BASIS, 'Datahike-Warnings': header('DatahikeWarnings') };

export function shows(
  description: string,
  schema: JsonSchema,
  headers: Readonly<Record<string, object>> = {},
  status = 200,
): object {
  return {
    [status]: {
      description,
      headers: { ...SHOWN, ...headers },
      content: { 'application/json': { schema } },
    },
    default: PROBLEM_RESPONSE,
  };
}

export const PROBLEM_RESPONSE = { $ref: '#/components/responses/Problem' };

function filterParameter(name: string, { path, operand, many }: FilterParameter): object {
  const item = operand.kind === 'id' ? { type: 'string' } : shapeSchema(operand.shape);
  const operator = path.at(-1) ?? '';
  const field = path.slice(0, -1).join('.');
  const description = `Those whose \`${field}\` ${OPERATORS[operator] ?? operator}.`;
  const schema = many ? { type: 'array', items: item } : item;
  const isJson = operand.kind === 'value' && hasPlaces(operand.shape);
  // A list of texts of JSON has no description of its own.
  if (isJson && many) return { name, in: 'query', description, schema: TEXTS_OF_JSON };
  if (isJson)
    return { name, in: 'query', description, content: { 'application/json': { schema } } };
  return {
    name,
    in: 'query',
    description,
    ...(many ? { style: 'form', explode: false } : {}),
    schema,
  };
}

/** Each in a parameter of its own. */
const TEXTS_OF_JSON = {
  type: 'array',
  items: { type: 'string', contentMediaType: 'application/json' },
};

const OPERATORS: Readonly<Record<string, string>> = {
  eq: 'is this',
  ne: 'is there and is not this',
  in: 'is one of these',
  nin: 'is there and is none of these',
  lt: 'is less than this',
  lte: 'is at most this',
  gt: 'is more than this',
  gte: 'is at least this',
  startsWith: 'starts with this',
  endsWith: 'ends with this',
  contains: 'contains this',
  matches: 'contains what this regular expression (RE2) matches',
  ns: 'has this namespace',
  has: 'has this among its values',
  hasAny: 'has one of these among its values',
  hasAll: 'has all of these among its values',
  isNull: 'is absent, or with `false` is there',
  _isNull: 'is absent, or with `false` is there',
  isEmpty: 'has no values, or with `false` has some',
};

/** The filters of a list. */
export function filterParameters({ filters }: Resource): ReadonlyArray<object> {
  return Array.from(filters, ([name, filter]) => filterParameter(name, filter));
}

export const PARAMETERS = {
  id: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The id of the entity.',
    schema: { type: 'string' },
  },
  first: sizeParameter('first', `How many entities from the start; ${DEFAULT_PAGE} by default.`),
  last: sizeParameter('last', 'How many entities from the end.'),
  after: textParameter('after', 'A cursor: where the page begins.'),
  before: textParameter('before', 'A cursor: where the page ends.'),
  offset: {
    name: 'offset',
    in: 'query',
    description: 'How many entities are left out.',
    schema: { type: 'integer', minimum: 0 },
  },
  orderBy: textParameter(
    'orderBy',
    'Fields by which entities are sorted: `country.name,population:desc`; also `asc_nulls_first` and `desc_nulls_first`.',
  ),
  asOf: textParameter('asOf', 'A point in time: the number of a transaction, or an instant.'),
  since: textParameter(
    'since',
    'Only entities of which something was said after this transaction or instant.',
  ),
  fields: textParameter(
    'fields',
    'These fields alone, separated by commas; with dots those of included entities: `name,country.name`.',
  ),
  include: textParameter(
    'include',
    'References, also those followed backwards, whose entities stand in the place of their ids: `country.borders,_cityByCountry`.',
  ),
  newestFirst: {
    name: 'newestFirst',
    in: 'query',
    description: 'The newest first, unless this is false.',
    schema: { type: 'boolean' },
  },
  PreferCount: headerParameter('Prefer', '`count=exact` asks for `totalCount`.'),
  PreferReturn: headerParameter(
    'Prefer',
    '`return=minimal` or `return=representation`: whether the answer shows what was written; `handling=strict`.',
  ),
  PreferMany: headerParameter(
    'Prefer',
    '`max-affected=n`: how many entities may be changed, 1 where nothing is said; `return=representation`.',
  ),
  IfMatch: headerParameter('If-Match', 'The `ETag` of what was read: nothing else is changed.'),
  IfNoneMatch: headerParameter('If-None-Match', 'An `ETag`: `304` where nothing has changed.'),
  IfNew: headerParameter('If-None-Match', '`*`: only makes what is not there.'),
  IdempotencyKey: headerParameter('Idempotency-Key', 'Under one key it is written once.'),
  DatahikeAsOf: headerParameter('Datahike-As-Of', 'As `asOf`.'),
  DatahikeMinT: headerParameter('Datahike-Min-T', 'A transaction that the answer has to hold.'),
};

function sizeParameter(name: string, description: string): object {
  const schema = { type: 'integer', minimum: 0, maximum: MAX_PAGE };
  return { name, in: 'query', description, schema };
}

export function textParameter(name: string, description: string): object {
  return { name, in: 'query', description, schema: { type: 'string' } };
}

function headerParameter(name: string, description: string): object {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

export const HEADERS = {
  DatahikeBasisT: {
    description: 'The transaction that the answer shows.',
    schema: { type: 'string' },
  },
  DatahikeWarnings: {
    description:
      'What the answer may not be taken for (RFC 9651): `LIST_CUT;field="City.monuments";count=1`, a list that was cut at its usual length; `NOT_OF_TYPE`, references that lead to entities of another type.',
    schema: { type: 'string' },
  },
  Link: {
    description: 'The addresses of the first, the next and the previous page (RFC 8288).',
    schema: { type: 'string' },
  },
  ETag: { description: 'The version of the entity.', schema: { type: 'string' } },
  ListETag: { description: 'The state of what was asked.', schema: { type: 'string' } },
  PreferenceApplied: {
    description: 'The preferences that the answer follows.',
    schema: { type: 'string' },
  },
  Location: { description: 'The address of the entity.', schema: { type: 'string' } },
};

export const PROBLEM = {
  description: `What went wrong (RFC 9457). Codes: ${Object.keys(ERROR_CODES).join(', ')}.`,
  content: { 'application/problem+json': { schema: referenceTo('Problem') } },
};
