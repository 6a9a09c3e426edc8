/** What callers ask of the database before they write: conditions of the transaction, which the writer decides. */
import type { EntityType, ScalarField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { badInput } from '../read/bad-input.ts';
import type { By } from '../read/find-entity.ts';
import { decodeId } from '../read/global-id.ts';
import { suggest } from '../read/suggest.ts';
import type { Draft, Named } from './draft.ts';
import type { Input } from './input.ts';
import { isGiven, listAt, objectAt } from './input.ts';

/** What an entity has to be. */
export interface EntityCondition {
  readonly version?: number | null | undefined;
  /** The values of fields; null where there must be none. */
  readonly attrs?: Input | null | undefined;
}

/** What the database has to be. */
export interface TxCondition {
  /** The last transaction. */
  readonly basisT?: number | null | undefined;
  readonly versions?: ReadonlyArray<EntityVersion> | null | undefined;
}

interface EntityVersion {
  readonly id: string;
  readonly version: number;
}

export function requireBasis(draft: Draft, { basisT, versions }: TxCondition): void {
  if (isGiven(basisT)) draft.require({ kind: 'basis', tx: basisT });
  for (const { id, version } of versions ?? [])
    draft.require({ kind: 'version', entity: decodeId(draft.scope.database, id), version });
}

export async function requireEntity(
  draft: Draft,
  { entity, type }: Named,
  { version, attrs }: EntityCondition,
): Promise<void> {
  const values = Object.entries(attrs ?? {}).filter(([, value]) => value !== undefined);
  if (!isGiven(version) && values.length === 0) return;
  if (typeof entity === 'string')
    throw badInput('if', `asks what ${entity} is before the transaction that makes it`);
  if (isGiven(version)) draft.require({ kind: 'version', entity, version });
  for (const [name, value] of values) await requireValues(draft, entity, type, name, value);
}

async function requireValues(
  draft: Draft,
  entity: number,
  type: EntityType,
  name: string,
  value: unknown,
): Promise<void> {
  const place = `if.attrs.${name}`;
  const field = type.fields.get(name);
  if (field === undefined || field.kind === 'reverse')
    throw badInput(
      place,
      `names no field of ${type.name}${suggest(name, [...type.fields.keys()])}`,
    );
  const wanted = field.many ? listAt(value ?? [], place) : [value].filter(isGiven);
  const values: EdnData[] = [];
  for (const each of wanted) {
    if (field.kind === 'scalar') values.push(await stored(draft, field, each as EdnData));
    else {
      const target =
        field.target === undefined ? undefined : draft.scope.model.types.get(field.target);
      values.push((await draft.named(target, objectAt(each, place) as By)).entity);
    }
  }
  draft.require({ kind: 'values', entity, attribute: field.attribute.ident, values });
}

/** An ident is stored as the entity that has it. */
async function stored(draft: Draft, field: ScalarField, value: EdnData): Promise<EdnData> {
  return field.isIdent
    ? ((await draft.scope.snapshot.entityId(value)) ?? null)
    : draft.stored(field, value);
}
