/** Pages of the transactions of a database. */
import type { EntityType, Model } from '../../../schema/model/model.ts';
import type { Where } from '../../select/selection.ts';
import type { AsOf } from '../as-of.ts';
import { timePointOf } from '../as-of.ts';
import { badInput } from '../bad-input.ts';
import { localWhere } from '../foreign-keys.ts';
import { hashList } from '../query/cursor.ts';
import { whereAt } from '../query/filter-input.ts';
import { shapeWhere, Slots } from '../query/slots.ts';
import type { TxBound, TxSpec } from '../query/tx-query.ts';
import type { ReadScope } from '../scope.ts';
import { suggest } from '../suggest.ts';
import type { ForwardArguments, ObjectPage } from './page.ts';
import { encodePlace, parseForward } from './page.ts';

export interface TxListArguments extends ForwardArguments {
  /** Inclusive, as `to` is. */
  readonly from?: AsOf | null;
  readonly to?: AsOf | null;
  /** What is said of the transaction itself, under each type that it has. */
  readonly where?: Where | null;
  readonly newestFirst?: boolean | null;
}

/** @throws BAD_USER_INPUT, BAD_CURSOR */
export async function transactionsOf(
  scope: ReadScope,
  args: TxListArguments,
): Promise<ObjectPage<number>> {
  const { snapshot, asOf } = scope;
  const { from, to, newestFirst } = args;
  const where = args.where ?? {};
  const isNewestFirst = newestFirst !== false;
  const asked = ['tx', from ?? null, to ?? null, isNewestFirst, asOf ?? null];
  // Cursors without a filter are those of before there were any.
  const listHash = hashList(Object.keys(where).length === 0 ? asked : [...asked, where]);
  const { size, from: place } = parseForward(args, listHash, snapshot.basisTx);
  const slots = new Slots([undefined, ...scope.claims]);
  const bounds: TxBound[] = [];
  const bound = (operator: TxBound['operator'], point: number | Date): void => {
    const of = typeof point === 'number' ? 'tx' : 'instant';
    bounds.push({ operator, of, value: slots.add(point) });
  };
  if (from !== null && from !== undefined) bound('>=', timePointOf(from, 'from'));
  if (to !== null && to !== undefined) bound('<=', timePointOf(to, 'to'));
  if (place !== undefined) bound(isNewestFirst ? '<' : '>', place.place);
  const said = await saidIn(scope, where, slots);
  const { query, inputs } = scope.lists.transactions({ bounds, said, isNewestFirst });
  const found = await snapshot.q(query, inputs(slots.values), { limit: size + 1 });
  const txs = (found as ReadonlyArray<readonly [number]>).map(([tx]) => tx);
  const { basisTx } = snapshot;
  return {
    rows: txs.slice(0, size),
    hasNextPage: txs.length > size,
    hasPreviousPage: place !== undefined,
    cursorOf: (tx) => encodePlace({ basisTx, place: tx }, listHash),
  };
}

function saidIn(scope: ReadScope, where: Where, slots: Slots): Promise<TxSpec['said']> {
  return Promise.all(
    Object.entries(where).map(async ([name, condition]) => {
      const place = `where.${name}`;
      const type = typeAt(scope.model, name, place);
      const local = await localWhere(scope, type.name, whereAt(condition, place), place);
      return { type, where: shapeWhere(local, slots) };
    }),
  );
}

function typeAt({ types }: Model, name: string, place: string): EntityType {
  const byName = new Map(Array.from(types.values(), (type) => [type.names.lookup, type]));
  const type = byName.get(name);
  if (type !== undefined) return type;
  throw badInput(place, `names no type${suggest(name, Array.from(byName.keys()))}`);
}
