/** What is kept of views that are served no more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import { createHash } from 'node:crypto';
import { attribute } from './world.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const NAMES = Array.from({ length: 110 }, (_, i) => `role${i}`);

const ACCESS: AccessConfig = {
  tokens: NAMES.map((name) => ({
    name,
    sha256: createHash('sha256').update(name).digest('hex'),
    roles: [name],
  })),
  roles: Object.fromEntries(NAMES.map((name) => [name, { types: { City: { read: true } } }])),
};

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld({ access: ACCESS });
});
afterAll(() => world.stop());

/** What holds a process up, or is called by it. */
function held(): object {
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const names = process.eventNames();
  return { timers, listeners: names.map((name) => [name, process.listenerCount(name)]) };
}

const cities = async (token: string): Promise<Json> =>
  (
    (
      await world.sendHere(
        '{ cityConnection { totalCount } }',
        {},
        { Authorization: `Bearer ${token}` },
      )
    ).body as Json
  ).data.cityConnection.totalCount;

it('leaves no timer and no listener of schemas that were replaced, nor of views that others took the place of', async () => {
  expect(await cities('role0')).toBe(9);
  const before = held();
  for (let i = 0; i < 5; i++) {
    await world.writer.transact({ txData: [attribute(`city/new-${i}`, 'string')] });
    await expect.poll(() => cities('role0')).toBe(9);
  }
  // More of them than are kept.
  for (const name of NAMES) expect(await cities(name)).toBe(9);
  await expect.poll(held).toEqual(before);
});

it('tells the first hundred mistakes of a document', async () => {
  const fields = Array.from({ length: 99 }, (_, i) => `wrong${i}`).join(' ');
  const { body } = (await world.sendHere(
    `{ cityConnection { nodes { ${fields} } more: nodes { ${fields} } } }`,
    {},
    { Authorization: 'Bearer role0' },
  )) as { body: Json };
  expect(body.errors).toHaveLength(101);
  expect(body.errors[100].message).toMatch(/Too many validation errors/);
});
