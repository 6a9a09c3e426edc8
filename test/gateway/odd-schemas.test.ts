/** Schemas that are hard to serve: names that meet in the API, and attributes that come while somebody asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../services/reader/reader.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWith } from './world-database.ts';

const IDENTS = [
  'a/b-c',
  'a/b_c',
  'a/bC',
  'a_b/c',
  'a-b/c',
  'a/__typename',
  'a/_meta',
  'a/2fa',
  'a/größe',
  'a/名前',
  'a/id',
  'a/history',
  '__schema/name',
  '2d/x',
  'query/name',
  'plain',
  'x.y/z?',
];

/** In transactions such a name leads backwards, so that nothing can be said under it. */
const WRITABLE = IDENTS.filter((ident) => !ident.includes('/_'));

describe('names that meet in the API', () => {
  let database: WorldDatabase;
  let served: ServedWorld;
  beforeAll(async () => {
    database = await openWith(
      'odd',
      IDENTS.map((ident) => attribute(ident, 'string')),
      [entity(Object.fromEntries(WRITABLE.map((ident) => [ident, `value of ${ident}`])))],
    );
    served = await serveWorld({
      databases: alwaysOpen(new Map([['odd', database]])),
      defaultDatabase: 'odd',
    });
  });
  afterAll(async () => {
    await served.stop();
    await database.close();
  });

  it('are all there, each under a name of its own', async () => {
    const { __schema: schema } = await served.data(
      '{ __schema { types { name kind fields { name description } interfaces { name } } } }',
    );
    const types = (schema.types as Json[]).filter(
      ({ kind, interfaces }) =>
        kind === 'OBJECT' && interfaces.some(({ name }: Json) => name === 'Entity'),
    );
    const names = types.flatMap(({ name, fields }) =>
      fields.map((field: Json) => `${name}.${field.name}`),
    ) as string[];
    expect(new Set(names).size).toBe(names.length);
    const own = names.filter((name) => !/\.(id|facets|_meta|_.*By.*)$/.test(name));
    expect(own).toHaveLength(IDENTS.length);
    for (const name of own) expect(name).toMatch(/^[A-Z]\w*\.[a-z]\w*$/i);
    const values = await Promise.all(
      own.map(async (path) => {
        const [type = '', field = ''] = path.split('.');
        const list = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}Connection`;
        const data = await served.data(`{ ${list} { nodes { ${field} } } }`);
        return data[list].nodes[0][field] as string | null;
      }),
    );
    expect(new Set(values)).toEqual(
      new Set([null, ...WRITABLE.map((ident) => `value of ${ident}`)]),
    );
  });

  it('are the same however often they are made', async () => {
    const again = await serveWorld({
      databases: alwaysOpen(new Map([['odd', database]])),
      defaultDatabase: 'odd',
    });
    const sdl = '{ _service { sdl } }';
    expect(await again.data(sdl)).toEqual(await served.data(sdl));
    await again.stop();
  });
});

it('a query that runs while the schema changes ends on the one that it began with', async () => {
  const database = await openWith(
    'changing',
    [attribute('thing/name', 'string')],
    [entity({ 'thing/name': 'one' })],
  );
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  let goOn = (): void => undefined;
  const released = new Promise<void>((resolve) => (goOn = resolve));
  let isHeld = false;
  const holding = (snapshot: Snapshot): Snapshot =>
    new Proxy(snapshot, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name === 'baseFacts') return value.bind(target) as unknown;
        return async (...args: unknown[]) => {
          if (isHeld && name === 'project') {
            asked();
            await released;
          }
          return (await value.apply(target, args)) as unknown;
        };
      },
    });
  const reader = {
    ...database.reader,
    snapshot: async (...options: Parameters<typeof database.reader.snapshot>) =>
      holding(await database.reader.snapshot(...options)),
  };
  const served = await serveWorld({
    databases: alwaysOpen(new Map([['changing', { reader, writer: database.writer }]])),
    defaultDatabase: 'changing',
  });
  const query = '{ thingConnection { nodes { name } } }';
  expect((await served.data(query)).thingConnection.nodes).toEqual([{ name: 'one' }]);
  isHeld = true;
  const running = served.sendHere(query);
  // Supertest sends when it is waited for.
  const answered = running.then(({ body }) => body as Json);
  await isAsked;
  await database.writer.transact({ txData: [attribute('thing/colour', 'string')] });
  isHeld = false;
  const colours = '{ thingConnection { nodes { name colour } } }';
  await expect
    .poll(async () => ((await served.sendHere(colours)).body as Json).errors)
    .toBeUndefined();
  goOn();
  const { data, errors } = await answered;
  expect(errors).toBeUndefined();
  expect(data.thingConnection.nodes).toEqual([{ name: 'one' }]);
  await served.stop();
  await database.close();
});
