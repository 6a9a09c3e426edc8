/**
 * The entities of several databases in one order: of each database the first rows with what they are sorted by, merged; and then what is shown of those
 * that are on the page.
 */
import type { EntityType } from '../../schema/model/model.ts';
import type { OperationContext } from '../http/context.ts';
import { List } from '../read/list.ts';
import type { Order } from '../read/query/order.ts';
import type { PageRequest } from '../read/query/page.ts';
import type { ReadScope } from '../read/scope.ts';
import type { AnswerPlace } from '../select/selection.ts';
import { mergeRows } from './merge-rows.ts';
import { eachDatabase, scopesOf } from './set-scopes.ts';
import type { SetArguments, SetView } from './set-view.ts';
import { chosen } from './set-view.ts';

/** Which entities are asked for, and where in the answer. */
export interface RowsAsked {
  readonly set: SetView;
  readonly type: EntityType;
  readonly given: SetArguments;
  readonly at: AnswerPlace;
}

export interface FoundRow {
  readonly database: string;
  readonly entity: number;
}

export interface FoundRows {
  readonly rows: ReadonlyArray<FoundRow>;
  /** Of the databases that could be read. */
  readonly scopes: ReadonlyMap<string, ReadScope>;
}

/** Writes entities of one database. */
export type ReadRows = (
  scope: ReadScope,
  entities: ReadonlyArray<number>,
) => Promise<(entity: number) => string | undefined>;

/** @throws BAD_USER_INPUT */
export async function findRows(
  context: OperationContext,
  { set, type, given, at }: RowsAsked,
  page: Pick<PageRequest, 'offset' | 'size'>,
): Promise<FoundRows> {
  const open = scopesOf(context, given.asOf);
  const found = await eachDatabase(context, at, chosen(set, given), async (database) => {
    const scope = await open(database, type.name);
    const list = await List.open(scope, originIn(scope, type), given);
    const rows = await list.first(page.offset + page.size);
    return { scope, order: list.order, rows };
  });
  const order = found[0]?.value.order ?? NO_ORDER;
  const lists = found.map(({ value }) => value.rows);
  const rows = mergeRows(order, lists, page).flatMap(({ list, row }) => {
    const database = found[list]?.database;
    return database === undefined ? [] : [{ database, entity: row.entity }];
  });
  return { rows, scopes: new Map(found.map(({ database, value }) => [database, value.scope])) };
}

/** What is written of rows, in their order; those of each database are read together. */
export async function writeRows(
  context: OperationContext,
  at: AnswerPlace,
  { rows, scopes }: FoundRows,
  readerOf: (database: string) => ReadRows,
): Promise<ReadonlyArray<string>> {
  const shown = Array.from(new Set(rows.map(({ database }) => database)));
  const read = await eachDatabase(context, at, shown, async (database) => {
    const scope = scopes.get(database);
    if (scope === undefined) throw new Error(`Expected ${database} to be open`);
    const entities = rows.flatMap((row) => (row.database === database ? row.entity : []));
    return readerOf(database)(scope, entities);
  });
  const writers = new Map(read.map(({ database, value }) => [database, value]));
  return rows.flatMap(({ database, entity }) => writers.get(database)?.(entity) ?? []);
}

/** The list of a type as a database shows it. */
export function originIn({ model }: ReadScope, type: EntityType) {
  return { kind: 'type', type: model.types.get(type.name) ?? type } as const;
}

export const NO_ORDER: Order = { keys: [], entityDescending: false };
