/** What mutations answer: the transaction, and the entities that it wrote. */
import type { FieldNode } from 'graphql';
import type { TransactResult } from '../../services/connection/writer-port.ts';
import type { MutationField } from '../generate/graphql/root-fields.ts';
import { quote } from '../read/json.ts';
import { entityField, many, one, plain, planObject } from '../read/objects/object-plan.ts';
import { DATOMS_OF_TX } from '../read/objects/tx.ts';
import type { ObjectFields, ObjectPlan, PlanEntities } from '../read/plan.ts';
import type { Operation } from '../select/collect-fields.ts';
import { objectParts } from '../select/from-graphql.ts';
import type { EntitySelection } from '../select/selection.ts';
import type { Written } from '../write/commit.ts';
import { TEMPID } from '../write/draft.ts';

export interface Answered {
  readonly written: Written;
  readonly clientMutationId: string | null;
}

export function planPayload(
  operation: Operation,
  field: MutationField,
  nodes: ReadonlyArray<FieldNode>,
  planEntities: PlanEntities,
): ObjectPlan<Answered> {
  const parts = objectParts(operation, payloadName(field), nodes);
  return planObject(parts, fieldsOf(field), planEntities);
}

function payloadName(field: MutationField): string {
  switch (field.kind) {
    case 'transact':
      return 'TxResult';
    case 'updateMany':
    case 'deleteMany':
      return `${field.type.name}BulkPayload`;
    default:
      return `${field.type.name}Payload`;
  }
}

function fieldsOf(field: MutationField): ObjectFields<Answered> {
  switch (field.kind) {
    case 'transact':
      return { ...COMMON, tempids: TEMPIDS, entities: entities(undefined) };
    case 'updateMany':
    case 'deleteMany':
      return {
        ...COMMON,
        count: () => plain(({ written }) => String(written.entities.flat().length)),
        nodes: entities(field.type.name),
      };
    default: {
      const { name, names } = field.type;
      return {
        ...COMMON,
        [names.lookup]: ({ entity = NOTHING }, planEntities) =>
          entityField(planEntities(name, entity), ({ written }) => written.entities[0]?.[0]),
      };
    }
  }
}

type FieldOf<T> = ObjectFields<T>[string];

const NOTHING: EntitySelection = { kind: 'typed', fields: [] };

const TX_FIELDS: ObjectFields<TransactResult> = {
  id: () => plain(({ tx }, { scope }) => quote(scope.encodeId(tx))),
  t: () => plain(({ tx }) => quote(String(tx))),
  // As the writer said it: without history nothing is said of it in the database.
  instant: () => plain(({ instant }) => quote(instant.toISOString())),
  entity: ({ entity = NOTHING }, planEntities) =>
    entityField(planEntities(undefined, entity), ({ tx }) => tx),
  datoms: (part, planEntities) => one(DATOMS_OF_TX(part, planEntities), ({ tx }) => tx),
};

const COMMON: ObjectFields<Answered> = {
  tx: ({ below }, planEntities) =>
    one(planObject(below, TX_FIELDS, planEntities), ({ written }) => written.result),
  clientMutationId: () => plain(({ clientMutationId }) => JSON.stringify(clientMutationId)),
};

/** Of all writes, in their order; null where one was deleted. */
function entities(target: string | undefined): FieldOf<Answered> {
  return ({ entity = NOTHING }, planEntities) =>
    many(
      entityField(planEntities(target, entity), (each: number) => each),
      ({ written }) => written.entities.flat(),
    );
}

type Tempid = readonly [tempid: string, entity: number];

const TEMPIDS: FieldOf<Answered> = ({ below }, planEntities) =>
  many(
    planObject<Tempid>(
      below,
      {
        tempid: () => plain(([tempid]) => quote(tempid)),
        id: () => plain(([, entity], { scope }) => quote(scope.encodeId(entity))),
      },
      planEntities,
    ),
    ({ written }) =>
      Array.from(written.result?.tempids ?? []).filter(
        (entry): entry is [string, number] => typeof entry[0] === 'string' && TEMPID.test(entry[0]),
      ),
  );
