/** Conditions of transactions: decided by the writer, also where they come over a wire, and where many leave in one commit. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EdnData, Keyword } from '../../../../engine/index.ts';
import { entityVersions, kw, q, readEdn, toTxData } from '../../../../engine/index.ts';
import type { Condition, Writer } from '../../../../services/index.ts';
import { RemoteWriter, WriterServer, createLocalReader } from '../../../../services/index.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../../../support/written-database.ts';

let database: WrittenDatabase;
let server: WriterServer;
let remote: Writer;
let ada: number;
let version: number;

beforeAll(async () => {
  database = await writtenDatabase();
  await database.transact(PERSON_SCHEMA);
  const writers = new Map([['test', database.writer]]);
  server = new WriterServer({ writers, host: '127.0.0.1', port: 0, bodyLimitBytes: 10_000, log });
  const address = await server.start();
  const lease = { owner: 'x', address, epoch: 1, remainingMs: 1_000 };
  const leases = { ...database.store.leases, current: async () => lease };
  remote = new RemoteWriter({
    database: 'test',
    store: { ...database.store, leases },
    branch: 'db',
  });
});
afterAll(async () => {
  await server.stop();
  await database.close();
});
beforeEach(async () => {
  const { tempids } = await database.transact('[{:db/id "ada" :person/name "Ada" :person/age 36}]');
  ada = tempids.get('ada') ?? 0;
  version = (await entityVersions(database.connection.db(), [ada]))[0] ?? 0;
});

const NAME = kw('person/name');
const AGE = kw('person/age');
const ADULTS = readEdn(
  '[:find [?e ...] :in $ [?e ...] ?age :where [?e :person/age ?a] [(<= ?age ?a)]]',
);
type When = 'before' | 'after';
const aged = (age: number, when: When, ...entities: ReadonlyArray<EdnData>): Condition => ({
  kind: 'matches',
  when,
  entities,
  query: ADULTS,
  inputs: [age],
  refusal: { code: 'FORBIDDEN', message: 'Of adults only', data: { rule: 'age' } },
});
const having = (...attributes: ReadonlyArray<Keyword>): Condition => ({
  kind: 'has',
  entity: ada,
  attributes,
  refusal: { code: 'NOT_FOUND', message: 'Nothing' },
});
const adults = (when: When, ...entities: ReadonlyArray<EdnData>): Condition =>
  aged(18, when, ...entities);

const holding: ReadonlyArray<readonly [string, () => Condition]> = [
  ['its version', () => ({ kind: 'version', entity: ada, version })],
  ['a holder', () => ({ kind: 'holder', attribute: NAME, value: 'Ada', entity: ada })],
  ['no holder', () => ({ kind: 'holder', attribute: NAME, value: 'Bob', entity: null })],
  ['values', () => ({ kind: 'values', entity: ada, attribute: AGE, values: [36] })],
  ['one of its attributes', () => having(AGE, NAME)],
  ['a match', () => adults('before', ada)],
  ['a match of a lookup ref', () => adults('before', [NAME, 'Ada'])],
  ['a lookup ref that names nobody', () => adults('before', [NAME, 'Nobody'])],
  ['a match of what is written', () => adults('after', 'new', ada)],
  ['the last transaction', () => ({ kind: 'basis', tx: database.connection.db().maxTx })],
];

const failing: ReadonlyArray<readonly [string, () => Condition, object]> = [
  [
    'another version',
    () => ({ kind: 'version', entity: ada, version: version - 1 }),
    { code: 'CAS_CONFLICT', data: { version: expect.any(Number) as number } },
  ],
  [
    'another holder',
    () => ({ kind: 'holder', attribute: NAME, value: 'Ada', entity: ada + 1 }),
    { code: 'ENTITY_NOT_FOUND', data: { attribute: ':person/name' } },
  ],
  [
    'a holder where there should be none',
    () => ({ kind: 'holder', attribute: NAME, value: 'Ada', entity: null }),
    { code: 'UNIQUE_CONFLICT', data: { attribute: ':person/name' } },
  ],
  [
    'other values',
    () => ({ kind: 'values', entity: ada, attribute: AGE, values: [] }),
    { code: 'CAS_CONFLICT', data: { attribute: ':person/age' } },
  ],
  [
    'none of the attributes',
    () => having(kw('person/none')),
    { code: 'NOT_FOUND', data: { entity: expect.any(Number) as number } },
  ],
  [
    'no match of what is written',
    () => aged(99, 'after', 'new'),
    { code: 'FORBIDDEN', message: 'Of adults only', data: { rule: 'age' } },
  ],
  ['no match before', () => aged(99, 'before', ada), { code: 'FORBIDDEN' }],
  ['a later transaction', () => ({ kind: 'basis', tx: 1 }), { code: 'CAS_CONFLICT' }],
  ['never', () => ({ kind: 'never' }), { code: 'NOT_FOUND' }],
];

const TX = toTxData('[{:db/id "new" :person/age 20}]');

describe.each([
  ['here', () => database.writer as Writer],
  ['over the wire', () => remote],
  ['of a speculation', speculator],
])('conditions %s', (_where, writer) => {
  it.each(holding)('that hold let the transaction be written: %s', async (_name, condition) => {
    const result = await writer().transact({ txData: TX, conditions: [condition()] });
    expect(result.tempids.get('new')).toBeGreaterThan(ada);
  });

  it.each(failing)('that fail keep it from it: %s', async (_name, condition, error) => {
    const before = database.connection.db().maxTx;
    const written = writer().transact({ txData: TX, conditions: [condition()] });
    await expect(written).rejects.toMatchObject(error);
    expect(database.connection.db().maxTx).toBe(before);
  });
});

function speculator(): Writer {
  const snapshot = createLocalReader(database.connection).current();
  return { transact: async (request) => (await snapshot.with(request)).result };
}

it('are decided for each transaction of a commit by those before it', async () => {
  const update = (age: number) =>
    database.writer.transact({
      txData: [[kw('db/add'), ada, AGE, age]],
      conditions: [{ kind: 'version', entity: ada, version }],
    });
  const results = await Promise.allSettled([40, 41, 42, 43].map(update));
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
  ]);
  expect(
    await q('[:find ?a . :in $ ?e :where [?e :person/age ?a]]', database.connection.db(), ada),
  ).toBe(40);
});

it('under a key do not keep a request from its first answer', async () => {
  const request = (content: string, condition: Condition) =>
    database.writer.transact({
      txData: [[kw('db/add'), ada, AGE, 50]],
      conditions: [condition],
      key: 'raise',
      content,
    });
  const first = await request('a', { kind: 'version', entity: ada, version });
  const never: Condition = { kind: 'never' };
  expect((await request('a', never)).tx).toBe(first.tx);
  await expect(request('b', never)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});
