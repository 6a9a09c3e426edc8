import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Db, Store, StoreHost } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  asOf,
  createMemoryStoreHost,
  databaseConfig,
  datoms,
  dbWith,
  emptyDb,
  history,
  q,
} from '../../../../engine/index.ts';
import {
  audit,
  branchAsDb,
  commitAsDb,
  commitId,
  createBranch,
  createDatabase,
  importDatabase,
} from '../../../../services/index.ts';
import { FORMATS, connected, exported, imported, opened } from '../../../support/exported.ts';

const SCHEMA = `[{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/secret :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/noHistory true}
  {:db/ident :p/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}]`;

const STEPS = [
  SCHEMA,
  '[{:p/name "Ada" :p/age 36 :p/secret "a"} {:p/name "Bob" :p/age 1}]',
  '[{:p/name "Ada" :p/age 37 :p/secret "b"}]',
  '[[:db/retract [:p/name "Bob"] :p/age 1]]',
];

async function people(config = DEFAULT_DATABASE_CONFIG, steps = STEPS): Promise<Db> {
  let db = emptyDb(config);
  for (const step of steps) db = await dbWith(db, step);
  return db;
}

const linesOf = async (db: Db): Promise<string[]> => (await exported(db)).toString().split('\n');

describe('an import', () => {
  it.each([
    ['by default', {}],
    ['with attribute references', { attributeRefs: true }],
    ['without history', { keepHistory: false }],
    ['without declarations', { schemaFlexibility: 'read' as const }],
    ['with caps', { lengthCaps: { string: 100 } }],
  ])('makes the same database: %s', async (_, config) => {
    const db = await people(databaseConfig(config));
    for (const format of FORMATS) {
      const bytes = await exported(db, format);
      const copy = await imported([bytes]);
      expect(await exported(copy, format)).toEqual(bytes);
      expect(copy.config).toEqual(db.config);
      expect([copy.maxTx, copy.maxEid]).toEqual([db.maxTx, db.maxEid]);
    }
  });

  it('keeps what was purged away purged, and what has no history without it', async () => {
    const db = await people(DEFAULT_DATABASE_CONFIG, [
      ...STEPS,
      '[[:db/purge [:p/name "Ada"] :p/age 37]]',
    ]);
    const copy = await imported([await exported(db)]);
    const found: unknown[] = [];
    for await (const { e, attribute, v } of datoms(history(copy), 'eavt'))
      if (e === 4) found.push([String(attribute), v]);
    expect(found).toEqual([
      [':p/age', 36],
      [':p/age', 36],
      [':p/name', 'Ada'],
      [':p/secret', 'b'],
    ]);
  });

  it('is a database that goes on where the source was', async () => {
    const db = await people();
    const more = '[{:p/name "Cy" :p/age 5} {:p/name "Ada" :p/age 38}]';
    const copy = await dbWith(await imported([await exported(db)]), more);
    const source = await dbWith(db, more);
    const query = '[:find ?e ?n ?a :where [?e :p/name ?n] [?e :p/age ?a]]';
    expect(await q(query, copy)).toEqual(await q(query, source));
    expect(await q(query, asOf(copy, db.maxTx))).toEqual(await q(query, asOf(source, db.maxTx)));
    expect([copy.maxTx, copy.maxEid]).toEqual([source.maxTx, source.maxEid]);
  });

  it.each([true, false])(
    'is a commit that can be found and audited: crypto-hash %s',
    async (cryptoHash) => {
      const host = createMemoryStoreHost();
      const db = await people(databaseConfig({ cryptoHash }));
      await importDatabase(host, 'copy', [await exported(db)], { batchRows: 3 });
      const copy = await connected(host, 'copy');
      const id = commitId(copy.db()) ?? '';
      const found = await commitAsDb(copy, id);
      expect(found?.maxTx).toBe(db.maxTx);
      expect(await audit(copy)).toMatchObject({
        status: cryptoHash ? 'ok' : 'advisory',
        commits: 1,
        faults: [],
      });
      await createBranch(copy, id, 'other');
      expect((await branchAsDb(copy, 'other'))?.maxTx).toBe(db.maxTx);
      await copy.release();
    },
  );

  it('leaves no node behind that it wrote for a batch and again for a later one', async () => {
    const host = createMemoryStoreHost();
    await importDatabase(host, 'copy', [await exported(await people())], { batchRows: 1 });
    const store = await host.open('copy');
    const stored: unknown[] = [];
    for await (const nodes of store.listNodes()) stored.push(...nodes);
    // The roots of the six trees, of which none is more than a leaf.
    expect(stored).toHaveLength(6);
  });

  it('stores nodes while it goes on, so that they need not fit into memory', async () => {
    const text = (i: number): string => `${(i * 7919) % 1_500}`.padEnd(6_000, 'text ');
    const facts = Array.from({ length: 1_500 }, (_, i) => ({ 'p/name': text(i) }));
    const bytes = await exported(await dbWith(await people(), facts));
    const host = createMemoryStoreHost();
    const sizes: number[] = [];
    const counting: StoreHost = {
      ...host,
      async create(name) {
        const store = await host.create(name);
        const write: Store['write'] = (nodes) => {
          sizes.push(nodes.reduce((sum, node) => sum + node.bytes.length, 0));
          return store.write(nodes);
        };
        return new Proxy(store, {
          get: (target, key) => {
            const value: unknown = key === 'write' ? write : Reflect.get(target, key, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    };
    await importDatabase(counting, 'copy', [bytes]);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(16 * 2 ** 20);
    expect((await exported(await opened(host, 'copy'))).equals(bytes)).toBe(true);
  });

  it('takes a database that has nothing', async () => {
    const bytes = await exported(emptyDb(DEFAULT_DATABASE_CONFIG));
    expect(await exported(await imported([bytes]))).toEqual(bytes);
  });

  it('refuses a database that exists, and leaves it as it is', async () => {
    const host = createMemoryStoreHost();
    const bytes = await exported(await people());
    await createDatabase(host, 'taken');
    await expect(importDatabase(host, 'taken', [bytes])).rejects.toMatchObject({
      code: 'DATABASE_EXISTS',
      message: expect.stringContaining('taken'),
    });
    expect((await opened(host, 'taken')).maxEid).toBe(0);
  });

  it('leaves no database where the stream is refused', async () => {
    const host = createMemoryStoreHost();
    const bytes = await exported(await people());
    await expect(
      importDatabase(host, 'copy', [bytes.subarray(0, -20)], { batchRows: 3 }),
    ).rejects.toMatchObject({ code: 'BAD_EXPORT' });
    expect(await host.list()).toEqual([]);
    await importDatabase(host, 'copy', [bytes]);
    expect(await host.list()).toEqual(['copy']);
  });

  it('takes over what an import left that was killed', async () => {
    const host = createMemoryStoreHost();
    const store = await host.create('copy');
    const lease = { branch: 'db', owner: 'killed', address: null, ttlMs: 1 };
    await store.leases.acquire(lease);
    const bytes = await exported(await people());
    await expect.poll(() => store.leases.current('db')).toBeUndefined();
    await importDatabase(host, 'copy', [bytes]);
    expect(await exported(await opened(host, 'copy'))).toEqual(bytes);
  });

  it('refuses to meet another import of the same name', async () => {
    const host = createMemoryStoreHost();
    const bytes = await exported(await people());
    const results = await Promise.allSettled([
      importDatabase(host, 'copy', [bytes]),
      importDatabase(host, 'copy', [bytes]),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await exported(await opened(host, 'copy'))).toEqual(bytes);
  });

  it('reports how far it is', async () => {
    const bytes = await exported(await people());
    const reports: unknown[] = [];
    await imported([bytes], { onProgress: (progress) => reports.push(progress) });
    expect(reports.at(-1)).toEqual({ datoms: 24, ofDatoms: 24 });
  });
});

describe('a stream that is no export is refused with what was expected, what came, and where', () => {
  const refusal = async (lines: ReadonlyArray<string>): Promise<string> => {
    const error: unknown = await imported([Buffer.from(lines.join('\n'))]).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'BAD_EXPORT' });
    return (error as Error).message;
  };
  const changed = async (line: number, text: string): Promise<ReadonlyArray<string>> =>
    (await linesOf(await people())).with(line, text);

  /** With a trailer that fits, as somebody would write who makes rows by hand. */
  const sealed = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
    const rows = lines.slice(0, -2);
    const sha256 = createHash('sha256')
      .update(`${rows.join('\n')}\n`)
      .digest('hex');
    return [...rows, `{:datoms ${rows.length - 1}, :sha-256 "${sha256}"}`, ''];
  };

  it.each([
    [
      0,
      '{:format "other"}',
      'Expected a header of the format datahike-gateway/export, got {:format "other"}, at item 1',
    ],
    [
      0,
      '{:format "datahike-gateway/export", :version 2}',
      'Expected an export of version 1 or earlier, got version 2',
    ],
    [
      0,
      '{:format "datahike-gateway/export", :version 1}',
      'Expected :config, :max-tx, :max-eid and :datoms in the header',
    ],
    [
      3,
      '[1 2]',
      'Expected a row [e a v tx] or [e a v tx added] with four or five parts, got [1 2], at item 4',
    ],
    [
      3,
      '["1" :db/ident :x 536870913]',
      'with an entity id first, got ["1" :db/ident :x 536870913], at item 4',
    ],
    [3, '[1 7 :x 536870913]', 'with the ident of an attribute as a'],
    [3, '[1 :db/ident nil 536870913]', 'with a value as v'],
    [3, '[1 :db/ident (f) 536870913]', 'with a value as v'],
    [3, '[1 :db/ident :x 5]', 'with a transaction up to 536870916 as tx'],
    [3, '[1 :db/ident :x 536870999]', 'with a transaction up to 536870916 as tx'],
    [3, '[1 :db/ident :x 536870913 1]', 'with true or false as added'],
  ])('line %i as %s, with a checksum that fits', async (line, text, message) => {
    expect(await refusal(sealed(await changed(line, text)))).toContain(message);
  });

  it.each([
    [3, '[1 :db/ident', 'Expected an item, got what is none, at item 4'],
    [3, '', 'Expected an item, got what is none, at item 4'],
    [3, '[1 :db/doc "another" 536870913]', 'Expected the checksum'],
  ])('line %i as %s', async (line, text, message) => {
    expect(await refusal(await changed(line, text))).toContain(message);
  });

  it('86: where rows are missing, twice there, or out of place', async () => {
    const lines = await linesOf(await people());
    expect(await refusal(lines.toSpliced(5, 1))).toContain(
      'Expected 24 rows, as the trailer says, got 23, at item 25',
    );
    expect(await refusal(sealed(lines.toSpliced(5, 1)))).toContain(
      'Expected 24 rows, as the header says, got 23',
    );
    expect(await refusal(sealed(lines.with(15, lines[16]!)))).toContain(
      'Expected 24 different rows, as the header says, got 23',
    );
    expect(await refusal(sealed(lines.with(20, lines[1]!)))).toContain(
      'Expected all rows that define attributes before the others, got one after them, at item 21',
    );
    expect(await refusal([...lines.slice(0, -1), '[1 2 3 4]', ''])).toContain(
      'Expected nothing after the trailer, got more',
    );
    expect(await refusal(['{', ''])).toContain('Expected an item, got what is none, at item 1');
    expect(await refusal([])).toContain('Expected a header, got the end of the stream, at item 1');
  });

  it('where it is still compressed, or no stream of bytes', async () => {
    const bytes = await exported(await people());
    await expect(imported([gzipSync(bytes)])).rejects.toThrow('decompress it first');
    await expect(imported(['text'] as never)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('where CBOR says more than an item can hold, or what no datom holds', async () => {
    const bytes = await exported(await people(), 'cbor');
    const header = bytes.subarray(0, bytes.indexOf(Buffer.of(0x84)));
    for (const [hex, message] of [
      ['5bffffffffffffffff', 'Expected at most 536870912 bytes in an item'],
      ['9f', 'Expected the head of a CBOR item with its length, got the byte 0x9f'],
      ['8401d8276964623a69643a6964d8f2611a20000001', 'Expected an item'],
      ['c26161', 'Expected what the CBOR tag 2 can stand before'],
    ] as const)
      await expect(imported([Buffer.concat([header, Buffer.from(hex, 'hex')])])).rejects.toThrow(
        message,
      );
  });
});
