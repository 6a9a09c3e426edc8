/** Long computations take turns, and none is forgotten over those that come after it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Suspended } from '../../../engine/shared/suspend.ts';
import { PAUSE, run } from '../../../engine/shared/suspend.ts';

/** Longer than a computation may hold a turn of the event loop. */
const STEP_MS = 8;

function workFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function* inSteps(count: number, onStep: () => void): Suspended<void> {
  for (let step = 0; step < count; step++) {
    workFor(STEP_MS);
    onStep();
    yield PAUSE;
  }
}

it('computations that are long go on one after the other', async () => {
  const steps = [0, 0, 0, 0, 0];
  const spreads: number[] = [];
  const onStep = (i: number): void => {
    steps[i] = (steps[i] ?? 0) + 1;
    spreads.push(Math.max(...steps) - Math.min(...steps));
  };
  await Promise.all(steps.map((_, i) => run(inSteps(12, () => onStep(i)))));
  // The first one has the first turn.
  expect(Math.max(...spreads)).toBeLessThanOrEqual(3);
});

it('what is long goes on while what is short comes in without an end', async () => {
  let isOver = false;
  const long = run(inSteps(10, () => undefined)).then(() => {
    isOver = true;
  });
  let turns = 0;
  while (!isOver && turns < 1_000) {
    await run(inSteps(1, () => undefined));
    turns++;
    await nextTurn();
  }
  await long;
  // About one of its steps in each turn.
  expect(turns).toBeLessThan(40);
});

it('what is short does not wait for what is long', async () => {
  const ended: string[] = [];
  const long = run(inSteps(10, () => undefined)).then(() => ended.push('long'));
  await nextTurn();
  await run(inSteps(1, () => undefined)).then(() => ended.push('short'));
  await long;
  expect(ended).toEqual(['short', 'long']);
});

it('those that need less than a slice go on in one turn', async () => {
  const waiting = Array.from({ length: 50 }, () => run(afterItsSlice()));
  let turns = 0;
  let isOver = false;
  const all = Promise.all(waiting).then(() => {
    isOver = true;
  });
  while (!isOver) {
    await nextTurn();
    turns++;
  }
  await all;
  expect(turns).toBeLessThan(20);
});

/** Gives way once, and has next to nothing left to do. */
function* afterItsSlice(): Suspended<void> {
  workFor(0.2);
  yield PAUSE;
}
