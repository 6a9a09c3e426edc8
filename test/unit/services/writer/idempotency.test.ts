/** Requests with an idempotency key: one transaction each, however often they are sent. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EdnData } from '../../../../engine/index.ts';
import { createMemoryStoreHost, q, toTxData } from '../../../../engine/index.ts';
import type { TransactResult } from '../../../../services/index.ts';
import { connect, startWriter } from '../../../../services/index.ts';
import { NodeCache } from '../../../../engine/index.ts';
import { CommitGate } from '../../../support/gated-store.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../../../support/written-database.ts';

let gate: CommitGate;
let database: WrittenDatabase;

beforeEach(async () => {
  gate = new CommitGate();
  database = await writtenDatabase({ wrap: gate.wrap, host: createMemoryStoreHost() });
  await database.transact(PERSON_SCHEMA);
});

afterEach(async () => {
  gate.open();
  await database.close();
});

const ADA = '[{:db/id "ada" :person/name "Ada"} {:db/id -1 :person/age 36}]';

function send(key: string, txData = ADA, timeoutMs?: number): Promise<TransactResult> {
  const request = { txData: toTxData(txData), key };
  return database.writer.transact(timeoutMs === undefined ? request : { ...request, timeoutMs });
}

const withoutReport = ({ report: _, ...rest }: TransactResult): object => ({
  ...rest,
  tempids: new Map<EdnData, number>(rest.tempids),
});

const people = (): Promise<EdnData> =>
  q('[:find (count ?e) . :where [?e :person/age 36]]', database.connection.db());

it('are answered with what the first did: its transaction, tempids and commit', async () => {
  const first = await send('k1');
  await database.transact([{ 'person/age': 1 }]);
  const second = await send('k1');
  expect(withoutReport(second)).toEqual(withoutReport(first));
  expect(first.tempids.get('ada')).toBeGreaterThan(0);
  expect(first.commitId).toBeDefined();
  expect(await people()).toBe(1);
});

it('write once where they come together, and each key for itself', async () => {
  const all = await Promise.all([send('k1'), send('k1'), send('k2'), send('k1')]);
  expect(new Set([all[0], all[1], all[3]].map((one) => one!.tx)).size).toBe(1);
  expect(all[2]!.tx).not.toBe(all[0]!.tx);
  expect(await people()).toBe(2);
});

it('are known to the next writer', async () => {
  const first = await send('k1');
  await database.writer.stop();
  const store = await database.host.open('test');
  const connection = await connect({
    store,
    bus: database.bus,
    nodeCache: new NodeCache(0),
    pollIntervalMs: 60_000,
    log,
  });
  const next = await startWriter({ connection, bus: database.bus, log });
  const again = await next.transact({ txData: toTxData(ADA), key: 'k1' });
  expect(withoutReport(again)).toEqual(withoutReport(first));
  await next.stop();
  await connection.release();
});

it('are refused where another transaction comes under the key', async () => {
  const pending = send('k1');
  await expect(send('k1', '[{:person/age 37}]')).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  await pending;
  await expect(send('k1', '[{:person/age 37}]')).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    message: expect.stringContaining('a new transaction needs a new key'),
  });
});

it('may come again after they were refused, and are then written', async () => {
  const cas = '[[:db/cas [:person/name "Ada"] :person/age 1 2]]';
  await database.transact([{ 'person/name': 'Ada' }]);
  await expect(send('k1', cas)).rejects.toMatchObject({ code: 'CAS_CONFLICT' });
  await database.transact([{ 'person/name': 'Ada', 'person/age': 1 }]);
  await expect(send('k1', cas)).resolves.toMatchObject({ datomCount: expect.any(Number) });
});

it.each(['lost before', 'lost after'] as const)(
  'are written once where the commit was %s it arrived',
  async (end) => {
    gate.isOpen = false;
    const first = send('k1');
    await gate.end(end);
    await expect(first).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    gate.open();
    await send('k1');
    expect(await people()).toBe(1);
  },
);

it('that were given up wait for what becomes of the first', async () => {
  gate.isOpen = false;
  const first = send('k1', ADA, 60);
  await expect(first).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
  const second = send('k1');
  await gate.end();
  gate.open();
  const third = await send('k1');
  expect((await second).tx).toBe(third.tx);
  expect(await people()).toBe(1);
});

it.each(['', 'x'.repeat(1_025)])('need a key of a sensible length', async (key) => {
  await expect(send(key)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});
