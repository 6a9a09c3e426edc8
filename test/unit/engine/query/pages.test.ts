/** A page that is asked for beside a query. */
import { describe, expect, it } from 'vitest';
import type { EdnData } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  DatabaseError,
  dbWith,
  emptyDb,
  explain,
  kw,
  q,
  qWithin,
  query,
  readEdn,
} from '../../../../engine/index.ts';

const declared = await dbWith(
  emptyDb(DEFAULT_DATABASE_CONFIG),
  '[{:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}]',
);
const db = await dbWith(
  declared,
  Array.from({ length: 100 }, (_, i) => ({ 'db/id': i + 10, n: i })),
);

const beside = (form: EdnData, ...more: ReadonlyArray<readonly [string, EdnData]>): EdnData =>
  new Map<EdnData, EdnData>([
    [kw('query'), form],
    ...more.map(([name, v]) => [kw(name), v] as const),
  ]);

const byN = readEdn('{:find [?n] :where [[?e :n ?n]] :order-by [?n :desc] :limit 2}');

describe('a page beside a query', () => {
  it('goes before what the query says itself', async () => {
    expect(await q(byN, db)).toEqual([[99], [98]]);
    expect(await qWithin({ limit: 3 }, byN, db)).toEqual([[99], [98], [97]]);
    expect(await qWithin({ offset: 5 }, byN, db)).toEqual([[94], [93]]);
    expect(await qWithin({ limit: 1, offset: 99 }, byN, db)).toEqual([[0]]);
    expect(await qWithin({ limit: 10, offset: 100 }, byN, db)).toEqual([]);
    expect(await qWithin({ limit: -1, offset: 97 }, byN, db)).toEqual([[2], [1], [0]]);
    expect(await qWithin({}, byN, db)).toEqual([[99], [98]]);
  });

  it('may be asked of every form of a query', async () => {
    const page = { limit: 2, offset: 1 };
    const object = { find: ['?n'], where: [['?e', ':n', '?n']], orderBy: ['?n'] } as const;
    expect(await qWithin(page, object, db)).toEqual([[1], [2]]);
    expect(await qWithin(page, '{:find [?n] :where [[?e :n ?n]] :order-by [?n]}', db)).toEqual([
      [1],
      [2],
    ]);
    const tagged = query`{:find [?n] :where [[?e :n ?n]] :order-by [?n] :limit ${50}}`;
    expect(await q(tagged, db)).toHaveLength(50);
    expect(await qWithin(page, tagged, db)).toEqual([[1], [2]]);
  });

  it('is refused where it is no integer', async () => {
    for (const page of [{ limit: 1.5 }, { offset: 0.5 }])
      await expect(qWithin(page, byN, db)).rejects.toThrow(DatabaseError);
  });

  it('is what an explanation is about', async () => {
    const form = beside('[:find ?n :where [?e :n ?n]]', ['limit', 7]);
    expect((await explain(form, db)).rows).toBe(7);
  });
});

describe('a query in a map of its own', () => {
  const form = readEdn('[:find ?n :in $ ?least :where [?e :n ?n] [(>= ?n ?least)]]');

  it('takes order, page and inputs from beside it', async () => {
    const order: EdnData = readEdn('[?n :desc]');
    const asked = (least: number, limit: number): EdnData =>
      beside(form, ['order-by', order], ['limit', limit], ['args', [db as never, least]]);
    expect(await q(asked(50, 2))).toEqual([[99], [98]]);
    expect(await q(asked(99, 2))).toEqual([[99]]);
    expect(await q(asked(0, 3))).toEqual([[99], [98], [97]]);
    expect(await q(beside(form, ['order-by', readEdn('[?n]')], ['limit', 1]), db, 20)).toEqual([
      [20],
    ]);
  });

  it('has no order and no page of its own, as in Datahike', async () => {
    expect(await q(beside(byN), db)).toHaveLength(100);
    expect(await q(beside(byN, ['limit', 3]), db)).toHaveLength(3);
    expect(await q(byN, db)).toHaveLength(2);
  });

  it('is refused where what stands beside it is misspelt', async () => {
    await expect(q(beside(form, ['limits', 3]), db, 0)).rejects.toThrow('Did you mean :limit?');
  });
});
