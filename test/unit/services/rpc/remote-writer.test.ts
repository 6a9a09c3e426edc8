import { expect, it, vi } from 'vitest';
import { DatabaseError, createMemoryStoreHost } from '../../../../engine/index.ts';
import type { Delivery } from '../../../../services/rpc/transport.ts';
import { RemoteWriter } from '../../../../services/index.ts';

it('says what it knows rather than risk it in an attempt that can hardly be answered', async () => {
  const store = await createMemoryStoreHost().create('test');
  await store.leases.acquire({ branch: 'db', owner: 'x', address: 'http://x', ttlMs: 60_000 });
  let clockMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => clockMs);
  const leftMs: number[] = [];
  const deliver = async ({ timeoutMs }: Delivery): Promise<never> => {
    clockMs += 100;
    leftMs.push(timeoutMs);
    throw new DatabaseError('STORE_UNAVAILABLE', 'No room; nothing was written');
  };
  const writer = new RemoteWriter({
    ...{ database: 'test', store, branch: 'db', transport: { deliver } },
  });
  await expect(writer.transact({ txData: [], key: 'k', timeoutMs: 1_000 })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  clock.mockRestore();
  expect(leftMs).toEqual([1_000, 900, 800, 700, 600, 500]);
});
