/** What is said beside an answer: in GraphQL as `extensions.warnings`, in REST as a header. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWith } from './world-database.ts';

const SCHEMA: ReadonlyArray<EdnData> = [
  attribute('shelf/name', 'string', { 'db/unique': kw('db.unique/identity') }),
  attribute('shelf/label', 'string', { 'gateway/deprecated': 'Say name.' }),
  attribute('book/title', 'string'),
  attribute('book/shelf', 'ref'),
  attribute('shelf/first', 'ref', { 'gateway/targets': kw('book') }),
  attribute('shelf/others', 'ref', {
    'gateway/targets': kw('book'),
    'db/cardinality': kw('db.cardinality/many'),
  }),
];

/** More than the plain lists of references show. */
const BOOKS = 101;

const book = (i: number): EdnData =>
  entity({ 'db/id': `book ${i}`, 'book/title': `Book ${i}`, 'book/shelf': 'long' });

const DATA: ReadonlyArray<EdnData> = [
  ...Array.from({ length: BOOKS }, (_, i) => book(i)),
  entity({
    'db/id': 'long',
    'shelf/name': 'long',
    'shelf/label': 'L',
    'shelf/others': Array.from({ length: BOOKS }, (_, i) => `book ${i}`),
  }),
  entity({ 'shelf/name': 'wrong', 'shelf/first': 'long', 'shelf/others': ['long', 'book 1'] }),
  entity({ 'shelf/name': 'right', 'shelf/first': 'book 1' }),
];

let database: WorldDatabase;
let served: ServedWorld;

const serve = (options: object = {}) =>
  serveWorld({
    databases: alwaysOpen(new Map([['library', database]])),
    defaultDatabase: 'library',
    ...options,
  });

beforeAll(async () => {
  database = await openWith('library', SCHEMA, DATA);
  served = await serve();
});
afterAll(async () => {
  await served.stop();
  await database.close();
});

const warned = async (query: string, variables = {}): Promise<ReadonlyArray<Json> | undefined> => {
  const { body } = await served.send(query, variables);
  expect(body.errors).toBeUndefined();
  return body.extensions.warnings;
};

const header = async (path: string): Promise<string | undefined> => {
  const { headers } = await request(served.app).get(`/v1/library/${path}`).expect(200);
  return headers['datahike-warnings'];
};

describe('a warning', () => {
  it('is not there where there is nothing to say', async () => {
    expect(await warned('{ shelf(by: { name: "right" }) { name first { title } } }')).toBe(
      undefined,
    );
    expect(await header('shelf/by/name/right?include=first')).toBe(undefined);
  });

  it('tells of fields that are deprecated, as those of inputs are', async () => {
    const query = `{
      shelfConnection(where: { label: { eq: "L" } }) { nodes { ...shown } pageInfo { hasNextPage } }
    }
    fragment shown on Shelf { label }`;
    expect(await warned(query)).toEqual([
      { code: 'DEPRECATED', message: 'The input field ShelfWhere.label is deprecated. Say name.' },
      { code: 'DEPRECATED', message: 'The field Shelf.label is deprecated. Say name.' },
    ]);
  });

  it('tells of the operation alone that is asked for', async () => {
    const document =
      'query A { shelf(by: { name: "right" }) { ...old } } query B { __typename } fragment old on Shelf { label }';
    const ask = async (operationName: string): Promise<Json> => {
      const { body } = await request(served.app)
        .post('/graphql')
        .send({ query: document, operationName })
        .expect(200);
      return body.extensions.warnings;
    };
    expect(await ask('B')).toBe(undefined);
    expect(await ask('A')).toHaveLength(1);
  });

  it('tells of a reference that leads to something else', async () => {
    const query = '{ shelf(by: { name: "wrong" }) { first { title } others { title } } }';
    const { body } = await served.send(query);
    expect(body.data.shelf).toEqual({ first: null, others: [{ title: 'Book 1' }] });
    expect(body.extensions.warnings).toEqual([
      {
        code: 'NOT_OF_TYPE',
        message: 'Shelf.first leads to entities that are no Book',
        field: 'Shelf.first',
        count: 1,
      },
      expect.objectContaining({ code: 'NOT_OF_TYPE', field: 'Shelf.others', count: 1 }),
    ]);
    const connection = '{ shelf(by: { name: "wrong" }) { othersConnection { nodes { title } } } }';
    expect(await warned(connection)).toHaveLength(1);
    expect(await header('shelf/by/name/wrong?fields=name,first.title')).toBe(
      'NOT_OF_TYPE;field="Shelf.first";count=1',
    );
  });

  it('does not tell who may not see everything that there is something else', async () => {
    const guarded = await serve({
      access: {
        anonymous: ['visitor'],
        roles: {
          visitor: { types: { Book: { read: true }, Shelf: { read: { name: { ne: 'long' } } } } },
        },
      },
    });
    const { body } = await guarded.send('{ shelf(by: { name: "wrong" }) { first { title } } }');
    expect(body.data.shelf).toEqual({ first: null });
    expect(body.extensions.warnings).toBe(undefined);
    await guarded.stop();
  });

  it('tells of a list that was cut where nobody said how long it is to be', async () => {
    const ofShelf = (below: string): string => `{ shelf(by: { name: "long" }) { ${below} } }`;
    expect(await warned(ofShelf('others { title }'))).toEqual([
      {
        code: 'LIST_CUT',
        message: 'Shelf.others shows the first 100 of more; say how many with first',
        field: 'Shelf.others',
        count: 1,
      },
    ]);
    expect(await warned(ofShelf('others(first: 100) { title }'))).toBe(undefined);
    expect(await warned(ofShelf('_bookByShelf { nodes { title } }'))).toEqual([
      expect.objectContaining({ code: 'LIST_CUT', field: 'Shelf._bookByShelf' }),
    ]);
    expect(await header('shelf/by/name/long?include=_bookByShelf')).toBe(
      'LIST_CUT;field="Shelf.others";count=1, LIST_CUT;field="Shelf._bookByShelf";count=1',
    );
  });

  it('leaves it to the answer to tell of more where it does', async () => {
    expect(await warned('{ bookConnection { nodes { title } } }')).toEqual([
      expect.objectContaining({ code: 'LIST_CUT', field: 'bookConnection', count: 1 }),
    ]);
    const telling = '{ bookConnection { nodes { title } pageInfo { hasNextPage } } }';
    expect(await warned(telling)).toBe(undefined);
    expect(await warned('{ bookConnection { totalCount edges { node { title } } } }')).toBe(
      undefined,
    );
    expect(await warned('{ bookGroups(by: [{ title: true }]) { key { title } } }')).toEqual([
      expect.objectContaining({ code: 'LIST_CUT', field: 'bookGroups' }),
    ]);
    expect(await header('book')).toBe(undefined);
  });
});
