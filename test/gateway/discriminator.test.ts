/** Entities of several types that say themselves under which they are shown. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveDatabase } from './served-world.ts';
import { attribute, entity } from './world.ts';

let served: ServedWorld;

beforeAll(async () => {
  served = await serveDatabase(
    'firm',
    [
      [
        attribute('person/email', 'string', { 'db/unique': kw('db.unique/identity') }),
        attribute('employee/number', 'long'),
        attribute('thing/kind', 'keyword'),
        attribute('badge/code', 'string', { 'db/unique': kw('db.unique/identity') }),
        attribute('badge/holder', 'ref'),
      ],
      ['person', 'employee', 'company'].flatMap((kind, i) => [
        entity({
          'db/id': kind,
          'person/email': kind,
          'employee/number': i,
          'thing/kind': kw(kind),
        }),
        entity({ 'badge/code': kind, 'badge/holder': kind }),
      ]),
    ],
    { modelConfigOf: () => ({ discriminator: kw('thing/kind') }) },
  );
});

afterAll(() => served.stop());

it.each([
  ['person', 'Person'],
  ['employee', 'Employee'],
  // There is no such type, so that it is found as ever.
  ['company', 'Person'],
])('%s is a %s, by its id and where a reference leads to it', async (code, type) => {
  const { badge } = (await served.data(
    `{ badge(by: { code: "${code}" }) { holder { __typename id ... on Employee { number } } } }`,
  )) as Json;
  expect(badge.holder.__typename).toBe(type);
  expect('number' in badge.holder).toBe(type === 'Employee');
  const { node } = await served.data(`{ node(id: "${badge.holder.id}") { __typename id } }`);
  expect(node).toEqual({ __typename: type, id: badge.holder.id });
});
