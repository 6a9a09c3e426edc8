import { afterEach, expect, it, vi } from 'vitest';
import type { BranchPlace } from '../../../../engine/index.ts';
import { Poller } from '../../../../services/connection/poller.ts';
import { createLog } from '../../../../services/index.ts';

const pollers: Poller[] = [];
afterEach(async () => {
  await Promise.all(pollers.splice(0).map((poller) => poller.close()));
});

interface Asked {
  readonly poller: Poller;
  readonly questions: ReadonlyArray<BranchPlace>[];
  readonly logged: { readonly event: string; readonly branches: number }[];
}

function pollerOf(answer: () => number, intervalMs = 60_000): Asked {
  const questions: ReadonlyArray<BranchPlace>[] = [];
  const logged: Asked['logged'] = [];
  const poller = new Poller({
    readVersions: async (places) => {
      questions.push(places);
      return places.map(answer);
    },
    intervalMs,
    log: createLog({
      level: 'info',
      write: (line) => void logged.push(JSON.parse(line) as Asked['logged'][number]),
    }),
  });
  pollers.push(poller);
  return { poller, questions, logged };
}

const placeOf = (i: number): BranchPlace => ({ store: `memory:${i}`, branch: 'db' });

it('asks once for a branch, however many listen', async () => {
  const { poller, questions } = pollerOf(() => 7);
  const heard: number[] = [];
  for (let i = 0; i < 3; i++) poller.watch(placeOf(1), (version) => heard.push(version));
  poller.watch({ ...placeOf(1), branch: 'other' }, () => undefined);
  await poller.poll();
  expect(questions).toEqual([[placeOf(1), { store: 'memory:1', branch: 'other' }]]);
  expect(heard).toEqual([7, 7, 7]);
});

it('asks for nobody who does not listen any more', async () => {
  const { poller, questions } = pollerOf(() => 1);
  const stops = [1, 1, 2].map((i) => poller.watch(placeOf(i), () => undefined));
  stops[0]!();
  await poller.poll();
  stops[1]!();
  stops[1]!();
  await poller.poll();
  stops[2]!();
  await poller.poll();
  expect(questions).toEqual([[placeOf(1), placeOf(2)], [placeOf(2)]]);
});

it('shares one further question among those who come while it asks', async () => {
  const { poller, questions } = pollerOf(() => 1);
  poller.watch(placeOf(1), () => undefined);
  await Promise.all(Array.from({ length: 1_000 }, () => poller.poll()));
  expect(questions).toHaveLength(2);
});

it('asks again and again, never two questions at once, until it is closed', async () => {
  let open = 0;
  let most = 0;
  let count = 0;
  const poller = new Poller({
    async readVersions(places) {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 10));
      open--;
      count++;
      return places.map(() => 1);
    },
    intervalMs: 1,
    log: createLog({ level: 'silent' }),
  });
  poller.watch(placeOf(1), () => undefined);
  await vi.waitFor(() => expect(count).toBeGreaterThan(5));
  await poller.close();
  const before = count;
  expect(most).toBe(1);
  await poller.poll();
  expect(count).toBe(before);
});

it('asks within an interval, and not much earlier', () => {
  vi.useFakeTimers();
  const { poller, questions } = pollerOf(() => 1, 1_000);
  poller.watch(placeOf(1), () => undefined);
  vi.advanceTimersByTime(799);
  expect(questions).toHaveLength(0);
  vi.advanceTimersByTime(152);
  expect(questions).toHaveLength(1);
  vi.useRealTimers();
});

it('logs a store that cannot be asked once, and that it can again', async () => {
  let isDown = true;
  const { poller, logged } = pollerOf(() => {
    if (isDown) throw new Error('down');
    return 1;
  });
  for (let i = 0; i < 1_000; i++) poller.watch(placeOf(i), () => undefined);
  for (let i = 0; i < 3; i++) await poller.poll();
  isDown = false;
  for (let i = 0; i < 3; i++) await poller.poll();
  expect(logged.map(({ event, branches }) => [event, branches])).toEqual([
    ['versions not read', 1_000],
    ['versions read again', 1_000],
  ]);
});
