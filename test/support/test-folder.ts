/**
 * A folder for one test. It goes with the folder of the run, whether the test ends or is ended.
 */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

export function testFolder(): Promise<string> {
  return mkdtemp(join(inject('runFolder'), 'test-'));
}
