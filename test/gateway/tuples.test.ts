/** Tuples in filters and lookups: as a whole, and by their first places. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi } from '../../gateway/generate/rest/openapi.ts';
import { kw } from '../../schema/keyword.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { EdnData } from '../../schema/value.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWith } from './world-database.ts';

const SCHEMA: ReadonlyArray<EdnData> = [
  attribute('course/name', 'string', { 'db/unique': kw('db.unique/identity') }),
  attribute('exam/course', 'ref', { 'gateway/targets': kw('course') }),
  attribute('exam/year', 'long'),
  attribute('exam/student', 'string'),
  attribute('exam/sitting', 'tuple', {
    'db/tupleAttrs': [kw('exam/course'), kw('exam/year'), kw('exam/student')],
    'db/unique': kw('db.unique/identity'),
  }),
  attribute('exam/room', 'tuple', { 'db/tupleTypes': [kw('db.type/string'), kw('db.type/long')] }),
  attribute('exam/prize', 'tuple', { 'db/tupleTypes': [kw('db.type/ref'), kw('db.type/string')] }),
  attribute('exam/marks', 'tuple', { 'db/tupleType': kw('db.type/long') }),
];

const exam = (course: string, year: number, student: string, facts: object = {}): EdnData =>
  entity({
    'exam/course': ['course/name', course].map((each, i) => (i === 0 ? kw(each) : each)),
    'exam/year': year,
    'exam/student': student,
    ...facts,
  });

const EXAMS: ReadonlyArray<EdnData> = [
  exam('Logic', 2025, 'ada', { 'exam/room': ['A', 1], 'exam/marks': [3, 1] }),
  exam('Logic', 2026, 'ada', { 'exam/room': ['A', 2], 'exam/marks': [3, 1, 4] }),
  exam('Logic', 2026, 'bob', { 'exam/room': ['B', 1], 'exam/marks': [1, 5] }),
  exam('Sets', 2026, 'ada', { 'exam/room': ['A', 11] }),
];

let database: WorldDatabase;
let served: ServedWorld;
let logic: string;

const serve = (options: object = {}) =>
  serveWorld({
    databases: alwaysOpen(new Map([['school', database]])),
    defaultDatabase: 'school',
    ...options,
  });

beforeAll(async () => {
  const courses = ['Logic', 'Sets'].map((name) => entity({ 'course/name': name }));
  database = await openWith('school', SCHEMA, courses, EXAMS);
  served = await serve();
  logic = (await served.data('{ course(by: { name: "Logic" }) { id } }')).course.id;
});
afterAll(async () => {
  await served.stop();
  await database.close();
});

const LIST = `query($where: ExamWhere) {
  examConnection(where: $where, orderBy: [{ year: ASC }, { student: ASC }, { course: { name: ASC } }]) {
    nodes { year student course { name } } totalCount
  }
}`;

const listed = ({ examConnection }: Json): ReadonlyArray<string> => {
  expect(examConnection.totalCount).toBe(examConnection.nodes.length);
  return examConnection.nodes.map(
    ({ course, year, student }: Json) => `${course?.name} ${year} ${student}`,
  );
};

const found = async (where: object): Promise<ReadonlyArray<string>> =>
  listed(await served.data(LIST, { where }));

describe('the first places of a tuple', () => {
  it('find those that begin so, of a composite by ids and values', async () => {
    expect(await found({ sitting: { startsWith: { course: logic } } })).toEqual([
      'Logic 2025 ada',
      'Logic 2026 ada',
      'Logic 2026 bob',
    ]);
    expect(await found({ sitting: { startsWith: { course: logic, year: '2026' } } })).toEqual([
      'Logic 2026 ada',
      'Logic 2026 bob',
    ]);
    const all = { course: logic, year: 2026, student: 'bob' };
    expect(await found({ sitting: { startsWith: all } })).toEqual(['Logic 2026 bob']);
  });

  it('find those of given types, and of one type whatever their length', async () => {
    expect(await found({ room: { startsWith: { v0: 'A' } } })).toHaveLength(3);
    expect(await found({ room: { startsWith: { v0: 'A', v1: 1 } } })).toEqual(['Logic 2025 ada']);
    expect(await found({ marks: { startsWith: [3, 1] } })).toEqual([
      'Logic 2025 ada',
      'Logic 2026 ada',
    ]);
    expect(await found({ marks: { startsWith: [3, 1, 4] } })).toEqual(['Logic 2026 ada']);
  });

  it('go with other filters, and may be excluded', async () => {
    const ofLogic = { sitting: { startsWith: { course: logic } } };
    expect(await found({ _not: ofLogic })).toEqual(['Sets 2026 ada']);
    expect(await found({ ...ofLogic, room: { startsWith: { v0: 'B' } } })).toEqual([
      'Logic 2026 bob',
    ]);
  });

  it('stand in a document as well, with variables in their places', async () => {
    const query = `query($year: Long) {
      examConnection(where: { sitting: { startsWith: { course: "${logic}", year: $year } } }) { totalCount }
    }`;
    expect(await served.data(query, { year: 2025 })).toEqual({ examConnection: { totalCount: 1 } });
  });

  it.each([
    [{ sitting: { startsWith: { year: 2026 } } }, /course: expected a value/],
    [{ sitting: { startsWith: {} } }, /course: expected a value/],
    [{ sitting: { startsWith: { student: 'ada', course: 'x' } } }, /year: expected a value/],
    [{ sitting: { startsWith: { teacher: 1 } } }, /teacher: expected one of course, year, student/],
    [{ sitting: { startsWith: { course: 3 } } }, /course: expected the id of an entity/],
    [{ sitting: { startsWith: { course: 'x' } } }, /'x' is not an id/],
    [{ sitting: { startsWith: null } }, /is null/],
    [{ marks: { startsWith: [] } }, /a list of 1 to 8 values/],
  ])('are refused where they are none: %j', async (where, message) => {
    expect((await served.error(LIST, { where })).message).toMatch(message);
  });

  it('are JSON in an address, and part of a query in a body', async () => {
    const get = async (parameters: object): Promise<number> => {
      const { body } = await request(served.app)
        .get('/v1/school/exam')
        .query(parameters)
        .expect(200);
      return body.nodes.length as number;
    };
    const start = { course: logic, year: 2026 };
    expect(await get({ 'sitting.startsWith': JSON.stringify(start) })).toBe(2);
    expect(await get({ 'marks.startsWith': '[3,1]' })).toBe(2);
    expect(await get({ 'room.in': '{"v0":"A","v1":1}' })).toBe(1);
    const rooms = ['{"v0":"A","v1":1}', '{"v0":"B","v1":1}'];
    expect(await get({ 'room.in': rooms })).toBe(2);
    const { body } = await request(served.app)
      .post('/v1/school/exam/query')
      .send({ where: { _or: [{ sitting: { startsWith: start } }] } })
      .expect(200);
    expect(body.nodes).toHaveLength(2);
  });

  it('are described', () => {
    const model = buildModel(database.reader.current().attributes.values());
    const document = openApi(model, { database: 'school', isGuarded: false }) as Json;
    const { parameters } = document.paths['/exam'].get;
    const described = (name: string): Json => parameters.find((each: Json) => each.name === name);
    expect(Object.keys(described('sitting.startsWith').content)).toEqual(['application/json']);
    expect(described('room.in').schema.items.contentMediaType).toBe('application/json');
  });

  it('stand in rules', async () => {
    const guarded = await serve({
      access: {
        anonymous: ['visitor'],
        roles: {
          visitor: {
            types: {
              Course: { read: true },
              Exam: { read: { sitting: { startsWith: { course: logic, year: 2026 } } } },
            },
          },
        },
      },
    });
    expect(listed(await guarded.data(LIST))).toEqual(['Logic 2026 ada', 'Logic 2026 bob']);
    await guarded.stop();
  });
});

describe('a tuple with references', () => {
  const all = { course: '', year: '2026', student: 'bob' };

  it('is found by the ids that it is shown with', async () => {
    const sitting = { ...all, course: logic };
    const query =
      'query($by: ExamBy!) { exam(by: $by) { student sitting { course year student } } }';
    expect(await served.data(query, { by: { sitting } })).toEqual({
      exam: { student: 'bob', sitting },
    });
    expect(await found({ sitting: { eq: sitting } })).toEqual(['Logic 2026 bob']);
    expect(await found({ sitting: { in: [sitting] } })).toEqual(['Logic 2026 bob']);
    const path = `/v1/school/exam/by/sitting/${encodeURIComponent(JSON.stringify(sitting))}`;
    const { body } = await request(served.app).get(path).expect(200);
    expect(body.sitting).toEqual(sitting);
  });

  it('is written with ids, of entities that are there', async () => {
    const query = `mutation($input: ExamInput!) {
      createExam(input: $input) { exam { prize { v0 v1 } } } }`;
    const create = (prize: object) => served.send(query, { input: { student: 'eve', prize } });
    const prize = { v0: logic, v1: 'gold' };
    const { body } = await create(prize);
    expect(body.data.createExam.exam).toEqual({ prize });
    expect(await found({ prize: { eq: prize } })).toHaveLength(1);
    expect(await found({ prize: { startsWith: { v0: logic } } })).toHaveLength(1);
    const nowhere = Buffer.from('school:999999').toString('base64url');
    for (const v0 of [nowhere, 'x', 'tmp:x']) {
      const { body: refused } = await create({ v0, v1: 'gold' });
      expect(refused.errors[0].extensions.code).toMatch(/^(ENTITY_NOT_FOUND|BAD_USER_INPUT)$/);
    }
  });
});
