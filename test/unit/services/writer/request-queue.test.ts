import { expect, it } from 'vitest';
import { RequestQueue } from '../../../../services/writer/request-queue.ts';
import type { Waiting } from '../../../../services/writer/waiting.ts';

const request = { txData: [null] };

it('gives what came first, however long it was never empty, and what was put back before all others', () => {
  const queue = new RequestQueue({}, () => undefined);
  const pushed: Waiting[] = [];
  const taken: Waiting[] = [];
  const push = (): void => void pushed.push(queue.push(request, undefined));
  for (let i = 0; i < 300; i++) push();
  for (let i = 0; i < 5_000; i++) {
    push();
    const next = queue.take()!;
    if (i % 7 === 0) {
      queue.putBack([next]);
      expect(queue.take()).toBe(next);
    }
    taken.push(next);
    next.answer({ tx: i, instant: new Date(0), tempids: new Map(), datomCount: 0 });
  }
  expect(queue.length).toBe(300);
  expect(taken.every((each, i) => each === pushed[i])).toBe(true);
});

it('is full by what its transactions hold, and takes one that is larger alone', () => {
  const queue = new RequestQueue({}, () => undefined);
  const large = { txData: Array.from({ length: 1_500_000 }, () => null) };
  queue.push(large, undefined);
  expect(() => queue.push(large, undefined)).toThrow(
    expect.objectContaining({ code: 'WRITER_BUSY', data: { waiting: 1 } }),
  );
  queue.take();
  queue.push({ txData: [...large.txData, ...large.txData] }, undefined);
  expect(queue.length).toBe(1);
});
