/** A client and a server of Datahike's protocol: the same in every format, errors included. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, kw, printEdn, readEdn } from '../../../engine/index.ts';
import { Tagged } from '../../../schema/value.ts';
import type { RemotePeer } from '../../../services/datahike/http/client.ts';
import { callPeer, callWriter, peerWriter } from '../../../services/datahike/http/client.ts';
import type { ProtocolServer } from '../../support/protocol-server.ts';
import { TOKEN, protocolServer } from '../../support/protocol-server.ts';
import { isSame } from '../../conformance/compare-http.ts';

let server: ProtocolServer;
beforeAll(async () => {
  server = await protocolServer();
});
afterAll(() => server.stop());

type FormatName = NonNullable<RemotePeer['format']>;
const FORMATS: ReadonlyArray<FormatName> = ['edn', 'json', 'transit', 'cbor'];

const config = (id: string): EdnMap =>
  readEdn(`{:store {:backend :memory :id "${id}"} :schema-flexibility :write}`) as EdnMap;

const SCHEMA = readEdn(`[
  {:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/tags :db/valueType :db.type/keyword :db/cardinality :db.cardinality/many}
  {:db/ident :p/at :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :p/id :db/valueType :db.type/uuid :db/cardinality :db.cardinality/one}
  {:db/ident :p/sym :db/valueType :db.type/symbol :db/cardinality :db.cardinality/one}
  {:db/ident :p/big :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`);

const DATA = readEdn(`[
  {:p/name "Ada \\"☃\\"" :p/tags [:a :b/c] :p/at #inst "2020-01-02T03:04:05.678Z" :p/id #uuid "11111111-2222-4333-8444-555555555555"
   :p/sym foo/bar :p/big 9007199254740993}
  {:p/name "Bob" :p/friend [[:p/name "Ada \\"☃\\""]]}]`);

const QUERIES = [
  '[:find ?n ?v :where [?p :p/name ?n] [?p :p/tags ?v]]',
  '[:find [?v ...] :where [_ :p/big ?v]]',
  '[:find (pull ?p [* {:p/friend [:p/name]}]) :where [?p :p/name "Bob"]]',
  '[:find ?a ?v :where [_ ?a ?v] [(keyword? ?v)]]',
];

/** All answers of a session in a format. */
async function session(format: FormatName): Promise<ReadonlyArray<EdnData>> {
  const peer = { url: server.url, token: TOKEN, format };
  const ask = (name: string, ...args: ReadonlyArray<EdnData>): Promise<EdnData> =>
    callPeer(peer, name, args);
  const own = config(`same-${format}`);
  const answers: EdnData[] = [await ask('database-exists?', own)];
  await ask('create-database', own);
  const connection = await ask('connect', own);
  answers.push(await ask('transact', connection, SCHEMA), await ask('transact', connection, DATA));
  const db = await ask('db', connection);
  for (const query of QUERIES) answers.push(await ask('q', query, db));
  answers.push(await ask('pull', db, readEdn('[*]'), readEdn('[:p/name "Bob"]')));
  answers.push(
    await ask('datoms', db, kw('eavt')),
    await ask('schema', db),
    ((await ask('metrics', db)) as EdnMap).get(kw('count')) ?? null,
  );
  const history = await ask('history', db);
  answers.push(await ask('q', '[:find (count ?e) . :where [?e :p/name]]', history));
  const before = await ask('as-of', db, 536_870_913);
  answers.push(await ask('q', '[:find (count ?e) . :where [?e :p/name]]', before));
  answers.push(
    await ask('branch!', connection, kw('db'), kw('side')),
    await ask('branches', connection),
  );
  const failed = await ask('pull', db, readEdn('[*]'), readEdn('[:p/name "nobody"]')).catch(told);
  answers.push(failed, await ask('transact', connection, readEdn('[{:p/nope 1}]')).catch(told));
  answers.push(await ask('release', connection), await ask('delete-database', own));
  return answers;
}

function told(error: unknown): EdnData {
  const { kind = '', summary } = error as DatabaseError;
  return [kind, summary];
}

it('say the same in every format', async () => {
  const [first, ...others] = await Promise.all(FORMATS.map(session));
  expect(first).toHaveLength(19);
  // Each database has an id of its own.
  const shown = (answer: EdnData): EdnData =>
    readEdn(printEdn(answer).replaceAll(/same-\w+/g, 'same'), {
      maxDepth: 1_000,
      tags: new Map(
        [
          'datahike/DB',
          'datahike/Datom',
          'datahike.datom/Datom',
          'datahike/TxReport',
          'datahike.db.TxReport',
        ].map(
          (tag) =>
            [
              tag,
              (datum: EdnData) => new Tagged(tag.replace(/\.db\.|\.datom\//, '/'), datum),
            ] as const,
        ),
      ),
    });
  for (const [format, answers] of others.entries())
    for (const [place, answer] of answers.entries())
      expect(
        isSame(shown(first?.[place] ?? null), shown(answer), '/q'),
        `${FORMATS[format + 1]} ${place}: ${printEdn(answer)} not ${printEdn(first?.[place] ?? null)}`,
      ).toBe(true);
});

describe('what goes wrong', () => {
  const refusal = async (asked: Promise<unknown>): Promise<string> => {
    try {
      await asked;
    } catch (error) {
      if (error instanceof DatabaseError) return `${error.code} ${error.message}`;
      throw error;
    }
    throw new Error('Expected a refusal');
  };

  it('is told with a message that helps', async () => {
    const peer = { url: server.url, token: TOKEN };
    expect(await refusal(callPeer({ ...peer, token: 'wrong' }, 'db', [1]))).toMatch(
      /^UNAUTHENTICATED .* wants a token/,
    );
    expect(await refusal(callPeer(peer, 'db', [1]))).toMatch(
      /do not fit: \[\["must be a Datahike connection"\]\]/,
    );
    expect(await refusal(callPeer({ ...peer, url: 'http://127.0.0.1:1' }, 'db', [1]))).toMatch(
      /^WRITER_UNAVAILABLE Nothing returned/,
    );
    expect(await refusal(callPeer({ ...peer, url: `${server.url}/elsewhere` }, 'db', [1]))).toMatch(
      /Expected an answer of a Datahike server/,
    );
    expect(() => callPeer(peer, 'filter', [])).toThrow(
      'filter is not supported for remote connections.',
    );
  });
});

it('write for processes that read for themselves', async () => {
  const peer = { url: server.url, token: TOKEN };
  const own = config('written');
  await callWriter(peer, 'create-database', [own]);
  const writer = peerWriter(peer, own);
  await writer.transact({ txData: SCHEMA as ReadonlyArray<EdnData> });
  const result = await writer.transact({
    txData: readEdn('[{:db/id "a" :p/name "Ada"}]') as ReadonlyArray<EdnData>,
    txMeta: readEdn('{:db/doc "why"}') as EdnMap,
  });
  expect(result).toMatchObject({ tx: 536_870_914, datomCount: 3 });
  expect(result.tempids.get('a')).toBe(8);
  await expect(writer.transact({ txData: [], key: 'k' })).rejects.toThrow('takes no keys');
  await expect(writer.transact({ txData: [42] })).rejects.toThrow('Bad entity type at 42');
  await callWriter(peer, 'delete-database', [own]);
});
