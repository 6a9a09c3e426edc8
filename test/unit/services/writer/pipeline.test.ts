/** Transactions that are applied while a commit is on its way. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { q } from '../../../../engine/index.ts';
import { CommitGate } from '../../../support/gated-store.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

let gate: CommitGate;
let database: WrittenDatabase;

beforeEach(async () => {
  gate = new CommitGate();
  database = await writtenDatabase({ wrap: gate.wrap });
  await database.transact(PERSON_SCHEMA);
  await database.transact([{ 'db/id': 10, 'person/name': 'Ada', 'person/age': 1 }]);
  gate.isOpen = false;
});

afterEach(async () => {
  gate.open();
  await database.close();
});

const swap = (from: number, to: number): Promise<unknown> =>
  database.transact(`[[:db/cas 10 :person/age ${from} ${to}]]`);

const age = (): Promise<unknown> =>
  q('[:find ?a . :where [10 :person/age ?a]]', database.connection.db());

/** Whether a promise has ended, after all that could end it without the gate had its turn. */
async function hasEnded(promise: Promise<unknown>): Promise<boolean> {
  let isEnded = false;
  const end = (): void => void (isEnded = true);
  promise.then(end, end);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return isEnded;
}

it('sees what the transaction before it did, and leaves with the next commit', async () => {
  const version = await database.store.readVersion('db');
  const first = swap(1, 2);
  await gate.held();
  const rest = [swap(2, 3), swap(3, 4)];
  await gate.end();
  await first;
  await gate.end();
  await Promise.all(rest);
  expect(await age()).toBe(4);
  expect(await database.store.readVersion('db')).toBe(version + 2);
});

it('is not told that it was refused before what refused it is durable', async () => {
  const first = swap(1, 2);
  await gate.held();
  const second = swap(1, 3);
  expect(await hasEnded(second)).toBe(false);
  await gate.end();
  await first;
  await expect(second).rejects.toMatchObject({ code: 'CAS_CONFLICT' });
});

it.each(['lost before', 'lost after'] as const)(
  'is applied again where the commit before it was %s it arrived',
  async (end) => {
    const first = swap(1, 2);
    await gate.held();
    // Each is refused by one of the two outcomes.
    const [onOld, onNew] = [swap(1, 3), swap(2, 4)];
    expect(await hasEnded(onOld)).toBe(false);
    await gate.end(end);
    await expect(first).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    gate.open();
    const settled = await Promise.allSettled([onOld, onNew]);
    const isThere = end === 'lost after';
    expect(settled.map(({ status }) => status)).toEqual(
      isThere ? ['rejected', 'fulfilled'] : ['fulfilled', 'rejected'],
    );
    expect(await age()).toBe(isThere ? 4 : 3);
  },
);

it('comes to nothing where the writer was deposed meanwhile', async () => {
  const { store, connection } = database;
  const first = swap(1, 2);
  await gate.held();
  const second = swap(2, 3);
  expect(await hasEnded(second)).toBe(false);
  await store.leases.release('db', connection.head.epoch);
  await store.leases.acquire({ branch: 'db', owner: 'another', address: null, ttlMs: 60_000 });
  await gate.end();
  await expect(first).rejects.toMatchObject({ code: 'WRITER_DEPOSED' });
  await expect(second).rejects.toMatchObject({ code: 'WRITER_DEPOSED' });
  expect(await age()).toBe(1);
});

it('is refused in time where its turn does not come, and not written later', async () => {
  const first = swap(1, 2);
  await gate.held();
  const merge = database.writer.transact({ txData: [], parents: ['db'] });
  // A merge has a commit of its own, so this one waits behind it.
  const late = database.writer.transact({ txData: [new Map([['person/age', 7]])], timeoutMs: 60 });
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
  gate.open();
  await Promise.all([first, merge]);
  expect(await q('[:find ?e . :where [?e :person/age 7]]', database.connection.db())).toBeNull();
});
