/** What is said of operations that are too short or too long: what is missing where that is plain, else how long they have to be. */
import { expect, it } from 'vitest';
import { DEFAULT_DATABASE_CONFIG, dbWith, emptyDb, readEdn } from '../../../engine/index.ts';
import type { EdnData } from '../../../engine/index.ts';

it.each([
  ['[:db/add 12]', 'Bad entity attribute nil at [:db/add 12], expected keyword'],
  ['[:db/add 12 :db/doc]', 'Cannot store nil as a value at [:db/add 12 :db/doc]'],
  ['[:db/add]', 'Expected 4 or 5 elements in [:db/add], got 1'],
  [
    '[:db/add 12 :db/doc "a" 1 2]',
    'Expected 4 or 5 elements in [:db/add 12 :db/doc "a" 1 2], got 6',
  ],
])('%s', async (form, message) => {
  const txData = [readEdn(form)] as EdnData[];
  await expect(dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), txData)).rejects.toThrow(message);
});
