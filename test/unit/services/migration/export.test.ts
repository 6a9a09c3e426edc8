import { decodeSequence } from 'cbor2';
import { describe, expect, it } from 'vitest';
import type { Db } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  NodeCache,
  Uuid,
  asOf,
  databaseConfig,
  datoms,
  dbWith,
  emptyDb,
  history,
  kw,
  readEdn,
  restoreHead,
  sym,
} from '../../../../engine/index.ts';
import { isDecimal, parseDecimal } from '../../../../schema/decimal.ts';
import { exportDatabase } from '../../../../services/index.ts';
import { countReads } from '../../../support/counting-store.ts';
import { FORMATS, exported, imported } from '../../../support/exported.ts';
import { StoredDatabase } from '../../../support/stored-database.ts';

const SCHEMA = `[{:db/ident :m/double :db/valueType :db.type/double :db/cardinality :db.cardinality/one}
  {:db/ident :m/long :db/valueType :db.type/long :db/cardinality :db.cardinality/many}
  {:db/ident :m/pair :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
   :db/tupleTypes [:db.type/long :db.type/double]}
  {:db/ident :m/both :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
   :db/tupleAttrs [:m/double :m/text]}
  {:db/ident :m/text :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`;

/** The rows of an export in EDN, without those that define attributes and tell times. */
async function rowsOf(db: Db): Promise<string[]> {
  const lines = (await exported(db, 'edn')).toString().trim().split('\n').slice(1, -1);
  return lines.filter((line) => !/^\[\d+ :db\//.test(line));
}

async function withSchema(forms: string): Promise<Db> {
  return dbWith(await dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA), forms);
}

/** Decimals remember the texts that they were asked for. */
const comparable = (v: unknown): unknown =>
  isDecimal(v) ? ['decimal', v.toString()] : Object.is(v, -0) ? 'minus zero' : v;

describe('an export', () => {
  it('has a header, the rows that define attributes, all others, the past, and a checksum', async () => {
    const empty = emptyDb(DEFAULT_DATABASE_CONFIG);
    const schema = await dbWith(empty, [
      {
        'db/ident': ':a/b',
        'db/valueType': ':db.type/string',
        'db/cardinality': ':db.cardinality/one',
      },
    ]);
    const db = await dbWith(await dbWith(schema, '[{:a/b "x"}]'), '[[:db/add 2 :a/b "y"]]');
    const text = (await exported(db, 'edn'))
      .toString()
      .replaceAll(/#inst "[^"]*"/g, '#inst "…"')
      .replace(/[\da-f]{64}/, '…');
    expect(text)
      .toBe(`{:format "datahike-gateway/export", :version 1, :config {:schema-flexibility :write, :keep-history? true, :attribute-refs? false, :crypto-hash? false, :allow-index-backfill? false}, :max-tx 536870915, :max-eid 2, :datoms 9}
[1 :db/cardinality :db.cardinality/one 536870913]
[1 :db/ident :a/b 536870913]
[1 :db/valueType :db.type/string 536870913]
[2 :a/b "y" 536870915]
[536870913 :db/txInstant #inst "…" 536870913]
[536870914 :db/txInstant #inst "…" 536870914]
[536870915 :db/txInstant #inst "…" 536870915]
[2 :a/b "x" 536870914 true]
[2 :a/b "x" 536870915 false]
{:datoms 9, :sha-256 "…"}
`);
  });

  it('writes whole numbers of doubles as doubles, also in tuples, and longs as integers', async () => {
    const db = await withSchema(
      '[{:m/double 1 :m/long [1 9007199254740993] :m/pair [1 1] :m/text "t"}]',
    );
    expect(await rowsOf(db)).toEqual([
      '[6 :m/both [1.0 "t"] 536870914]',
      '[6 :m/double 1.0 536870914]',
      '[6 :m/long 1 536870914]',
      '[6 :m/long 9007199254740993N 536870914]',
      '[6 :m/pair [1 1.0] 536870914]',
      '[6 :m/text "t" 536870914]',
    ]);
  });

  it('knows the type of what was written under an ident that was replaced', async () => {
    const renamed = await withSchema('[[:db/add 1 :db/ident :m/other]]');
    const db = await dbWith(renamed, '[[:db/add 9 :m/double 2] [:db/add 9 :m/other 3]]');
    expect(await rowsOf(db)).toEqual([
      '[9 :m/both [2.0 nil] 536870915]',
      '[9 :m/double 2.0 536870915]',
      '[9 :m/other 3.0 536870915]',
    ]);
    expect(await exported(await imported([await exported(db)]))).toEqual(await exported(db));
  });

  it('is CBOR that any reader of it takes apart', async () => {
    const db = await withSchema('[{:m/double 1 :m/text "t"}]');
    const bytes = await exported(db, 'cbor');
    const items = [
      ...decodeSequence<{ tag: number; contents: unknown }[]>(bytes, {
        ignoreGlobalTags: true,
        boxed: false,
      }),
    ];
    const tag = (contents: string) => expect.objectContaining({ tag: 39, contents });
    expect(bytes.subarray(0, 3)).toEqual(Buffer.of(0xd9, 0xd9, 0xf7));
    expect(items.find(([e, a]) => Number(e) === 6 && a?.contents === ':m/text')).toEqual([
      6,
      tag(':m/text'),
      't',
      536_870_914,
    ]);
    expect(bytes.includes(Buffer.from('fb3ff0000000000000', 'hex'))).toBe(true);
  });

  it.each(FORMATS)('keeps names, numbers and arrays that %s has no form for', async (format) => {
    const config = databaseConfig({ schemaFlexibility: 'read' });
    const values = [
      kw('with space'),
      kw('\ud800'),
      sym(':colon'),
      sym('nil'),
      kw('a/b/c'),
      '\ud800 lone',
      10n ** 1_200n,
      -1n,
      5n,
      parseDecimal('1E+2147483647')!,
      parseDecimal('-1.50')!,
      new Uint8Array([0, 255, 10]),
      new Float32Array([1, 0.5, NaN, -0]),
      new Float64Array([1, Infinity]),
      new Date(-1),
      new Date(8.64e15 - 1),
      new Date(-8.64e15 + 1),
      Uuid.parse('00000000-0000-0000-0000-00000000000a')!,
      -0,
      NaN,
      -Infinity,
      [1, null, [true, 'x']],
      new Map([[kw('k'), new Set([1, 'two'])]]),
    ];
    const db = await dbWith(
      emptyDb(config),
      values.map((value, i) => [kw('db/add'), i + 1, kw('a'), value]),
    );
    const copy = await imported([await exported(db, format)]);
    const found: unknown[] = [];
    for await (const { v } of datoms(copy, 'aevt', kw('a'))) found.push(v);
    expect(found.map(comparable)).toEqual(values.map(comparable));
  });

  it('refuses a view, which does not show all', async () => {
    const db = await withSchema('[{:m/text "t"}]');
    for (const view of [history(db), asOf(db, 536_870_913)])
      await expect(exported(view)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('reads on only while its consumer does', async () => {
    const database = await StoredDatabase.create();
    await database.transact(readEdn(SCHEMA) as never);
    for (let i = 0; i < 10; i++)
      await database.transact(
        readEdn(
          `[${Array.from({ length: 1_500 }, (_, j) => `{:m/text "text ${i}/${j}"}`).join('')}]`,
        ) as never,
      );
    await database.fold();
    const store = countReads(database.store);
    const root = (await store.readRoot('db'))!;
    const { db } = await restoreHead(root, new NodeCache(0).open(store));
    store.reset();
    const chunks = exportDatabase(db);
    await chunks.next();
    const atFirst = store.nodesRead;
    for await (const chunk of chunks) void chunk;
    expect(atFirst).toBeLessThan(store.nodesRead);
  });
});
