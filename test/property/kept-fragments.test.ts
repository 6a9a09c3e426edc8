/**
 * What was written of entities is kept while they stay as they are: whatever is written to a database and folded into its trees, a gateway that has answered
 * before answers as what it reads each time.
 */
import fc from 'fast-check';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createApp } from '../../gateway/http/app.ts';
import { createLocalReader } from '../../services/index.ts';
import { countingReader } from '../gateway/served-world.ts';
import { runs } from '../support/runs.ts';
import { alwaysOpen } from '../support/served.ts';
import type { WrittenDatabase } from '../support/written-database.ts';
import { log, writtenDatabase } from '../support/written-database.ts';

const SCHEMA = `[
  {:db/ident :item/key :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :item/tags :db/valueType :db.type/keyword :db/cardinality :db.cardinality/many}
  {:db/ident :item/next :db/valueType :db.type/ref :db/cardinality :db.cardinality/one :gateway/targets :item}
  {:db/ident :gateway/targets :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}]`;

const ALL = `{ itemConnection(first: 50, orderBy: [{ key: ASC }]) {
  nodes { id key name tags next { key name } } } }`;
const OWN = '{ itemConnection(first: 50, orderBy: [{ key: ASC }]) { nodes { id key name tags } } }';

interface Body {
  readonly errors?: unknown;
  readonly data: {
    readonly itemConnection: { readonly nodes: ReadonlyArray<{ readonly next: object | null }> };
  };
}

interface Served {
  readonly database: WrittenDatabase;
  /** See `countingReader`. */
  readonly projected: number[];
  readonly ask: (query: string) => Promise<Body['data']>;
  readonly stop: () => Promise<void>;
}

/** Folds every few transactions, and not in between. */
async function serve(): Promise<Served> {
  const database = await writtenDatabase({ foldThreshold: 12, foldQuietMs: 60_000 });
  await database.transact(
    '[{:db/ident :gateway/targets :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}]',
  );
  await database.transact(SCHEMA);
  const { reader, projected } = countingReader(createLocalReader(database.connection));
  const { app, stop } = createApp({
    databases: alwaysOpen(new Map([['test', { reader, writer: database.writer }]])),
    defaultDatabase: 'test',
    development: true,
    locksSchema: false,
    log,
  });
  return {
    database,
    projected,
    async ask(query) {
      const { body } = (await request(app).post('/graphql').send({ query })) as { body: Body };
      expect(body.errors).toBeUndefined();
      return body.data;
    },
    async stop() {
      await stop();
      await database.close();
    },
  };
}

/** Waits until all that was written is in the trees. */
async function folded({ connection }: WrittenDatabase): Promise<void> {
  await expect.poll(() => connection.db().maxTx - connection.db().indexedTx).toBe(0);
}

const ACTION = fc.oneof(
  fc.tuple(fc.constant('write' as const), fc.nat(7), fc.constantFrom('ada', 'bob', '"\\\\')),
  fc.tuple(fc.constant('tag' as const), fc.nat(7), fc.constantFrom('a', 'b')),
  fc.tuple(fc.constant('untag' as const), fc.nat(7), fc.constantFrom('a', 'b')),
  fc.tuple(fc.constant('lead' as const), fc.nat(7), fc.nat(7)),
  fc.tuple(fc.constant('delete' as const), fc.nat(7), fc.constant('')),
);

function txOf(kind: string, key: number, said: string | number): string {
  switch (kind) {
    case 'write':
      return `[{:item/key ${key} :item/name ${JSON.stringify(said)}}]`;
    case 'tag':
      return `[{:item/key ${key} :item/tags [:${said}]}]`;
    case 'untag':
      return `[{:item/key ${key}} [:db/retract [:item/key ${key}] :item/tags :${said}]]`;
    case 'lead':
      return `[{:db/id "a" :item/key ${key} :item/next "b"} {:db/id "b" :item/key ${said}}]`;
    default:
      return `[[:db/retractEntity [:item/key ${key}]]]`;
  }
}

it('answers as where nothing is kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTION, { minLength: 1, maxLength: 40 }), async (actions) => {
      const served = await serve();
      try {
        for (const [kind, key, said] of actions) {
          await served.database.transact(txOf(kind, key, said));
          // What leads on to others is read each time, and tells what the others have to be.
          const { nodes } = (await served.ask(ALL)).itemConnection;
          const read = nodes.map(({ next: _, ...own }) => own);
          expect((await served.ask(OWN)).itemConnection.nodes).toEqual(read);
          for (const { next } of nodes)
            if (next !== null) expect(read).toContainEqual(expect.objectContaining(next));
        }
      } finally {
        await served.stop();
      }
    }),
    runs(20),
  );
}, 60_000);

it('reads only what is new', async () => {
  const { database, projected, ask, stop } = await serve();
  const items = Array.from({ length: 20 }, (_, key) => `{:item/key ${key} :item/name "n${key}"}`);
  await database.transact(`[${items.join(' ')}]`);
  await folded(database);
  const readBy = async (): Promise<number> => {
    projected.length = 0;
    await ask(OWN);
    return projected.reduce((a, b) => a + b, 0);
  };
  expect([await readBy(), await readBy(), await readBy()]).toEqual([20, 20, 0]);
  await database.transact('[{:item/key 7 :item/name "changed"}]');
  expect([await readBy(), await readBy()]).toEqual([1, 1]);
  expect(JSON.stringify(await ask(OWN))).toContain('changed');
  await stop();
});
