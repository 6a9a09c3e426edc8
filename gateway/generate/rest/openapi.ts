/** Model to OpenAPI 3.1: a pure function. What a type's resources take and show, as the routes read and write it. */
import { ERROR_CODES } from '../../../schema/error.ts';
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../page-sizes.ts';
import { isWritableField } from '../writable.ts';
import type { JsonSchema } from './json-schemas.ts';
import { COMMON_SCHEMAS, referenceTo, shapeSchema } from './json-schemas.ts';
import type { FilterParameter } from './routes.ts';
import { resourceOf } from './routes.ts';

/** A document of OpenAPI, as JSON. */
export type OpenApi = Readonly<Record<string, unknown>>;

type Operation = Readonly<Record<string, unknown>>;

export interface OpenApiOptions {
  readonly database: string;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
}

export function openApi(model: Model, { database, isGuarded }: OpenApiOptions): OpenApi {
  const types = Array.from(model.types.values());
  return {
    openapi: '3.1.0',
    info: {
      title: `The database ${database}`,
      version: '1',
      description:
        'What is here follows from the attributes of the database. Names that were shown stay as they are; new attributes add to them.',
      contact: { name: 'Whoever runs this gateway' },
    },
    servers: [{ url: `/v1/${encodeURIComponent(database)}` }],
    tags: types
      .map(({ name, doc }) => ({ name, description: doc }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    paths: Object.fromEntries(types.flatMap(pathsOf)),
    components: {
      schemas: { ...COMMON_SCHEMAS, ...Object.fromEntries(types.flatMap(schemasOf)) },
      parameters: PARAMETERS,
      responses: { Problem: PROBLEM },
      headers: HEADERS,
      ...(isGuarded ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(isGuarded ? { security: [{ token: [] }] } : {}),
  };
}

const parameter = (name: string): object => ({ $ref: `#/components/parameters/${name}` });
const header = (name: string): object => ({ $ref: `#/components/headers/${name}` });

function pathsOf(type: EntityType): ReadonlyArray<readonly [string, object]> {
  const { route } = type.names;
  const paths: Array<readonly [string, object]> = [
    [`/${route}`, { get: listOf(type), ...creation(type) }],
    [
      `/${route}/{id}`,
      {
        parameters: [parameter('id')],
        get: {
          ...about(type, `get${type.name}`, `One ${type.name}.`),
          parameters: [parameter('asOf'), parameter('DatahikeAsOf'), parameter('DatahikeMinT')],
          responses: shows('The entity.', referenceTo(type.name)),
        },
        ...changes(type),
      },
    ],
  ];
  if (type.access?.history !== false)
    paths.push([`/${route}/{id}/history`, { parameters: [parameter('id')], get: historyOf(type) }]);
  for (const field of type.fields.values()) {
    if (field.kind !== 'scalar' || field.attribute.unique === undefined || field.many) continue;
    const value = {
      name: 'value',
      in: 'path',
      required: true,
      description: `The ${field.name} of the entity.`,
      schema: shapeSchema(field.shape),
    };
    paths.push([
      `/${route}/by/${field.name}/{value}`,
      {
        get: {
          ...about(
            type,
            `get${type.name}By${field.name.slice(0, 1).toUpperCase()}${field.name.slice(1)}`,
            `One ${type.name} by its ${field.name}.`,
          ),
          parameters: [
            value,
            parameter('asOf'),
            parameter('DatahikeAsOf'),
            parameter('DatahikeMinT'),
          ],
          responses: shows('The entity.', referenceTo(type.name)),
        },
      },
    ]);
  }
  return paths;
}

function about({ name }: EntityType, operationId: string, summary: string): Operation {
  return { operationId, summary, description: summary, tags: [name] };
}

function listOf(type: EntityType): Operation {
  const filters = Array.from(resourceOf(type).filters, ([name, filter]) =>
    filterParameter(name, filter),
  );
  const paging = ['first', 'after', 'last', 'before', 'offset', 'orderBy', 'asOf'];
  const headers = ['PreferCount', 'DatahikeAsOf', 'DatahikeMinT'];
  return {
    ...about(type, `list${type.name}`, `Entities of ${type.name}, page by page.`),
    parameters: [...[...paging, ...headers].map(parameter), ...filters],
    responses: shows('A page.', referenceTo(`${type.name}Page`), { Link: header('Link') }),
  };
}

function historyOf(type: EntityType): Operation {
  const names = ['fields', 'newestFirst', 'first', 'after', 'asOf', 'DatahikeAsOf', 'DatahikeMinT'];
  return {
    ...about(type, `historyOf${type.name}`, `What was ever said of one ${type.name}.`),
    parameters: names.map(parameter),
    responses: shows('A page.', referenceTo('History'), { Link: header('Link') }),
  };
}

function creation(type: EntityType): Record<string, Operation> {
  const { name, access } = type;
  if (access?.create === false || !isWritable(type)) return {};
  return {
    post: {
      ...about(type, `create${name}`, `Makes one ${name}.`),
      requestBody: body(referenceTo(`${name}Input`), 'application/json'),
      responses: {
        ...shows('It was made.', referenceTo(name), { Location: header('Location') }, 201),
      },
    },
  };
}

function changes(type: EntityType): Record<string, Operation> {
  const { name, access } = type;
  const operations: Record<string, Operation> = {};
  if (access?.update !== false && isWritable(type))
    operations['patch'] = {
      ...about(type, `update${name}`, `Changes one ${name}.`),
      requestBody: body(
        referenceTo(`${name}Patch`),
        'application/merge-patch+json',
        'application/json',
      ),
      responses: shows('The entity as it is now.', referenceTo(name)),
    };
  if (access?.delete !== false && isWritable(type))
    operations['delete'] = {
      ...about(
        type,
        `delete${name}`,
        `Removes one ${name} with its components and the references to it.`,
      ),
      responses: {
        204: { description: 'It is gone.', headers: BASIS },
        default: { $ref: '#/components/responses/Problem' },
      },
    };
  return operations;
}

function isWritable({ fields }: EntityType): boolean {
  return Array.from(fields.values()).some(isWritableField);
}

function body(schema: JsonSchema, ...mediaTypes: ReadonlyArray<string>): object {
  return {
    required: true,
    content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])),
  };
}

const BASIS = { 'Datahike-Basis-T': { $ref: '#/components/headers/DatahikeBasisT' } };

function shows(
  description: string,
  schema: JsonSchema,
  headers: Readonly<Record<string, object>> = {},
  status = 200,
): object {
  return {
    [status]: {
      description,
      headers: { ...BASIS, ...headers },
      content: { 'application/json': { schema } },
    },
    default: { $ref: '#/components/responses/Problem' },
  };
}

function filterParameter(name: string, { path, operand, many }: FilterParameter): object {
  const item = operand.kind === 'id' ? { type: 'string' } : shapeSchema(operand.shape);
  const operator = path.at(-1) ?? '';
  const field = path.slice(0, -1).join('.');
  const description = `Those whose \`${field}\` ${OPERATORS[operator] ?? operator}.`;
  const schema = many ? { type: 'array', items: item } : item;
  return {
    name,
    in: 'query',
    description,
    ...(many ? { style: 'form', explode: false } : {}),
    schema,
  };
}

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
  has: 'has this among its values',
  hasAny: 'has one of these among its values',
  hasAll: 'has all of these among its values',
  isNull: 'is absent, or with `false` is there',
  _isNull: 'is absent, or with `false` is there',
  isEmpty: 'has no values, or with `false` has some',
};

