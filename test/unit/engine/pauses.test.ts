/** Long computations pause at bounded intervals, so that whoever drives them can give the event loop away. */
import { describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  NodeCache,
  createMemoryStoreHost,
  emptyDb,
  fold,
  kw,
  readEdn,
  transact,
} from '../../../engine/index.ts';
import type { StoredNodes } from '../../../engine/index.ts';
import { applySegment } from '../../../engine/commit/segment.ts';
import type { Suspended } from '../../../engine/shared/suspend.ts';
import { PAUSE, runSync } from '../../../engine/shared/suspend.ts';

const SCHEMA = readEdn(`[
  {:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :tags :db/valueType :db.type/long :db/cardinality :db.cardinality/many}]`) as EdnData[];

const COUNT = 20_000;
const now = new Date(0);

function dbWithSchema(): Db {
  return runSync(transact(emptyDb(DEFAULT_DATABASE_CONFIG), { txData: SCHEMA, now })).dbAfter;
}

/** How many times a computation pauses, and what it gives. */
function pausesOf<T>(computation: Suspended<T>): { readonly pauses: number; readonly result: T } {
  let pauses = 0;
  for (;;) {
    const step = computation.next();
    if (step.done) return { pauses, result: step.value };
    expect(step.value).toBe(PAUSE);
    pauses++;
  }
}

const people = Array.from({ length: COUNT }, (_, i): EdnData => new Map([[kw('n'), i]]));

describe('a computation pauses', () => {
  it('every few forms of a transaction', () => {
    const { pauses } = pausesOf(transact(dbWithSchema(), { txData: people, now }));
    expect(pauses).toBeGreaterThanOrEqual(COUNT / 100);
  });

  it('every few values of one form of a transaction', () => {
    const tags = Array.from({ length: COUNT }, (_, i) => i);
    const txData = [new Map<EdnData, EdnData>([[kw('tags'), tags]])];
    const { pauses, result } = pausesOf(transact(dbWithSchema(), { txData, now }));
    expect(result.txData).toHaveLength(COUNT + 1);
    expect(pauses).toBeGreaterThanOrEqual(COUNT / 1_000);
  });

  it('every few thousand changes of a segment that is applied', () => {
    const db = dbWithSchema();
    const { tx, changes, dbAfter } = runSync(transact(db, { txData: people, now }));
    const { pauses } = pausesOf(applySegment(db, { tx, maxEid: dbAfter.maxEid, changes }));
    expect(pauses).toBeGreaterThanOrEqual(COUNT / 5_000);
  });

  it('every few thousand rows that are folded, into an empty tree and into one leaf alike', async () => {
    const nodes = await storedNodes();
    let address = 0;
    const first = runSync(transact(dbWithSchema(), { txData: people.slice(0, 10), now })).dbAfter;
    const folded = runSync(fold(first, nodes, () => ++address));
    const base = { roots: folded.roots, source: nodes };
    const small: Db = {
      ...emptyDb(DEFAULT_DATABASE_CONFIG),
      ...first,
      base,
      novelty: emptyDb(DEFAULT_DATABASE_CONFIG).novelty,
    };
    for (const start of [dbWithSchema(), small]) {
      const { dbAfter } = runSync(transact(start, { txData: people, now }));
      const { pauses } = pausesOf(fold(dbAfter, nodes, () => ++address));
      // Three current indices hold the rows.
      expect(pauses).toBeGreaterThanOrEqual((3 * COUNT) / 5_000);
    }
  });
});

async function storedNodes(): Promise<StoredNodes> {
  const store = await createMemoryStoreHost().create('pauses');
  return new NodeCache(64 * 1024 * 1024).open(store);
}
