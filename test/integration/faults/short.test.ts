/** The short form of `npm run faults`: some of the harm, once. */
import { expect, it } from 'vitest';
import { endOfProcess } from '../../support/our-process.ts';

const NAMES = [
  'kill-writer',
  'zombie',
  'lost-replies',
  'crash-postgres',
  'kill-redis',
  'lying-redis',
  'wrong-clocks',
  'replayed-requests',
  'collect',
  'sleeping-reader',
  'damaged-nodes',
];
const TIMEOUT_MS = 240_000;

it(
  'nothing that was acknowledged is lost, whatever is done to servers and processes',
  { timeout: TIMEOUT_MS },
  async () => {
    const args = ['config/tools/run.js', 'test/faults/main.ts', ...NAMES];
    const { code, out, said } = await endOfProcess({ args });
    const printed = out.toString();
    for (const name of NAMES) expect(printed).toMatch(new RegExp(`^${name} .*, 0 violations`, 'm'));
    expect([code, said]).toEqual([0, expect.any(String)]);
  },
);
