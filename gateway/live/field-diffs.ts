/** What a transaction changed in the fields of entities, as far as the caller may see it. */
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType } from '../../schema/model/model.ts';
import type { Datom } from '../../services/reader/reader.ts';
import type { ShownDatom } from '../read/objects/datoms.ts';
import { visibleDatoms } from '../read/objects/datoms.ts';
import type { FieldDiff } from '../read/objects/diff.ts';
import type { ReadScope } from '../read/scope.ts';

/** The entities that the caller sees, and the database, at one end of a transaction. */
export interface End {
  readonly scope: ReadScope;
  readonly members: ReadonlySet<number>;
}

/** By entity, where there are any; what was taken back only of those that were seen before. */
export async function fieldDiffs(
  type: EntityType,
  changes: ReadonlyArray<Datom>,
  before: End,
  after: End,
): Promise<ReadonlyMap<number, ReadonlyArray<FieldDiff>>> {
  const said = changes.filter(({ e }) => after.members.has(e));
  const added = await shown(
    type,
    said.filter((datom) => datom.added),
    after,
  );
  const removed = await shown(
    type,
    said.filter((datom) => !datom.added),
    before,
  );
  const diffs = new Map<number, Diff[]>();
  for (const datom of added) diffOf(diffs, datom).added.push(datom.value);
  for (const datom of removed) diffOf(diffs, datom).removed.push(datom.value);
  return diffs;
}

type Diff = FieldDiff & {
  readonly added: FieldDiff['added'][number][];
  readonly removed: FieldDiff['removed'][number][];
};

function diffOf(diffs: Map<number, Diff[]>, { entity, field }: ShownDatom): Diff {
  const known = diffs.get(entity)?.find((each) => each.field === field);
  if (known !== undefined) return known;
  const diff: Diff = { field, added: [], removed: [] };
  const others = diffs.get(entity);
  if (others === undefined) diffs.set(entity, [diff]);
  else others.push(diff);
  return diff;
}

async function shown(
  type: EntityType,
  datoms: ReadonlyArray<Datom>,
  { scope, members }: End,
): Promise<ReadonlyArray<ShownDatom>> {
  const fields = new Map(
    Array.from(type.fields.values(), (field) => [field.attribute.ident, field] as const),
  );
  const told = datoms.flatMap(({ e, attribute, v, tx, added }): ReadonlyArray<ShownDatom> => {
    const field = fields.get(attribute as Keyword);
    if (field === undefined || field.kind === 'reverse' || !members.has(e)) return [];
    return [{ entity: e, types: [type], field, value: v, tx, added }];
  });
  return visibleDatoms(scope, told);
}
