/** Commits that have no content hash are named in the order of time, so that an index of their ids has neighbours in one place. */
import { expect, it } from 'vitest';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

const TIMED_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The milliseconds since 1970 that a UUID of version 7 begins with. */
function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

it('are UUIDs of version 7, of the time of their commit, and all different', async () => {
  const database = await writtenDatabase();
  const ids: string[] = [];
  const startedAt = Date.now();
  for (let i = 0; i < 300; i++) {
    const { commitId } = await database.transact(
      i === 0 ? PERSON_SCHEMA : [{ 'person/name': `person ${i}` }],
    );
    ids.push(commitId!);
  }
  const endedAt = Date.now();
  for (const id of ids) {
    expect(id).toMatch(TIMED_UUID);
    expect(timeOf(id)).toBeGreaterThanOrEqual(startedAt);
    expect(timeOf(id)).toBeLessThanOrEqual(endedAt);
  }
  expect(new Set(ids).size).toBe(ids.length);
  await database.close();
});
