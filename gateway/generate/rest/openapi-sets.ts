/** The model of a set of databases to OpenAPI, as `openapi.ts` does it for one: its lists, whose entities say which database they are of. */
import type { EntityType, Model } from '../../../schema/model/model.ts';
import { setNames } from '../../../schema/model/naming.ts';
import type { JsonSchema } from './json-schemas.ts';
import { COMMON_SCHEMAS, referenceTo } from './json-schemas.ts';
import { entitySchema } from './openapi.ts';
import type { OpenApi } from './openapi-frame.ts';
import { documentOf } from './openapi-frame.ts';
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
  textParameter,
} from './openapi-parts.ts';
import { resourceOf, SET_LIST_PARAMETERS } from './routes.ts';

export interface SetOptions {
  readonly name: string;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
}

export function openApiOfSet(model: Model, { name, isGuarded }: SetOptions): OpenApi {
  const types = Array.from(model.types.values());
  const notes = model.notes.map((note) => `\n- ${note}`).join('');
  return documentOf({
    title: `The set of databases ${name}`,
    description: notes === '' ? OF_SETS : `${OF_SETS}\n\nLeft out:\n${notes}`,
    name,
    isGuarded,
    tags: types.map((type) => ({ name: type.name, description: type.doc })),
    paths: Object.fromEntries(types.flatMap(pathsOf)),
    schemas: {
      Reference: schemaNamed('Reference'),
      Problem: schemaNamed('Problem'),
      Query: QUERY,
      ...Object.fromEntries(types.flatMap((type) => [entitySchema(type, []), ...rowsOf(type)])),
    },
    parameters: {
      ...partsNamed(PARAMETERS, [...SET_LIST_PARAMETERS, 'DatahikeAsOf', 'IfNoneMatch']),
      asOf: textParameter('asOf', 'An instant, which is that of all databases.'),
      in: textParameter('in', 'The databases that are asked, separated by commas; all by default.'),
    },
    headers: partsNamed(HEADERS, ['DatahikeWarnings', 'Link', 'ListETag']),
  });
}

const OF_SETS =
  'Lists of all databases of a set that the caller may read. What there is to write, and entities by themselves, are of one database: `/v1/{database}`.';

function partsNamed(
  all: Readonly<Record<string, object>>,
  names: ReadonlyArray<string>,
): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function schemaNamed(name: string): JsonSchema {
  return COMMON_SCHEMAS[name] ?? {};
}

const { properties: ofQueries } = schemaNamed('Query') as {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
};

const QUERY: JsonSchema = {
  ...schemaNamed('Query'),
  properties: {
    ...partsNamed(ofQueries ?? {}, ['where', ...SET_LIST_PARAMETERS]),
    in: { type: 'array', items: { type: 'string' } },
  },
};

function pathsOf(type: EntityType): ReadonlyArray<readonly [string, object]> {
  const { route } = type.names;
  const unchanged = { description: 'Nothing has changed.', headers: { ETag: header('ListETag') } };
  const list: Operation = {
    ...about(type, `list${type.name}`, `Entities of ${type.name} of all databases, in one order.`),
    parameters: [
      ...[...SET_LIST_PARAMETERS, 'DatahikeAsOf', 'IfNoneMatch'].map(parameter),
      ...filterParameters(resourceOf(type)),
    ],
    responses: {
      ...showsRows(type, { Link: header('Link'), ETag: header('ListETag') }),
      304: unchanged,
    },
  };
  const query: Operation = {
    ...about(type, `query${type.name}`, `Entities of ${type.name}, by any filter.`),
    parameters: [parameter('DatahikeAsOf')],
    requestBody: body(referenceTo('Query'), 'application/json'),
    responses: showsRows(type, {}),
  };
  return [
    [`/${route}`, { get: list }],
    [`/${route}/query`, { post: query }],
  ];
}

function showsRows({ name }: EntityType, headers: Readonly<Record<string, object>>): object {
  return {
    200: {
      description: 'A page; or as `application/x-ndjson` the whole list, an entity in each line.',
      headers: { 'Datahike-Warnings': header('DatahikeWarnings'), ...headers },
      content: {
        'application/json': { schema: referenceTo(`${name}Rows`) },
        'application/x-ndjson': { schema: { type: 'string' } },
      },
    },
    default: PROBLEM_RESPONSE,
  };
}

function rowsOf({ name }: EntityType): ReadonlyArray<readonly [string, JsonSchema]> {
  const { rowType } = setNames(name);
  return [
    [
      rowType,
      {
        type: 'object',
        description: 'An entity, and the database that it is in.',
        required: ['database', 'node'],
        properties: { database: { type: 'string' }, node: referenceTo(name) },
      },
    ],
    [
      `${name}Rows`,
      {
        type: 'object',
        required: ['nodes', 'pageInfo', 'bases'],
        properties: {
          nodes: { type: 'array', items: referenceTo(rowType) },
          pageInfo: {
            type: 'object',
            required: ['hasNextPage', 'hasPreviousPage'],
            properties: {
              hasNextPage: { type: 'boolean' },
              hasPreviousPage: { type: 'boolean' },
            },
          },
          bases: {
            type: 'object',
            description: 'The last transaction of each database that was read.',
            additionalProperties: { type: 'string' },
          },
        },
      },
    ],
  ];
}
