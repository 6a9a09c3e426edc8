/** Whoever follows the log comes to what the transactor came to, in every index. */
import { expect, it } from 'vitest';
import { applySegment, readSegment } from '../../../engine/commit/segment.ts';
import type { Db } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  datoms,
  emptyDb,
  encodeSegment,
  printEdn,
  run,
  withTx,
} from '../../../engine/index.ts';

async function everything(db: Db): Promise<string[]> {
  const rows: string[] = [];
  for (const order of ['eavt', 'aevt', 'avet'] as const)
    for await (const { e, attribute, v, tx } of datoms(db, order))
      rows.push(`${order} ${printEdn([e, attribute, v, tx])}`);
  return rows;
}

it.each([
  [
    'facts before their attribute is indexed',
    `[[:db/add 9 :n 1] {:db/ident :n :db/index true} [:db/add 9 :n 2]]`,
  ],
  ['facts after it', `[{:db/ident :n :db/index true} [:db/add 9 :n 1]]`],
  ['a replacement within the transaction', `[[:db/add 9 :n 1] [:db/add 9 :n 2]]`],
])('%s', async (_what, txData) => {
  const before = emptyDb({ ...DEFAULT_DATABASE_CONFIG, schemaFlexibility: 'read' });
  const { dbAfter, tx, changes } = await withTx(before, txData);
  const bytes = await run(encodeSegment({ tx, maxEid: dbAfter.maxEid, changes }));
  const followed = await run(applySegment(before, await run(readSegment(bytes))));
  expect(await everything(followed)).toEqual(await everything(dbAfter));
});
