/** Model to OpenAPI 3.1: a pure function. What a type's resources take and show, as the routes read and write it. */
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import { isWritableField } from '../writable.ts';
import type { DescribedFields } from './computed-schemas.ts';
import { computedProperties } from './computed-schemas.ts';
import type { JsonSchema } from './json-schemas.ts';
import { COMMON_SCHEMAS, referenceTo, shapeSchema } from './json-schemas.ts';
import type { Operation } from './openapi-parts.ts';
import {
  about,
  body,
  filterParameters,
  header,
  HEADERS,
  parameter,
  PARAMETERS,
  PROBLEM_RESPONSE,
  SHOWN,
  shows,
} from './openapi-parts.ts';
import {
  TRANSACTIONS,
  transactPath,
  writesByUnique,
  writesOfMany,
  writesOfOne,
} from './openapi-writes.ts';
import type { DescribedRoute } from './openapi-routes.ts';
import type { OpenApi } from './openapi-frame.ts';
import { documentOf } from './openapi-frame.ts';
import { EXTENSIONS, pathsOfRoutes } from './openapi-routes.ts';
import { resourceOf } from './routes.ts';

export interface OpenApiOptions {
  readonly database: string;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
  /** What code makes of entities; nothing by default. */
  readonly computed?: DescribedFields;
  /** Addresses of extensions; none by default. */
  readonly routes?: ReadonlyArray<DescribedRoute>;
}

export function openApi(
  model: Model,
  { database, isGuarded, computed = NOTHING, routes = [] }: OpenApiOptions,
): OpenApi {
  const types = Array.from(model.types.values());
  const transact = transactPath(model);
  const extended = pathsOfRoutes(routes);
  const shownBesides = ({ name }: EntityType): Properties =>
    computedProperties(computed, name, (each) => model.types.has(each));
  const tags = [
    ...types.map(({ name, doc }) => ({ name, description: doc })),
    ...OF_ALL,
    ...(Object.keys(extended).length === 0 ? [] : [OF_EXTENSIONS]),
  ];
  return documentOf({
    title: `The database ${database}`,
    description:
      'What is here follows from the attributes of the database. Names that were shown stay as they are; new attributes add to them.',
    name: database,
    isGuarded,
    tags,
    paths: {
      ...Object.fromEntries(types.flatMap(pathsOf)),
      ...(transact === undefined ? {} : { '/transact': transact }),
      ...extended,
    },
    schemas: {
      ...COMMON_SCHEMAS,
      ...Object.fromEntries(types.flatMap((type) => schemasOf(type, shownBesides(type)))),
    },
    parameters: PARAMETERS,
    headers: HEADERS,
  });
}

type Properties = ReadonlyArray<readonly [string, JsonSchema]>;

const NOTHING: DescribedFields = new Map();

const OF_ALL = [{ name: TRANSACTIONS, description: 'Several writes at once.' }];
const OF_EXTENSIONS = { name: EXTENSIONS, description: 'What is answered by code of its own.' };

function pathsOf(type: EntityType): ReadonlyArray<readonly [string, object]> {
  const { route } = type.names;
  const paths: Array<readonly [string, object]> = [
    [`/${route}`, { get: listOf(type), ...writesOfMany(type) }],
    [`/${route}/query`, { post: queryOf(type) }],
    [
      `/${route}/{id}`,
      {
        parameters: [parameter('id')],
        get: {
          ...about(type, `get${type.name}`, `One ${type.name}.`),
          parameters: OF_ONE.map(parameter),
          responses: showsOne(type),
        },
        ...writesOfOne(type),
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
        parameters: [value],
        get: {
          ...about(
            type,
            `get${type.name}By${field.name.slice(0, 1).toUpperCase()}${field.name.slice(1)}`,
            `One ${type.name} by its ${field.name}.`,
          ),
          parameters: OF_ONE.map(parameter),
          responses: showsOne(type),
        },
        ...writesByUnique(type, field),
      },
    ]);
  }
  return paths;
}

const OF_ONE = ['fields', 'include', 'asOf', 'IfNoneMatch', 'DatahikeAsOf', 'DatahikeMinT'];

function showsOne({ name }: EntityType): object {
  return {
    ...shows('The entity.', referenceTo(name), { ETag: header('ETag') }),
    304: { description: 'Nothing has changed.', headers: { ETag: header('ETag') } },
  };
}

const PAGING = ['first', 'after', 'last', 'before', 'offset', 'orderBy'];
const OF_LISTS = ['PreferCount', 'DatahikeAsOf', 'DatahikeMinT'];

function listOf(type: EntityType): Operation {
  const names = [...PAGING, 'fields', 'include', 'asOf', 'since', ...OF_LISTS, 'IfNoneMatch'];
  return {
    ...about(type, `list${type.name}`, `Entities of ${type.name}, page by page or in lines.`),
    parameters: [...names.map(parameter), ...filterParameters(resourceOf(type))],
    responses: {
      ...showsList(type, { Link: header('Link'), ETag: header('ListETag') }),
      304: { description: 'Nothing has changed.', headers: { ETag: header('ListETag') } },
    },
  };
}

/** The list that a body asks for. */
function queryOf(type: EntityType): Operation {
  return {
    ...about(type, `query${type.name}`, `Entities of ${type.name}, by any filter.`),
    parameters: OF_LISTS.map(parameter),
    requestBody: body(referenceTo('Query'), 'application/json'),
    responses: showsList(type, {}),
  };
}

function showsList({ name }: EntityType, headers: Readonly<Record<string, object>>): object {
  return {
    200: {
      description: 'A page; or as `application/x-ndjson` the whole list, an entity in each line.',
      headers: {
        ...SHOWN,
        ...headers,
        'Preference-Applied': header('PreferenceApplied'),
      },
      content: {
        'application/json': { schema: referenceTo(`${name}Page`) },
        'application/x-ndjson': { schema: { type: 'string' } },
      },
    },
    default: PROBLEM_RESPONSE,
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

/** What is shown of an entity. */
export function entitySchema(type: EntityType, besides: Properties): Properties[number] {
  const fields = Array.from(type.fields.values()).filter((field) => field.kind !== 'reverse');
  const shown = fields.map((field) => [field.name, shownSchema(field)] as const);
  return [
    type.name,
    {
      type: 'object',
      description: type.doc,
      // What `fields` does not name is left out.
      required: ['id'],
      properties: { id: { type: 'string' }, ...Object.fromEntries([...shown, ...besides]) },
    },
  ];
}

function schemasOf(type: EntityType, besides: Properties): Properties {
  const fields = Array.from(type.fields.values()).filter((field) => field.kind !== 'reverse');
  const written = fields.filter(isWritableField);
  const required = written.filter(({ attribute }) => attribute.annotations?.required === true);
  return [
    entitySchema(type, besides),
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
