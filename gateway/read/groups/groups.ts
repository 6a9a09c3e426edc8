/** The entities of a type in groups: read as rows of keys and folds, then filtered, sorted and cut here. */
import type { FoldName } from '../../../schema/model/folds.ts';
import type { EntityType, ScalarField } from '../../../schema/model/model.ts';
import type { EdnData } from '../../../schema/value.ts';
import { valueKey } from '../../../schema/value-key.ts';
import type { FoldsOfField } from '../list.ts';
import { localWhere } from '../foreign-keys.ts';
import { firstInOrder, mapInTurns } from '../in-turns.ts';
import { parsePage } from '../query/page.ts';
import { shapeWhere, Slots } from '../query/slots.ts';
import type { ReadScope } from '../scope.ts';
import { compareFacts, meets } from './group-facts.ts';
import type { GroupArguments, GroupFact, GroupKey, GroupSort } from './parse-groups.ts';
import { parseGroupKeys, parseGroupOrder, parseHaving } from './parse-groups.ts';

export interface Group {
  readonly count: number;
  /** By the names of keys; null where entities have none, undefined where that is no key. */
  readonly keys: ReadonlyMap<string, EdnData>;
  readonly fold: (field: ScalarField, fold: FoldName) => EdnData | undefined;
}

type Rows = ReadonlyArray<ReadonlyArray<EdnData>>;

/** @throws BAD_USER_INPUT */
export async function readGroups(
  scope: ReadScope,
  type: EntityType,
  args: GroupArguments,
  selected: ReadonlyArray<FoldsOfField>,
): Promise<ReadonlyArray<Group>> {
  const { by, where, having, orderBy } = args;
  const page = parsePage({ first: args.first ?? null, offset: args.offset ?? null });
  const keys = parseGroupKeys(scope.model, type, by ?? []);
  const conditions = parseHaving(type, having ?? {});
  const order = parseGroupOrder(type, keys, orderBy ?? []);
  const folds = foldsFor(selected, [...conditions, ...order]);
  const slots = new Slots([undefined, ...scope.claims]);
  const local = await localWhere(scope, type.name, where ?? {});
  const plan = scope.lists.of({ kind: 'type', type }, shapeWhere(local, slots), []);
  const ask = async (folded?: FoldsOfField): Promise<Rows> => {
    const { query, inputs } = plan.groups(keys, folded);
    return (await scope.snapshot.q(query, inputs(slots.values))) as Rows;
  };
  const [rows, ...foldedRows] = await Promise.all([ask(), ...folds.map(ask)]);
  const { limits } = scope;
  const groups = await groupsOf(limits, keys, rows ?? [], folds, foldedRows);
  const sort = [...order, ...keys.map(byKey)];
  const judged = await mapInTurns(groups, limits, (group): SortedGroup | undefined => {
    const isWanted = conditions.every(({ fact, operators }) =>
      meets(factOf(group, fact), operators),
    );
    return isWanted ? { group, by: sort.map(({ fact }) => factOf(group, fact)) } : undefined;
  });
  const wanted = judged.filter((each) => each !== undefined);
  const end = page.offset + page.size;
  if ((args.first ?? null) === null && wanted.length > end)
    scope.warnings.listCut(type.names.groups, page.size);
  const first = await firstInOrder(wanted, limits, comparing(sort), end);
  return first.slice(page.offset).map(({ group }) => group);
}

/** A group, and what it is sorted by. */
interface SortedGroup {
  readonly group: Group;
  readonly by: ReadonlyArray<EdnData | undefined>;
}

/** The folds that somebody needs, each once. */
function foldsFor(
  selected: ReadonlyArray<FoldsOfField>,
  needed: ReadonlyArray<{ readonly fact: GroupFact }>,
): ReadonlyArray<FoldsOfField> {
  const byField = new Map<ScalarField, Set<FoldName>>();
  const add = (field: ScalarField, fold: FoldName): void => {
    const known = byField.get(field);
    if (known === undefined) byField.set(field, new Set([fold]));
    else known.add(fold);
  };
  for (const { field, folds } of selected) for (const fold of folds) add(field, fold);
  for (const { fact } of needed) if (fact.kind === 'fold') add(fact.field, fact.fold);
  return Array.from(byField, ([field, folds]) => ({ field, folds: Array.from(folds) }));
}

async function groupsOf(
  limits: ReadScope['limits'],
  keys: ReadonlyArray<GroupKey>,
  rows: Rows,
  folds: ReadonlyArray<FoldsOfField>,
  foldedRows: ReadonlyArray<Rows>,
): Promise<ReadonlyArray<Group>> {
  const width = 2 * keys.length;
  const keyOf = (row: ReadonlyArray<EdnData>): unknown => valueKey(row.slice(0, width));
  const foldedBy: Array<ReadonlyMap<unknown, ReadonlyArray<EdnData>>> = [];
  for (const all of foldedRows)
    foldedBy.push(new Map(await mapInTurns(all, limits, (row) => [keyOf(row), row] as const)));
  return mapInTurns(rows, limits, (row) => {
    const key = keyOf(row);
    return {
      count: Number(row[width]),
      keys: new Map(
        keys.map(({ name }, i) => [name, row[2 * i] === 1 ? (row[2 * i + 1] ?? null) : null]),
      ),
      fold: (field, fold) => {
        const place = folds.findIndex((each) => each.field === field);
        const column = folds[place]?.folds.indexOf(fold) ?? -1;
        return column < 0 ? undefined : foldedBy[place]?.get(key)?.[width + column];
      },
    };
  });
}

function factOf(group: Group, fact: GroupFact): EdnData | undefined {
  switch (fact.kind) {
    case 'count':
      return group.count;
    case 'key':
      return group.keys.get(fact.name) ?? undefined;
    case 'fold':
      return group.fold(fact.field, fact.fold) ?? (fact.fold === 'countDistinct' ? 0 : undefined);
  }
}

function byKey({ name }: GroupKey): GroupSort {
  return { fact: { kind: 'key', name }, descending: false, nullsFirst: false };
}

function comparing(order: ReadonlyArray<GroupSort>): (a: SortedGroup, b: SortedGroup) => number {
  return (a, b) => {
    for (const [i, { descending, nullsFirst }] of order.entries()) {
      const [left, right] = [a.by[i], b.by[i]];
      if (left === undefined && right === undefined) continue;
      if (left === undefined || right === undefined)
        return (left === undefined) === nullsFirst ? -1 : 1;
      const compared = compareFacts(left, right);
      if (compared !== 0) return descending ? -compared : compared;
    }
    return 0;
  };
}
