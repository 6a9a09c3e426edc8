/** What a transaction did to an entity: `{ kind id entity changes tx cursor }`. */
import type { EntityType } from '../../../schema/model/model.ts';
import { quote } from '../json.ts';
import type { ObjectPart } from '../../select/selection.ts';
import type { ObjectPlan, PlanEntities } from '../plan.ts';
import type { FieldDiff } from './diff.ts';
import { DIFF_FIELDS } from './diff.ts';
import { entityField, many, one, plain, planObject } from './object-plan.ts';
import { TX_FIELDS } from './tx.ts';

/** Whether the entity came to be among those that are followed, was among them and is, or is no more. */
export type ChangeKind = 'ADDED' | 'UPDATED' | 'REMOVED';

export interface EntityChange {
  readonly kind: ChangeKind;
  readonly entity: number;
  readonly tx: number;
  /** Where to go on after it. */
  readonly cursor: string;
  readonly changes: ReadonlyArray<FieldDiff>;
}

/** Run with what the transaction left. */
export function planChange(
  type: EntityType,
  parts: ReadonlyArray<ObjectPart>,
  planEntities: PlanEntities,
): ObjectPlan<EntityChange> {
  return planObject<EntityChange>(
    parts,
    {
      kind: () => plain(({ kind }) => quote(kind)),
      id: () => plain(({ entity }, { scope }) => quote(scope.encodeId(entity))),
      entity: ({ entity = NOTHING }) =>
        entityField(planEntities(type.name, entity), (change) => change.entity),
      changes: ({ below }) =>
        many(planObject(below, DIFF_FIELDS, planEntities), ({ changes }) => changes),
      tx: ({ below }) => one(planObject(below, TX_FIELDS, planEntities), ({ tx }) => tx),
      cursor: () => plain(({ cursor }) => quote(cursor)),
    },
    planEntities,
  );
}

const NOTHING = { kind: 'typed', fields: [] } as const;
