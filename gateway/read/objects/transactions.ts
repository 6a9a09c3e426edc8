/** Pages of the transactions of a database. */
import { kw, sym } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { AsOf } from '../as-of.ts';
import { timePointOf } from '../as-of.ts';
import { hashList } from '../query/cursor.ts';
import { predicate } from '../query/query-scope.ts';
import type { ReadScope } from '../scope.ts';
import type { ForwardArguments, ObjectPage } from './page.ts';
import { encodePlace, parseForward } from './page.ts';

export interface TxListArguments extends ForwardArguments {
  /** Inclusive, as `to` is. */
  readonly from?: AsOf | null;
  readonly to?: AsOf | null;
  readonly newestFirst?: boolean | null;
}

const [TX, INSTANT] = [sym('?tx'), sym('?instant')];

/** @throws BAD_USER_INPUT, BAD_CURSOR */
export async function transactionsOf(
  { snapshot, asOf }: ReadScope,
  args: TxListArguments,
): Promise<ObjectPage<number>> {
  const { from, to, newestFirst } = args;
  const isNewestFirst = newestFirst !== false;
  const listHash = hashList(['tx', from ?? null, to ?? null, isNewestFirst, asOf ?? null]);
  const { size, from: place } = parseForward(args, listHash, snapshot.basisTx);
  const bounds: EdnData[] = [];
  const inputs: EdnData[] = [];
  const bound = (operator: string, point: number | Date): void => {
    const input = sym(`?bound${inputs.push(point)}`);
    bounds.push(predicate(operator, typeof point === 'number' ? TX : INSTANT, input));
  };
  if (from !== null && from !== undefined) bound('>=', timePointOf(from, 'from'));
  if (to !== null && to !== undefined) bound('<=', timePointOf(to, 'to'));
  if (place !== undefined) bound(isNewestFirst ? '<' : '>', place.place);
  const query = new Map<EdnData, EdnData>([
    [kw('find'), [TX]],
    [kw('in'), [sym('$'), ...inputs.map((_, i) => sym(`?bound${i + 1}`))]],
    [kw('where'), [[TX, kw('db/txInstant'), INSTANT], ...bounds]],
    [kw('order-by'), [TX, kw(isNewestFirst ? 'desc' : 'asc')]],
  ]);
  const found = (await snapshot.q(query, inputs, { limit: size + 1 })) as ReadonlyArray<[number]>;
  const { basisTx } = snapshot;
  return {
    rows: found.slice(0, size).map(([tx]) => tx),
    hasNextPage: found.length > size,
    hasPreviousPage: place !== undefined,
    cursorOf: (tx) => encodePlace({ basisTx, place: tx }, listHash),
  };
}
