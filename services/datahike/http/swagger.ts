/** The description of the protocol in Swagger 2.0, made of the table of operations in the shape of Datahike's own. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { kw } from '../../../engine/index.ts';
import type { Arity, Operation, Parameter, ParameterKind } from '../../../schema/operation.ts';
import { OPERATIONS, pathOf } from '../../../schema/operation.ts';

const FORMATS = [
  'application/json',
  'application/transit+json',
  'application/edn',
  'application/cbor',
];

const DESCRIPTION =
  'The functions of Datahike over HTTP. Each takes the list of its arguments as body, also where it is asked with GET.';

/** A map whose keys are keywords. */
function map(entries: Readonly<Record<string, EdnData>>): EdnMap {
  return new Map(Object.entries(entries).map(([key, value]) => [kw(key), value]));
}

const ANYTHING = map({});
const OBJECT = map({ type: 'object', properties: ANYTHING });
const STRING = map({ type: 'string' });
const INTEGER = map({ type: 'integer', format: 'int64' });
const ARRAY = map({ type: 'array', items: ANYTHING });
const INDEX = map({ type: 'string', enum: [kw('eavt'), kw('aevt'), kw('avet')] });

const ENTITY_ID = map({ 'x-anyOf': [ANYTHING, ARRAY, STRING] });

const DEFINITIONS: EdnMap = new Map(
  Object.entries({
    'datahike.SConfig': either(OBJECT, STRING),
    'datahike.SConnection': ANYTHING,
    'datahike.SDB': ANYTHING,
    'datahike.SEId': ENTITY_ID,
    'datahike.SIndexLookupArgs': object(
      { index: INDEX, components: map({ type: 'array', items: ANYTHING, 'x-nullable': true }) },
      'index',
    ),
    'datahike.SIndexRangeArgs': object(
      { attrid: STRING, start: ANYTHING, end: ANYTHING },
      'attrid',
      'start',
      'end',
    ),
    'datahike.SPullOptions': object({ selector: ARRAY, eid: ENTITY_ID }, 'selector', 'eid'),
    'datahike.SQueryArgs': object(
      { query: either(STRING, ARRAY, OBJECT), args: ARRAY, limit: INTEGER, offset: INTEGER },
      'query',
    ),
    'datahike.STransactions': ARRAY,
    'datahike.SWithArgs': object(
      { 'tx-data': ARRAY, 'tx-meta': map({ 'x-nullable': true }) },
      'tx-data',
    ),
    'datahike.time-point?': either(INTEGER, ANYTHING),
  }),
);

const SCHEMAS: Readonly<Record<ParameterKind, EdnMap>> = {
  any: ANYTHING,
  boolean: map({ type: 'boolean' }),
  branch: STRING,
  collectOptions: map({
    type: 'object',
    properties: map({ 'min-age-ms': INTEGER }),
    additionalProperties: false,
  }),
  commitId: map({ type: 'string', format: 'uuid' }),
  config: reference('SConfig'),
  connection: reference('SConnection'),
  db: reference('SDB'),
  entityId: reference('SEId'),
  index: INDEX,
  indexLookup: reference('SIndexLookupArgs'),
  indexRange: reference('SIndexRangeArgs'),
  map: map({ type: 'object', properties: ANYTHING, additionalProperties: false }),
  pullOptions: reference('SPullOptions'),
  queryForm: ANYTHING,
  queryMap: reference('SQueryArgs'),
  selector: ARRAY,
  set: map({ type: 'array', items: ANYTHING, uniqueItems: true }),
  timePoint: reference('time-point?'),
  transactions: reference('STransactions'),
  withMap: reference('SWithArgs'),
};

function reference(name: string): EdnMap {
  return map({ $ref: `#/definitions/datahike.${name}` });
}

function object(
  properties: Readonly<Record<string, EdnMap>>,
  ...required: ReadonlyArray<string>
): EdnMap {
  return map({ type: 'object', properties: map(properties), required: required.map(kw) });
}

/** Swagger knows no alternatives: the first of them is what it shows, and all stand beside it. */
function either(...alternatives: ReadonlyArray<EdnMap>): EdnMap {
  const [first = ANYTHING] = alternatives;
  return alternatives.length === 1 ? first : new Map([...first, [kw('x-anyOf'), alternatives]]);
}

let described: EdnMap | undefined;

/** The whole description, made once. */
export function swagger(): EdnMap {
  return (described ??= map({
    swagger: '2.0',
    'x-id': [kw('reitit.swagger/default')],
    info: map({ title: 'Datahike API', description: DESCRIPTION }),
    paths: new Map(OPERATIONS.map((operation) => [`/${pathOf(operation)}`, pathItem(operation)])),
    definitions: DEFINITIONS,
  }));
}

function pathItem(operation: Operation): EdnMap {
  const { name, method, summary, arities } = operation;
  return map({
    [method.toLowerCase()]: map({
      operationId: name,
      tags: ['API'],
      summary,
      description: summary,
      consumes: FORMATS,
      produces: FORMATS,
      parameters: [
        map({
          in: 'body',
          name: 'body',
          description: '',
          required: true,
          schema: either(...arities.map(schemaOf)),
        }),
      ],
      responses: map({ default: map({ description: '' }) }),
    }),
  });
}

function schemaOf({ parameters, isOpen }: Arity): EdnMap {
  if (isOpen) return ARRAY;
  if (parameters.length === 0) return map({ const: [] });
  return new Map([...ARRAY, [kw('x-items'), parameters.map(parameterSchema)]]);
}

function parameterSchema({ kinds }: Parameter): EdnMap {
  return either(...kinds.map((kind) => SCHEMAS[kind]));
}
