/** JSON forms of values as JSON Schema: what is shown, and what is taken besides. */
import type { ScalarName } from '../../../schema/model/scalars.ts';
import { SCALARS } from '../../../schema/model/scalars.ts';
import type { GivenShape } from '../../../schema/model/shapes.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function referenceTo(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Whether a value is one that is shown, or one that a caller gives. */
type Direction = 'shown' | 'given';

export function shapeSchema(shape: GivenShape, direction: Direction = 'shown'): JsonSchema {
  switch (shape.kind) {
    case 'scalar':
      return scalarSchema(shape.scalar, direction);
    case 'enum':
      return { type: 'string', enum: Array.from(shape.values.keys()) };
    case 'tuple':
    case 'prefix': {
      const items = shape.items.map(({ name, shape: item }): readonly [string, JsonSchema] => [
        name,
        orNull(item.kind === 'reference' ? STRING : scalarSchema(item.scalar, direction)),
      ]);
      return { type: 'object', properties: Object.fromEntries(items) };
    }
    case 'vector':
      return { type: 'array', items: orNull(scalarSchema(shape.scalar, direction)) };
  }
}

const STRING = { type: 'string' };

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

const DIGITS = { type: 'string', pattern: String.raw`^-?\d+$` };

const FORMS: Readonly<Record<ScalarName, JsonSchema>> = {
  BigDecimal: STRING,
  BigInt: DIGITS,
  Boolean: { type: 'boolean' },
  Bytes: { type: 'string', contentEncoding: 'base64' },
  DateTime: { type: 'string', format: 'date-time' },
  Float: { type: 'number' },
  FloatArray: { type: 'array', items: { type: 'number' } },
  Int: { type: 'integer', format: 'int32' },
  JSON: { type: ['string', 'number', 'boolean'] },
  Keyword: { type: 'string', pattern: String.raw`^:\S+$` },
  Long: DIGITS,
  String: STRING,
  Symbol: STRING,
  UUID: { type: 'string', format: 'uuid' },
};

/** Numbers that are shown as texts are also taken as numbers. */
const NUMBERS: ReadonlySet<ScalarName> = new Set(['BigDecimal', 'BigInt', 'Long']);

export function scalarSchema(scalar: ScalarName, direction: Direction): JsonSchema {
  const form = FORMS[scalar];
  const described = scalar === 'String' ? form : { ...form, description: SCALARS[scalar].doc };
  return direction === 'given' && NUMBERS.has(scalar)
    ? { anyOf: [described, { type: scalar === 'BigDecimal' ? 'number' : 'integer' }] }
    : described;
}

export const COMMON_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Reference: {
    type: 'object',
    description: 'An entity that is referred to.',
    required: ['id'],
    properties: { id: STRING },
  },
  ReferenceInput: {
    type: 'object',
    description: 'An entity by its id, or by one of its unique attributes.',
    minProperties: 1,
    maxProperties: 1,
  },
  Query: {
    type: 'object',
    description: 'A list: its filter and its order as GraphQL has them, and which part of it.',
    additionalProperties: false,
    properties: {
      where: {
        type: 'object',
        description: 'The filter: `{"_or": [{"name": {"eq": "Berlin"}}]}`.',
      },
      orderBy: { type: 'array', items: { type: 'object', minProperties: 1, maxProperties: 1 } },
      fields: { type: 'array', items: STRING },
      include: { type: 'array', items: STRING },
      first: { type: ['integer', 'null'], minimum: 0 },
      last: { type: ['integer', 'null'], minimum: 0 },
      after: orNull(STRING),
      before: orNull(STRING),
      offset: { type: ['integer', 'null'], minimum: 0 },
      asOf: { type: ['string', 'integer', 'null'] },
      since: { type: ['string', 'integer', 'null'] },
    },
  },
  JsonPatch: {
    type: 'array',
    description: 'RFC 6902.',
    items: {
      type: 'object',
      required: ['op', 'path'],
      properties: {
        op: { type: 'string', enum: ['add', 'copy', 'move', 'remove', 'replace', 'test'] },
        path: STRING,
        from: STRING,
        value: {},
      },
    },
  },
  PageInfo: {
    type: 'object',
    required: ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'],
    properties: {
      hasNextPage: { type: 'boolean' },
      hasPreviousPage: { type: 'boolean' },
      startCursor: orNull(STRING),
      endCursor: orNull(STRING),
    },
  },
  History: {
    type: 'object',
    required: ['nodes', 'pageInfo', 'totalCount'],
    properties: {
      nodes: {
        type: 'array',
        items: {
          type: 'object',
          required: ['field', 'attribute', 'value', 'added', 'tx'],
          properties: {
            field: STRING,
            attribute: STRING,
            value: {},
            added: { type: 'boolean' },
            tx: { type: 'object', properties: { t: STRING, instant: STRING } },
          },
        },
      },
      pageInfo: { type: 'object' },
      totalCount: { type: 'integer' },
    },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457.',
    required: ['type', 'title', 'status', 'detail', 'code', 'retryable', 'requestId'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: STRING,
      status: { type: 'integer' },
      detail: STRING,
      code: STRING,
      retryable: { type: 'boolean' },
      requestId: STRING,
      attribute: STRING,
      id: STRING,
      expected: STRING,
      version: STRING,
      t: STRING,
      count: STRING,
      atMost: STRING,
      errorId: STRING,
    },
  },
};
