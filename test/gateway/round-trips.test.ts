/** What a cold gateway waits for its store follows from how deep an operation is, and not from how many entities it meets. */
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db, EdnData } from '../../engine/index.ts';
import { kw, readEdn } from '../../engine/index.ts';
import { createApp } from '../../gateway/http/app.ts';
import type { AppOptions } from '../../gateway/http/app.ts';
import type { Connection } from '../../services/connection/connection.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import { createLocalReader } from '../../services/reader/local-reader.ts';
import { ColdDatabase } from '../support/cold-database.ts';
import { alwaysOpen } from '../support/served.ts';

const SCHEMA = readEdn(`[
  {:db/ident :artist/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :artist/country :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :album/number :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :album/artist :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :track/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :track/seconds :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :track/album :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

const ARTISTS = 400;
const ALBUMS = 2_000;
const TRACKS = 12_000;

const form = (facts: Readonly<Record<string, EdnData>>): EdnData =>
  new Map<EdnData, EdnData>(Object.entries(facts).map(([ident, value]) => [kw(ident), value]));

/** Spread, so that neighbours in one list are far apart in the next index. */
const spread = (i: number, among: number): number => (i * 7_919) % among;

const music = (): ReadonlyArray<ReadonlyArray<EdnData>> => [
  Array.from({ length: ARTISTS }, (_, i) =>
    form({
      'db/id': 1_000 + i,
      'artist/name': `artist ${i}`,
      'artist/country': `country ${i % 9}`,
    }),
  ),
  Array.from({ length: ALBUMS }, (_, i) =>
    form({ 'db/id': 2_000 + i, 'album/number': i, 'album/artist': 1_000 + spread(i, ARTISTS) }),
  ),
  Array.from({ length: TRACKS }, (_, i) =>
    form({
      'db/id': 5_000 + i,
      'track/name': `track ${i}`,
      'track/seconds': spread(i, 10_000),
      'track/album': 2_000 + spread(i, ALBUMS),
    }),
  ),
];

let database: ColdDatabase;
beforeAll(async () => {
  database = await ColdDatabase.of(SCHEMA, ...music());
});

let stopLast: () => Promise<void> = async () => undefined;
afterAll(() => stopLast());

/** The round trips of an operation that nobody asked before, and how many entities its answer has. */
async function coldly(query: string): Promise<{ roundTrips: number; entities: number }> {
  await stopLast();
  const db = await database.open();
  const { app, stop } = createApp({
    databases: alwaysOpen(new Map([['music', { reader: readerOf(db), writer: {} as Writer }]])),
    defaultDatabase: 'music',
    development: true,
    locksSchema: false,
    log: silent,
  });
  stopLast = stop;
  // The schema is made, and nothing of the indices that the operation needs is read.
  await request(app).post('/graphql').send({ query: '{ __typename }' });
  database.store.reset();
  const { body } = (await request(app).post('/graphql').send({ query })) as {
    body: { data?: unknown; errors?: unknown };
  };
  expect(body.errors).toBeUndefined();
  const entities = JSON.stringify(body.data).split('"id"').length - 1;
  return { roundTrips: database.store.roundTrips, entities };
}

function readerOf(db: Db) {
  const connection = {
    store: { id: 'music' },
    db: () => db,
    sync: async () => db,
    onAdvance: () => () => undefined,
  };
  return createLocalReader(connection as unknown as Connection);
}

const silent = {
  error: (event: object) => {
    throw new Error(JSON.stringify(event));
  },
  info: () => undefined,
  debug: () => undefined,
  with: () => silent,
} as unknown as AppOptions['log'];

const DEPTHS: ReadonlyArray<readonly [name: string, levels: number, query: (n: number) => string]> =
  [
    ['entities', 1, (n) => `{ trackConnection(first: ${n}) { nodes { id name } } }`],
    [
      'entities in an order',
      1,
      (n) => `{ trackConnection(first: ${n}, orderBy: [{seconds: DESC}]) { nodes { id name } } }`,
    ],
    [
      'two references below each',
      3,
      (n) => `{ trackConnection(first: ${n}) { nodes { id album { id artist { id country } } } } }`,
    ],
    [
      'lists below each',
      3,
      (n) =>
        `{ albumConnection(first: ${n}) { nodes { id artist { id } _trackByAlbum(first: 3) { nodes { id name } } } } }`,
    ],
    [
      'lists with orders below lists',
      4,
      (n) =>
        `{ artistConnection(first: ${n}) { nodes { id _albumByArtist(first: 2) { nodes { id _trackByAlbum(first: 2, orderBy: [{seconds: ASC}]) { nodes { id name } } } } } } }`,
    ],
    [
      'facts beside entities',
      2,
      (n) =>
        `{ trackConnection(first: ${n}) { nodes { id _meta { version tx { t } } album { id } } } }`,
    ],
  ];

/** A level is found by an index and then read, each from the root of a tree to its leaves: trees are three high here. */
const ROUND_TRIPS_PER_LEVEL = 8;

it.each(DEPTHS)('%s', async (_name, levels, query) => {
  const few = await coldly(query(5));
  const many = await coldly(query(200));
  expect(few.roundTrips).toBeGreaterThan(0);
  expect(many.entities).toBeGreaterThan(15 * few.entities);
  expect(many.roundTrips).toBeLessThanOrEqual(levels * ROUND_TRIPS_PER_LEVEL);
  // What is wider needs more nodes, and hardly more looks.
  expect(many.roundTrips).toBeLessThanOrEqual(few.roundTrips + 2 * levels);
});