function schemasOf(type: EntityType): ReadonlyArray<readonly [string, JsonSchema]> {
  const fields = Array.from(type.fields.values()).filter((field) => field.kind !== 'reverse');
  const shown = fields.map((field) => [field.name, shownSchema(field)] as const);
  const written = fields.filter(isWritableField);
  const required = written.filter(({ attribute }) => attribute.annotations?.required === true);
  return [
    [
      type.name,
      {
        type: 'object',
        description: type.doc,
        required: ['id', ...fields.map(({ name }) => name)],
        properties: { id: { type: 'string' }, ...Object.fromEntries(shown) },
      },
    ],
    [
      `${type.name}Page`,
      {
        type: 'object',
        required: ['nodes', 'pageInfo'],
        properties: {
          nodes: { type: 'array', items: referenceTo(type.name) },
          pageInfo: referenceTo('PageInfo'),
          totalCount: { type: 'integer', minimum: 0 },
        },
      },
    ],
    [
      `${type.name}Input`,
      {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        ...(required.length === 0 ? {} : { required: required.map(({ name }) => name) }),
        properties: Object.fromEntries(written.map((field) => [field.name, givenSchema(field)])),
      },
    ],
    [
      `${type.name}Patch`,
      {
        type: 'object',
        description: 'What is left out stays; null removes; a list replaces.',
        additionalProperties: false,
        minProperties: 1,
        properties: Object.fromEntries(
          written.map((field) => [field.name, { anyOf: [givenSchema(field), { type: 'null' }] }]),
        ),
      },
    ],
  ];
}

function shownSchema(field: Field): JsonSchema {
  const item = field.kind === 'scalar' ? shapeSchema(field.shape) : referenceTo('Reference');
  const described = field.attribute.doc === undefined ? {} : { description: field.attribute.doc };
  const deprecated = field.deprecated === undefined ? {} : { deprecated: true };
  const schema = field.many ? { type: 'array', items: item } : { anyOf: [item, { type: 'null' }] };
  return { ...schema, ...described, ...deprecated };
}

function givenSchema(field: Field): JsonSchema {
  const item =
    field.kind === 'scalar' ? shapeSchema(field.shape, 'given') : referenceTo('ReferenceInput');
  return field.many ? { type: 'array', items: item } : item;
}

const PARAMETERS = {
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
  fields: textParameter('fields', 'Of these fields alone, separated by commas.'),
  newestFirst: {
    name: 'newestFirst',
    in: 'query',
    description: 'The newest first, unless this is false.',
    schema: { type: 'boolean' },
  },
  PreferCount: headerParameter('Prefer', '`count=exact` asks for `totalCount`.'),
  DatahikeAsOf: headerParameter('Datahike-As-Of', 'As `asOf`.'),
  DatahikeMinT: headerParameter('Datahike-Min-T', 'A transaction that the answer has to hold.'),
};

function sizeParameter(name: string, description: string): object {
  const schema = { type: 'integer', minimum: 0, maximum: MAX_PAGE };
  return { name, in: 'query', description, schema };
}

function textParameter(name: string, description: string): object {
  return { name, in: 'query', description, schema: { type: 'string' } };
}

function headerParameter(name: string, description: string): object {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

const HEADERS = {
  DatahikeBasisT: {
    description: 'The transaction that the answer shows.',
    schema: { type: 'string' },
  },
  Link: {
    description: 'The addresses of the next and the previous page (RFC 8288).',
    schema: { type: 'string' },
  },
  Location: { description: 'The address of the entity.', schema: { type: 'string' } },
};

const PROBLEM = {
  description: `What went wrong (RFC 9457). Codes: ${Object.keys(ERROR_CODES).join(', ')}.`,
  content: { 'application/problem+json': { schema: referenceTo('Problem') } },
};
