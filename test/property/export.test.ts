/** Whatever happened to a database: its export is the same however it is held, and what is imported from it is the same database. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../engine/index.ts';
import {
  DatabaseError,
  TX0,
  asOf,
  databaseConfig,
  datoms,
  history,
  kw,
  printEdn,
  since,
} from '../../engine/index.ts';
import { worlds } from '../model/generate-schemas.ts';
import type { Mix } from '../model/generate-transactions.ts';
import { stepsIn } from '../model/generate-transactions.ts';
import { values } from '../model/values.ts';
import { FORMATS, exported, imported } from '../support/exported.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import { runs } from '../support/runs.ts';
import { start, treat, treatments } from './both.ts';
import { ORDERS, rowsOf } from './comparison.ts';

async function expectSameDatabase(db: Db, copy: Db): Promise<void> {
  expect(copy.maxTx).toBe(db.maxTx);
  expect(copy.maxEid).toBe(db.maxEid);
  expect(copy.config).toEqual(db.config);
  const views: ReadonlyArray<(one: Db) => Db> = db.config.keepHistory
    ? [(one) => one, history, (one) => asOf(one, TX0 + 2), (one) => since(one, TX0 + 2)]
    : [(one) => one];
  for (const view of views)
    for (const order of ORDERS)
      expect(await rowsOf(view(copy), order)).toEqual(await rowsOf(view(db), order));
}

/** Cuts bytes into chunks of random lengths. */
const inChunks = (bytes: Uint8Array, lengths: ReadonlyArray<number>): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    chunks.push(bytes.subarray(at, (at += length)));
  }
  return chunks;
};

const chunkLengths = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 });

/** Steps, each with what is done with the database after it. */
const histories = fc.record({
  world: worlds,
  mix: fc.constantFrom<Mix>({ times: true }, { schema: true, renames: true }, { purges: true }),
});

const cases = histories.chain(({ world, mix }) =>
  fc.record({
    world: fc.constant(world),
    steps: stepsIn(world, mix).chain((steps) =>
      fc.tuple(
        ...steps.map((step) =>
          // The log alone does not say what was purged.
          fc.tuple(fc.constant(step), mix.purges === true ? fc.constant('fold') : treatments),
        ),
      ),
    ),
    batchRows: fc.constantFrom(1, 7, 1_000),
    lengths: chunkLengths,
  }),
);

describe('an export', () => {
  it('is the same from memory, by the log and from trees, and imports as the same database', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ world, steps, batchRows, lengths }) => {
        const { database } = await start(world);
        for (const [i, [{ forms, meta }, treatment]] of steps.entries()) {
          const now = new Date(Date.UTC(2020, 0, 1) + i * 1_000);
          await database.transact(forms, now, meta).catch(ignoreRefusal);
          await treat(database, treatment);
        }
        for (const format of FORMATS) {
          const bytes = await exported(database.db, format);
          expect(await exported(await database.restore(), format)).toEqual(bytes);
          const copy = await imported(inChunks(bytes, lengths), { batchRows });
          await expectSameDatabase(database.db, copy);
          expect(await exported(copy, format)).toEqual(bytes);
        }
      }),
      runs(120),
    );
  });

  it('holds any value that a datom can hold, exactly', async () => {
    const cases = fc.record({
      facts: fc.array(
        fc.record({ e: fc.integer({ min: 100, max: 102 }), v: values, isKept: fc.boolean() }),
        { minLength: 1, maxLength: 8 },
      ),
      lengths: chunkLengths,
      isFolded: fc.boolean(),
    });
    const config = databaseConfig({ schemaFlexibility: 'read' });
    await fc.assert(
      fc.asyncProperty(cases, async ({ facts, lengths, isFolded }) => {
        const database = await StoredDatabase.create(config);
        for (const { e, v, isKept } of facts) {
          const fact: EdnData[] = [e, kw('any/thing'), v];
          await database.transact([[kw('db/add'), ...fact]]).catch(ignoreRefusal);
          if (!isKept) await database.transact([[kw('db/retract'), ...fact]]).catch(ignoreRefusal);
        }
        if (isFolded) await database.fold();
        for (const format of FORMATS) {
          const bytes = await exported(database.db, format);
          expect(await exported(await database.restore(), format)).toEqual(bytes);
          const copy = await imported(inChunks(bytes, lengths));
          await expectSameDatabase(database.db, copy);
          expect(await exported(copy, format)).toEqual(bytes);
          expect(await valuesOf(copy)).toEqual(await valuesOf(database.db));
        }
      }),
      runs(120),
    );
  });

  it('is refused wherever it is cut, and wherever a byte before the trailer is another one', async () => {
    const database = await StoredDatabase.create();
    const text = new Map<EdnData, EdnData>([[kw('db/doc'), 'a text']]);
    await database.transact([text], new Date(0));
    await database.transact([[kw('db/add'), 1, kw('db/doc'), 'another text']], new Date(1));
    for (const format of FORMATS) {
      const bytes = await exported(database.db, format);
      const refusalOf = async (damaged: Uint8Array): Promise<unknown> => {
        const reason: unknown = await imported([damaged]).catch((error: unknown) => error);
        return reason instanceof DatabaseError ? reason.code : reason;
      };
      for (let end = 0; end < bytes.length; end++)
        expect([end, await refusalOf(bytes.subarray(0, end))]).toEqual([end, 'BAD_EXPORT']);
      const trailer = bytes.lastIndexOf(format === 'edn' ? '{' : Buffer.of(0xa2, 0xd8));
      const damages = fc.record({
        at: fc.integer({ min: 0, max: trailer - 1 }),
        byte: fc.integer({ min: 0, max: 255 }),
      });
      await fc.assert(
        fc.asyncProperty(damages, async ({ at, byte }) => {
          const damaged = Buffer.from(bytes);
          damaged[at] = byte;
          fc.pre(!damaged.equals(bytes));
          expect(['BAD_EXPORT', 'BAD_CONFIG']).toContain(await refusalOf(damaged));
        }),
        { numRuns: 400 },
      );
    }
  });
});

/** What a database refuses is not what is tested here. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof DatabaseError)) throw error;
}

/** Values with what their text in EDN does not say: their class, the sign of zero, and what is in an array. */
async function valuesOf(db: Db): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { v } of datoms(history(db), 'eavt'))
    found.push([kindOf(v), Object.is(v, -0) ? '-0' : v, printEdn(v)]);
  return found;
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor.name ?? 'null') : typeof value;
}
