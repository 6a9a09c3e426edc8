/** What became of an entity between two points in time: `{ before after changes }`. */
import type { EntityType, RefField, ScalarField } from '../../../schema/model/model.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { ValueKey } from '../../../schema/value-key.ts';
import { valueKey } from '../../../schema/value-key.ts';
import type { Lists, Projection } from '../../../services/reader/reader.ts';
import type { EntitySelection, ObjectPart } from '../../select/selection.ts';
import { quote } from '../json.ts';
import type { ObjectFields, ObjectPlan, PlanEntities } from '../plan.ts';
import type { ReadScope } from '../scope.ts';
import { isVisible } from '../visible.ts';
import type { ShownDatom } from './datoms.ts';
import { visibleDatoms, writeValue } from './datoms.ts';
import { entityField, looked, many, plain, planObject } from './object-plan.ts';

/** An entity, as it was at two points in time. */
export interface Compared {
  readonly entity: number;
  readonly before: ReadScope;
  readonly after: ReadScope;
}

export interface FieldDiff {
  readonly field: ScalarField | RefField;
  readonly removed: ReadonlyArray<EdnData>;
  readonly added: ReadonlyArray<EdnData>;
}

export function planDiff(
  type: EntityType,
  parts: ReadonlyArray<ObjectPart>,
  planEntities: PlanEntities,
): ObjectPlan<Compared> {
  const shown = (
    { entity = NOTHING }: ObjectPart,
    scopeOf: (compared: Compared) => ReadScope,
  ): ObjectPlan<Compared> => {
    const field = entityField<Compared>(
      planEntities(type.name, entity),
      (compared) => compared.entity,
    );
    return {
      ...field,
      read: async (run, values) => {
        const writers = new Map(
          await Promise.all(
            values.map(
              async (value) =>
                [value, await field.read({ ...run, scope: scopeOf(value) }, [value])] as const,
            ),
          ),
        );
        return (value) => writers.get(value)?.(value) ?? 'null';
      },
    };
  };
  return planObject<Compared>(
    parts,
    {
      before: (part) => shown(part, ({ before }) => before),
      after: (part) => shown(part, ({ after }) => after),
      changes: ({ below }) =>
        looked(
          many(
            planObject(below, DIFF_FIELDS, planEntities),
            (diffs: ReadonlyArray<FieldDiff>) => diffs,
          ),
          async (_run, values) => {
            const diffs = new Map<Compared, ReadonlyArray<FieldDiff>>();
            for (const value of values) diffs.set(value, await diffOf(type, value));
            return (value) => diffs.get(value) ?? [];
          },
        ),
    },
    planEntities,
  );
}

const NOTHING: EntitySelection = { kind: 'typed', fields: [] };

export const DIFF_FIELDS: ObjectFields<FieldDiff> = {
  field: () => plain(({ field }) => quote(field.name)),
  attribute: () => plain(({ field }) => quote(field.attribute.ident.toString())),
  removed: () => plain(({ field, removed }, { scope }) => writeValues(field, removed, scope)),
  added: () => plain(({ field, added }, { scope }) => writeValues(field, added, scope)),
};

function writeValues(
  field: ScalarField | RefField,
  values: ReadonlyArray<EdnData>,
  scope: ReadScope,
): string {
  return `[${values.map((value) => writeValue(field, value, scope)).join(',')}]`;
}

async function diffOf(
  type: EntityType,
  { entity, before, after }: Compared,
): Promise<ReadonlyArray<FieldDiff>> {
  const fields = Array.from(type.fields.values()).filter((field) => field.kind !== 'reverse');
  const [old, now] = await Promise.all([
    valuesAt(before, type, fields, entity),
    valuesAt(after, type, fields, entity),
  ]);
  return fields.flatMap((field): ReadonlyArray<FieldDiff> => {
    const [was, is] = [old.get(field), now.get(field)];
    const removed = missingIn(is, was);
    const added = missingIn(was, is);
    return removed.length + added.length === 0 ? [] : [{ field, removed, added }];
  });
}

type Values = ReadonlyMap<ValueKey, EdnData>;

function missingIn(others: Values | undefined, values: Values | undefined): EdnData[] {
  return Array.from(values ?? [])
    .filter(([key]) => others?.has(key) !== true)
    .map(([, value]) => value);
}

/** What the caller sees of an entity, by fields. */
async function valuesAt(
  scope: ReadScope,
  type: EntityType,
  fields: ReadonlyArray<ScalarField | RefField>,
  entity: number,
): Promise<ReadonlyMap<ScalarField | RefField, Values>> {
  const found = new Map<ScalarField | RefField, Map<ValueKey, EdnData>>();
  if (!(await isVisible(scope, type.name, entity))) return found;
  const { columns } = await scope.snapshot.project(projectionOf(type, fields), [entity]);
  const said = fields.flatMap((field, place): ReadonlyArray<ShownDatom> =>
    (columns[place] as Lists).values.map((value) => {
      return { entity, types: [type], field, value: value as EdnData, tx: 0, added: true };
    }),
  );
  for (const { field, value } of await visibleDatoms(scope, said)) {
    const known = found.get(field);
    const key = valueKey(value);
    if (known === undefined) found.set(field, new Map([[key, value]]));
    else known.set(key, value);
  }
  return found;
}

const projections = new WeakMap<EntityType, Projection>();

function projectionOf(type: EntityType, fields: ReadonlyArray<ScalarField | RefField>): Projection {
  let projection = projections.get(type);
  if (projection === undefined) {
    const attributes = fields.map(
      ({ attribute }) => ({ kind: 'many', ident: attribute.ident }) as const,
    );
    projections.set(type, (projection = { attributes }));
  }
  return projection;
}
