import { expect, it } from 'vitest';
import { createMemoryStoreHost } from '../../../../engine/store/memory-store.ts';
import { runStoreSuite } from '../../../conformance/store-suite.ts';

runStoreSuite('memory store', async () => {
  const host = createMemoryStoreHost();
  return { host, openAnother: async () => host, dispose: () => host.close() };
});

it('measures leases with the clock it is given', async () => {
  let nowMs = 0;
  const store = await createMemoryStoreHost({ nowMs: () => nowMs }).create('a');
  const request = { branch: 'db', owner: 'first', address: null, ttlMs: 1_000 };
  await store.leases.acquire(request);
  nowMs = 999;
  expect(await store.leases.current('db')).toMatchObject({ remainingMs: 1 });
  nowMs = 1_000;
  expect(await store.leases.current('db')).toBeUndefined();
});
