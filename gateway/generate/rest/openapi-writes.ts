/** The writes of the document: of one entity, of many, and several in one transaction. */
import type { EntityType, Model, ScalarField } from '../../../schema/model/model.ts';
import { mutationFields } from '../graphql/root-fields.ts';
import { isAllowed } from '../writable.ts';
import type { JsonSchema } from './json-schemas.ts';
import { referenceTo } from './json-schemas.ts';
import type { Operation } from './openapi-parts.ts';
import {
  about,
  BASIS,
  body,
  filterParameters,
  header,
  parameter,
  PROBLEM_RESPONSE,
  shows,
} from './openapi-parts.ts';
import { resourceOf } from './routes.ts';

type Operations = Readonly<Record<string, Operation>>;

const JSON_TYPE = 'application/json';
const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

/** At the address of the list. */
export function writesOfMany(type: EntityType): Operations {
  const { name } = type;
  const filters = filterParameters(resourceOf(type));
  const parameters = [...named('PreferMany', 'IdempotencyKey'), ...filters];
  const responses = shows('How many, and with `return=representation` which.', manySchema(name), {
    'Preference-Applied': header('PreferenceApplied'),
  });
  return {
    ...(isAllowed(type, 'create')
      ? {
          post: {
            ...about(type, `create${name}`, `Makes one ${name}.`),
            parameters: named('PreferReturn', 'IdempotencyKey'),
            requestBody: body(referenceTo(`${name}Input`), JSON_TYPE),
            responses: written(name, 201),
          },
        }
      : {}),
    ...(isAllowed(type, 'updateMany')
      ? {
          patch: {
            ...about(type, `updateMany${name}`, `Changes all ${name} that the filters find.`),
            parameters,
            requestBody: body(referenceTo(`${name}Patch`), MERGE_PATCH, JSON_TYPE),
            responses,
          },
        }
      : {}),
    ...(isAllowed(type, 'deleteMany')
      ? {
          delete: {
            ...about(type, `deleteMany${name}`, `Removes all ${name} that the filters find.`),
            parameters,
            responses,
          },
        }
      : {}),
  };
}

/** At the address of one entity. */
export function writesOfOne(type: EntityType): Operations {
  const { name } = type;
  const parameters = named('IfMatch', 'PreferReturn', 'IdempotencyKey');
  const patch = { schema: referenceTo(`${name}Patch`) };
  return {
    ...(isAllowed(type, 'update')
      ? {
          patch: {
            ...about(type, `update${name}`, `Changes one ${name}.`),
            parameters,
            requestBody: {
              required: true,
              content: {
                [MERGE_PATCH]: patch,
                [JSON_PATCH]: { schema: referenceTo('JsonPatch') },
                [JSON_TYPE]: patch,
              },
            },
            responses: written(name, 200),
          },
        }
      : {}),
    ...(isAllowed(type, 'delete')
      ? {
          delete: {
            ...about(
              type,
              `delete${name}`,
              `Removes one ${name} with its components and the references to it.`,
            ),
            parameters,
            responses: {
              ...shows('As it was, with `return=representation`.', referenceTo(name)),
              204: { description: 'It is gone.', headers: BASIS },
            },
          },
        }
      : {}),
  };
}

/** At the address of a unique value. */
export function writesByUnique(type: EntityType, { name: field }: ScalarField): Operations {
  const { name } = type;
  if (!isAllowed(type, 'upsert')) return {};
  const title = `${field.slice(0, 1).toUpperCase()}${field.slice(1)}`;
  return {
    put: {
      ...about(type, `upsert${name}By${title}`, `Makes the ${name} of a ${field}, or changes it.`),
      parameters: named('IfMatch', 'IfNew', 'PreferReturn', 'IdempotencyKey'),
      // What the address says need not be said again.
      requestBody: body(referenceTo(`${name}Patch`), JSON_TYPE),
      responses: { ...written(name, 200), ...written(name, 201) },
    },
  };
}

