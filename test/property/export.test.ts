/** Whatever happened to a database: its export is the same however it is held, and what is imported from it is the same database. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseConfig, Db, EdnData } from '../../engine/index.ts';
import {
  DatabaseError,
  asOf,
  databaseConfig,
  datoms,
  history,
  kw,
  printEdn,
  since,
} from '../../engine/index.ts';
import { FIRST_TX } from '../model/facts.ts';
import { declaration, ids, schemas, transactions } from '../model/generate.ts';
import { values } from '../model/values.ts';
import { FORMATS, exported, imported } from '../support/exported.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import { start, transactBoth, treat, treatments } from './both.ts';
import { ORDERS, rowsOf } from './comparison.ts';

async function expectSameDatabase(db: Db, copy: Db): Promise<void> {
  expect(copy.maxTx).toBe(db.maxTx);
  expect(copy.maxEid).toBe(db.maxEid);
  expect(copy.config).toEqual(db.config);
  const views: ReadonlyArray<(one: Db) => Db> = db.config.keepHistory
    ? [(one) => one, history, (one) => asOf(one, FIRST_TX + 1), (one) => since(one, FIRST_TX + 1)]
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

describe('an export', () => {
  it('is the same from memory, by the log and from trees, and imports as the same database', async () => {
    const cases = fc.record({
      attributes: schemas,
      steps: fc.array(fc.tuple(transactions, treatments), { minLength: 1, maxLength: 8 }),
      batchRows: fc.constantFrom(1, 7, 1_000),
      lengths: chunkLengths,
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ attributes, steps, batchRows, lengths }) => {
        let both = await start(attributes);
        for (const [forms, treatment] of steps) {
          both = await transactBoth(both, forms);
          await treat(both.database, treatment);
        }
        const { database } = both;
        for (const format of FORMATS) {
          const bytes = await exported(database.db, format);
          expect(await exported(database.reader, format)).toEqual(bytes);
          expect(await exported(await database.restore(), format)).toEqual(bytes);
          const copy = await imported(inChunks(bytes, lengths), { batchRows });
          await expectSameDatabase(database.db, copy);
          expect(await exported(copy, format)).toEqual(bytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is so for databases of every kind, whose schema changes and whose facts are purged', async () => {
    const idents = fc.constantFrom('x/n', 'x/tags', 'x/ref', 'kind', 'x/new').map(kw);
    const changes: fc.Arbitrary<EdnData> = fc.oneof(
      fc
        .tuple(idents, fc.constantFrom('db/index', 'db/noHistory', 'db/isComponent'), fc.boolean())
        .map(([ident, flag, value]): EdnData => [kw('db/add'), ident, kw(flag), value]),
      idents.map((ident): EdnData => [kw('db/add'), ident, kw('db/ident'), kw('x/new')]),
      idents.map((ident): EdnData => [kw('db/add'), ident, kw('db/doc'), 'a text']),
      fc
        .oneof(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 56, max: 70 }))
        .map((e): EdnData => [kw('db.purge/entity'), e]),
      fc.tuple(ids, idents).map(([e, ident]): EdnData => [kw('db.purge/attribute'), e, ident]),
      fc.constant<EdnData>([kw('db.history.purge/before'), new Date(3)]),
    );
    const cases = fc.record({
      config: fc.constantFrom<Partial<DatabaseConfig>>(
        { allowIndexBackfill: true },
        { attributeRefs: true, allowIndexBackfill: true },
        { keepHistory: false },
        { schemaFlexibility: 'read' },
      ),
      attributes: schemas,
      // A head that is moved onto trees from before an attribute was indexed is a matter of its own.
      steps: fc.array(
        fc.tuple(
          fc.oneof(
            { weight: 3, arbitrary: transactions },
            changes.map((change) => [change]),
          ),
          treatments.filter((treatment) => treatment !== 'fold all but one'),
        ),
        { minLength: 1, maxLength: 10 },
      ),
      batchRows: fc.constantFrom(5, 1_000),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ config, attributes, steps, batchRows }) => {
        const database = await StoredDatabase.create(databaseConfig(config));
        await database.transact(declaration(attributes), new Date(0));
        for (const [i, [given, treatment]] of steps.entries()) {
          const forms = given.filter((form) => isSettled(form, config));
          await database.transact(forms, new Date(i + 1)).catch(ignoreRefusal);
          // The log does not say what was purged.
          await treat(database, forms.some(isPurge) ? 'fold' : treatment);
        }
        for (const format of FORMATS) {
          const bytes = await exported(database.db, format);
          expect(await exported(await database.restore(), format)).toEqual(bytes);
          const copy = await imported([bytes], { batchRows });
          await expectSameDatabase(database.db, copy);
          expect(await exported(copy, format)).toEqual(bytes);
        }
      }),
      { numRuns: 150 },
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
      { numRuns: 250 },
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

/**
 * Whether the indices after a change depend on the facts alone. What an attribute was called before only the process knows that saw it
 * renamed; an attribute that anything may be written under keeps in AVET what was written while it was indexed.
 */
function isSettled(form: EdnData, config: Partial<DatabaseConfig>): boolean {
  const [operation, e, a] = Array.isArray(form) ? (form as ReadonlyArray<EdnData>) : [];
  if (a === kw('db/ident')) return config.attributeRefs === true;
  const isDefinition = operation === kw('db.purge/entity') && Number(e) <= 7;
  return config.schemaFlexibility !== 'read' || !isDefinition;
}

function isPurge(form: EdnData): boolean {
  return Array.isArray(form) && /purge/.test(String((form as ReadonlyArray<EdnData>)[0]));
}

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
