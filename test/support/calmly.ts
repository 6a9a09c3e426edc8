/** Whether work leaves the event loop its turns. */
import { setTimeout } from 'node:timers/promises';

/** As long as anybody may have to wait for another one's request. */
const LONGEST_PAUSE_MS = 50;

/** The first time, code is compiled as well. */
const TRIES = 3;

/** Work that may be done again, and has to leave the event loop its turns. */
export function calmly<A extends ReadonlyArray<unknown>>(
  work: (...args: A) => Promise<unknown>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const pausesMs: number[] = [];
    while (pausesMs.length < TRIES) {
      const pauseMs = await longestPause(() => work(...args));
      if (pauseMs < LONGEST_PAUSE_MS) return;
      pausesMs.push(pauseMs);
    }
    throw new Error(
      `Expected no pause of ${LONGEST_PAUSE_MS} ms or more, got ${pausesMs.join(', ')}`,
    );
  };
}

/**
 * The longest time for which this process held its event loop meanwhile, in milliseconds: the time between two ticks, but for what the machine
 * gave to others.
 */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let count = 0;
  let last = clocks();
  const timer = setInterval(() => {
    const now = clocks();
    longestMs = Math.max(longestMs, Math.min(now.wallMs - last.wallMs, now.busyMs - last.busyMs));
    last = now;
    count += 1;
  }, TICK_MS);
  const nextTick = async (): Promise<void> => {
    const before = count;
    while (count === before) await setTimeout(TICK_MS);
  };
  try {
    await nextTick();
    await work();
    await nextTick();
  } finally {
    clearInterval(timer);
  }
  return longestMs;
}

const TICK_MS = 5;

function clocks(): { readonly wallMs: number; readonly busyMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), busyMs: (user + system) / 1_000 };
}