/** `/transact`; undefined where nothing can be written. */
export function transactPath(model: Model): object | undefined {
  const writes = Array.from(mutationFields(model)).flatMap(([name, field]) =>
    field.kind === 'transact' || field.kind === 'updateMany' || field.kind === 'deleteMany'
      ? []
      : [[name, WRITE_PARTS[field.kind]?.(field.type.name) ?? {}] as const],
  );
  if (writes.length === 0) return undefined;
  const op = {
    type: 'object',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
    properties: Object.fromEntries(writes),
  };
  return {
    post: {
      operationId: 'transact',
      summary: 'Several writes in one transaction.',
      description: 'All of them are written, or none. `tmp:` and a name stand for what is made.',
      tags: [TRANSACTIONS],
      parameters: named('PreferReturn', 'IdempotencyKey'),
      requestBody: body(
        {
          type: 'object',
          required: ['ops'],
          additionalProperties: false,
          properties: {
            ops: { type: 'array', minItems: 1, items: op },
            if: CONDITION_OF_ALL,
            meta: { type: 'object', description: 'What is said of the transaction, by types.' },
            dryRun: { type: 'boolean', description: 'Whether nothing is written.' },
          },
        },
        JSON_TYPE,
      ),
      responses: shows('What was written.', TRANSACTED),
    },
  };
}

export const TRANSACTIONS = 'Transactions';

const BY = referenceTo('ReferenceInput');
const TEMPID = { type: 'string', pattern: '^tmp:' };
const CONDITION = {
  type: 'object',
  additionalProperties: false,
  properties: {
    version: { type: ['string', 'integer'], description: 'The version that was read.' },
    attrs: { type: 'object', description: 'Values that the entity must have.' },
  },
};

const CONDITION_OF_ALL = {
  type: 'object',
  additionalProperties: false,
  properties: {
    basisT: { type: ['string', 'integer'], description: 'The transaction that must be the last.' },
    versions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'version'],
        properties: { id: { type: 'string' }, version: { type: ['string', 'integer'] } },
      },
    },
  },
};

const WRITE_PARTS: Readonly<Record<string, (type: string) => JsonSchema>> = {
  create: (type) => partsOf(['input'], { tempid: TEMPID, input: referenceTo(`${type}Input`) }),
  update: (type) =>
    partsOf(['by', 'patch'], { by: BY, patch: referenceTo(`${type}Patch`), if: CONDITION }),
  upsert: (type) =>
    partsOf(['input'], {
      tempid: TEMPID,
      by: BY,
      input: referenceTo(`${type}Patch`),
      if: CONDITION,
    }),
  delete: () => partsOf(['by'], { by: BY, if: CONDITION }),
};

function partsOf(
  required: ReadonlyArray<string>,
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  return { type: 'object', required, additionalProperties: false, properties };
}

const TRANSACTED = {
  type: 'object',
  required: ['tx', 'tempids'],
  properties: {
    tx: {
      type: ['object', 'null'],
      properties: { t: { type: 'string' }, instant: { type: 'string', format: 'date-time' } },
    },
    tempids: { type: 'object', additionalProperties: { type: 'string' } },
    entities: { type: 'array', items: { type: ['object', 'null'] } },
  },
};

function manySchema(type: string): JsonSchema {
  return {
    type: 'object',
    required: ['count'],
    properties: {
      count: { type: 'integer', minimum: 0 },
      nodes: { type: 'array', items: referenceTo(type) },
    },
  };
}

function named(...names: ReadonlyArray<string>): ReadonlyArray<object> {
  return names.map(parameter);
}

function written(name: string, status: 200 | 201): Readonly<Record<string, unknown>> {
  const headers = {
    ETag: header('ETag'),
    'Preference-Applied': header('PreferenceApplied'),
    ...(status === 201 ? { Location: header('Location') } : {}),
  };
  const what = status === 201 ? 'It was made.' : 'As it is now.';
  const shown = { ...shows(what, referenceTo(name), headers, status) };
  // Whoever wants nothing back is told so.
  const silent = { description: 'It was written.', headers: { ...BASIS, ...headers } };
  return status === 201 ? shown : { ...shown, 204: silent, default: PROBLEM_RESPONSE };
}
