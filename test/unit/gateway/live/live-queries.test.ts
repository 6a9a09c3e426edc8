/** When a query that is watched is run again, and what those who watch it are told. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readEdn } from '../../../../engine/index.ts';
import { LiveQueries } from '../../../../gateway/live/live-queries.ts';
import type { LiveAnswer, Run } from '../../../../gateway/live/live-queries.ts';
import { recordReads } from '../../../../gateway/live/reads.ts';
import { createLocalReader } from '../../../../services/index.ts';
import type { Reader } from '../../../../services/index.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../../../support/written-database.ts';

const OPERATION = {};

let database: WrittenDatabase;
let reader: Reader;
let live: LiveQueries;
let ending: AbortController;
let runs: number;
beforeEach(async () => {
  database = await writtenDatabase();
  await database.transact(PERSON_SCHEMA);
  await database.transact('[{:person/name "Ada" :person/age 36}]');
  reader = createLocalReader(database.connection);
  live = new LiveQueries(reader, log);
  ending = new AbortController();
  runs = 0;
});
afterEach(async () => {
  ending.abort();
  await database.close();
});

const NAMES = readEdn('[:find ?n :where [_ :person/name ?n]]');

/** The names of all persons. */
const names: Run = async (reads) => {
  runs++;
  const snapshot = recordReads(reader.current(), reads);
  const found = (await snapshot.q(NAMES)) as string[][];
  const content = found.flat().sort().join(' ');
  return { basisTx: snapshot.basisTx, content, hasErrors: false };
};

const watch = (run = names, key = ''): AsyncGenerator<LiveAnswer, void> =>
  live.watch(OPERATION, key, run, ending.signal);

async function next(answers: AsyncGenerator<LiveAnswer, void>): Promise<string | undefined> {
  const { value } = await answers.next();
  return value === undefined ? undefined : value.content;
}

it('answers at once, and again when a transaction meets what was read', async () => {
  const answers = watch();
  expect(await next(answers)).toBe('Ada');
  await database.transact('[{:person/name "Ada" :person/age 37}]');
  await database.transact('[{:person/name "Bob"}]');
  expect(await next(answers)).toBe('Ada Bob');
  expect(runs).toBe(2);
});

it('tells nothing where the answer is the same', async () => {
  const answers = watch();
  await next(answers);
  await database.transact('[{:db/id "x" :person/name "Bob"}]');
  expect(await next(answers)).toBe('Ada Bob');
  const following = next(answers);
  await database.transact('[[:db/retract [:person/name "Bob"] :person/age 1]]');
  await database.transact('[[:db/retractEntity [:person/name "Bob"]]]');
  expect(await following).toBe('Ada');
});

it('skips what nobody has taken', async () => {
  const answers = watch();
  await next(answers);
  for (let i = 0; i < 20; i++) await database.transact([{ 'person/name': `Eve ${i}` }]);
  await vi.waitFor(async () => {
    const content = await next(watch());
    expect(content?.split('Eve')).toHaveLength(21);
  });
  expect((await next(answers))?.split('Eve')).toHaveLength(21);
});

it('does not miss what comes while it runs', async () => {
  let go: () => void = () => undefined;
  const slow: Run = async (reads, signal) => {
    const answer = await names(reads, signal);
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    return answer;
  };
  const answers = watch(slow);
  const first = next(answers);
  await vi.waitFor(() => expect(runs).toBe(1));
  await database.transact('[{:person/name "Bob"}]');
  go();
  expect(await first).toBe('Ada');
  const second = next(answers);
  await vi.waitFor(() => expect(runs).toBe(2));
  go();
  expect(await second).toBe('Ada Bob');
});

it('runs once for all who watch the same, and for each that comes', async () => {
  const all = Array.from({ length: 10 }, () => watch());
  expect(await Promise.all(all.map(next))).toEqual(Array<string>(10).fill('Ada'));
  expect(runs).toBeLessThanOrEqual(2);
  expect(live.size).toBe(1);
  const before = runs;
  await database.transact('[{:person/name "Bob"}]');
  expect(await Promise.all(all.map(next))).toEqual(Array<string>(10).fill('Ada Bob'));
  expect(runs).toBe(before + 1);
});

it('answers those who come later from a state that is not older than they are', async () => {
  const early = watch();
  await next(early);
  const { tx } = await database.transact('[{:person/name "Bob"}]');
  const { value } = await watch().next();
  expect(value?.basisTx).toBeGreaterThanOrEqual(tx);
});

it('is run again where something was purged', async () => {
  const answers = watch();
  await next(answers);
  await database.transact('[{:person/name "Bob"}]');
  expect(await next(answers)).toBe('Ada Bob');
  await database.transact('[[:db.purge/entity [:person/name "Bob"]]]');
  expect(await next(answers)).toBe('Ada');
});

it('is tried again with every transaction where it failed', async () => {
  const failing: Run = async () => {
    runs++;
    return { basisTx: reader.current().basisTx, content: `failure ${runs}`, hasErrors: true };
  };
  const answers = watch(failing);
  expect(await next(answers)).toBe('failure 1');
  await database.transact('[{:person/name "Ada" :person/age 37}]');
  expect(await next(answers)).toBe('failure 2');
});

it('is forgotten when nobody watches it any more', async () => {
  const answers = watch();
  await next(answers);
  const waiting = next(answers);
  expect(live.size).toBe(1);
  ending.abort();
  expect(await waiting).toBeUndefined();
  expect(live.size).toBe(0);
  await database.transact('[{:person/name "Bob"}]');
  expect(runs).toBe(1);
});
