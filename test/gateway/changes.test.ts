/** What transactions do to the entities that a caller follows. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import type { EventReader, Listening } from './listening.ts';
import { listenOn, readEvents } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Cities of countries that are independent, without their population, and countries that are. */
const ACCESS: AccessConfig = {
  tokens: [
    { name: 'admin', sha256: sha256('admin'), roles: ['admin'] },
    { name: 'visitor', sha256: sha256('visitor'), roles: ['visitor'] },
  ],
  roles: {
    admin: { types: { '*': { read: true, create: true, update: true, delete: true } } },
    visitor: {
      types: {
        Country: { read: { independent: { eq: true } } },
        City: {
          read: { country: { independent: { eq: true } } },
          fields: { population: { read: false } },
        },
      },
    },
  },
};

let world: ServedWorld;
let listening: Listening;
const open: EventReader[] = [];
beforeAll(async () => {
  world = await serveWorld({ access: ACCESS });
  listening = await listenOn(world);
});
afterEach(() => {
  for (const events of open.splice(0)) events.cancel();
});
afterAll(async () => {
  await listening.close();
  await world.stop();
});

const as = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

async function change(operation: string): Promise<Json> {
  const { body } = (await world.send(`mutation { ${operation} }`, {}, as('admin'))) as {
    body: Json;
  };
  if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
  return body.data;
}

async function follow(
  query: string,
  { token = 'admin', headers = {} }: { token?: string; headers?: Record<string, string> } = {},
): Promise<EventReader> {
  const events = await readEvents(
    listening.url,
    { query: `subscription { ${query} }` },
    { ...as(token), ...headers },
  );
  open.push(events);
  // Where the stream begins.
  if (!query.includes('since') && headers['last-event-id'] === undefined)
    expect(Object.keys((await events.next()) ?? {})).toEqual(['id']);
  return events;
}

const CHANGES = 'changes { field removed added }';

describe('changes', () => {
  it('are told of entities that come, change and go', async () => {
    const events = await follow(
      `countryChanged { kind id entity { name } ${CHANGES} tx { t } cursor __typename }`,
    );
    const { createCountry } = await change(
      'createCountry(input: { cca2: "XX", name: "Ex" }) { country { id } tx { t } }',
    );
    const { id } = createCountry.country;
    const { t } = createCountry.tx;
    expect(await events.answer()).toEqual({
      data: {
        countryChanged: {
          kind: 'ADDED',
          id,
          entity: { name: 'Ex' },
          changes: [
            { field: 'cca2', removed: [], added: ['XX'] },
            { field: 'name', removed: [], added: ['Ex'] },
          ],
          tx: { t },
          cursor: `${t}.1`,
          __typename: 'CountryChange',
        },
      },
      extensions: { basisT: t },
    });
    await change('updateCountry(by: { cca2: "XX" }, patch: { name: "Ecks" }) { tx { t } }');
    expect((await events.answer()).data.countryChanged).toMatchObject({
      kind: 'UPDATED',
      entity: { name: 'Ecks' },
      changes: [{ field: 'name', removed: ['Ex'], added: ['Ecks'] }],
    });
    await change('deleteCountry(by: { cca2: "XX" }) { tx { t } }');
    expect((await events.answer()).data.countryChanged).toMatchObject({
      kind: 'REMOVED',
      id,
      entity: null,
      changes: [],
    });
  });

  it('are told of entities that come to meet a filter through others', async () => {
    const events = await follow(
      'cityChanged(where: { country: { name: { eq: "Gaul" } } }) { kind entity { name } changes { field } }',
    );
    await change('updateCountry(by: { cca2: "FR" }, patch: { name: "Gaul" }) { tx { t } }');
    const { nodes } = (
      await world.send(
        '{ cityConnection(where: { country: { cca2: { eq: "FR" } } }) { nodes { name } } }',
        {},
        as('admin'),
      )
    ).body.data.cityConnection as Json;
    expect(nodes.length).toBeGreaterThan(0);
    for (const entity of nodes)
      expect((await events.answer()).data.cityChanged).toEqual({
        kind: 'ADDED',
        entity,
        changes: [],
      });
    await change('updateCountry(by: { cca2: "FR" }, patch: { name: "France" }) { tx { t } }');
    for (const entity of nodes)
      expect((await events.answer()).data.cityChanged).toEqual({
        kind: 'REMOVED',
        entity,
        changes: [],
      });
  });

  it('begin where a stream was left, and each is told once', async () => {
    const { createCountry } = await change(
      'createCountry(input: { cca2: "XA", name: "A" }) { tx { t } }',
    );
    const { deleteCountry } = await change('deleteCountry(by: { cca2: "XA" }) { tx { t } }');
    const since = String(Number(createCountry.tx.t) - 1);
    const all = await follow(`countryChanged(since: "${since}") { kind cursor }`);
    expect((await all.answer()).data.countryChanged.kind).toBe('ADDED');
    const { cursor } = (await all.answer()).data.countryChanged;
    expect(cursor).toBe(`${deleteCountry.tx.t}.1`);
    for (const rest of [
      await follow(`countryChanged(since: "${createCountry.tx.t}.1") { kind cursor }`),
      await follow('countryChanged { kind cursor }', {
        headers: { 'last-event-id': `${createCountry.tx.t}.1` },
      }),
    ])
      expect((await rest.answer()).data.countryChanged).toEqual({ kind: 'REMOVED', cursor });
  });

  it('of one transaction are gone on with where they were left', async () => {
    const events = await follow('cityChanged(where: { country: { name: { eq: "Gaul" } } }) { id }');
    const { updateCountry } = await change(
      'updateCountry(by: { cca2: "FR" }, patch: { name: "Gaul" }) { tx { t } }',
    );
    const first = await events.next();
    expect(first?.['id']).toBe(`${updateCountry.tx.t}.1`);
    const second = await events.next();
    await change('updateCountry(by: { cca2: "FR" }, patch: { name: "France" }) { tx { t } }');
    const again = await follow('cityChanged(where: { country: { name: { eq: "Gaul" } } }) { id }', {
      headers: { 'last-event-id': first?.['id'] ?? '' },
    });
    expect(await again.next()).toEqual(second);
  });

  it.each([
    ['since: "soon"', 'BAD_USER_INPUT'],
    ['where: { name: { eq: null } }', 'BAD_USER_INPUT'],
    ['where: { name: {} }', 'BAD_USER_INPUT'],
  ])('cannot be followed with %s', async (args, code) => {
    const events = await readEvents(
      listening.url,
      { query: `subscription { countryChanged(${args}) { id } }` },
      as('admin'),
    );
    const { errors } = await events.answer();
    expect(errors[0].extensions.code).toBe(code);
  });
});

describe('what a caller may not see', () => {
  it('is not told, also not by what happens to it', async () => {
    const events = await follow(
      `cityChanged { kind entity { name country { cca2 } } ${CHANGES} }`,
      {
        token: 'visitor',
      },
    );
    // The population is hidden, so nothing happens.
    await change('createCity(input: { name: "Hid", population: 1 }) { tx { t } }');
    const { createCity } = await change(
      'createCity(input: { name: "Nova", population: 1, country: { link: { cca2: "FR" } } }) { city { id } tx { t } }',
    );
    expect((await events.answer()).data.cityChanged).toMatchObject({
      kind: 'ADDED',
      changes: [
        { field: 'name', removed: [], added: ['Nova'] },
        { field: 'country', removed: [], added: [expect.any(String)] },
      ],
    });
    const by = `by: { id: "${createCity.city.id}" }`;
    await change(`updateCity(${by}, patch: { population: 2 }) { tx { t } }`);
    await change(`updateCity(${by}, patch: { name: "Secunda" }) { tx { t } }`);
    expect((await events.answer()).data.cityChanged).toMatchObject({
      kind: 'UPDATED',
      changes: [{ field: 'name', removed: ['Nova'], added: ['Secunda'] }],
    });
    await change(
      'createCountry(input: { cca2: "XY", name: "Colony", independent: false }) { tx { t } }',
    );
    await change(
      `updateCity(${by}, patch: { name: "Tertia", country: { link: { cca2: "XY" } } }) { tx { t } }`,
    );
    expect((await events.answer()).data.cityChanged).toEqual({
      kind: 'REMOVED',
      entity: null,
      changes: [],
    });
    await change(`updateCity(${by}, patch: { name: "Quarta" }) { tx { t } }`);
    // It becomes visible by what happens to its country: what it was called before is not told.
    await change('updateCountry(by: { cca2: "XY" }, patch: { independent: true }) { tx { t } }');
    expect((await events.answer()).data.cityChanged).toEqual({
      kind: 'ADDED',
      entity: { name: 'Quarta', country: { cca2: 'XY' } },
      changes: [],
    });
    await change('updateCountry(by: { cca2: "XY" }, patch: { independent: false }) { tx { t } }');
    expect((await events.answer()).data.cityChanged.kind).toBe('REMOVED');
    await change(`deleteCity(${by}) { tx { t } }`);
    await change('deleteCountry(by: { cca2: "XY" }) { tx { t } }');
  });

  it('is no value of a reference', async () => {
    await change(
      'createCountry(input: { cca2: "XY", name: "Colony", independent: false }) { tx { t } }',
    );
    const events = await follow(
      `countryChanged(where: { cca2: { eq: "FR" } }) { kind ${CHANGES} }`,
      {
        token: 'visitor',
      },
    );
    await change(
      'updateCountry(by: { cca2: "FR" }, patch: { borders: { add: [{ link: { cca2: "XY" } }] } }) { tx { t } }',
    );
    await change('deleteCountry(by: { cca2: "XY" }) { tx { t } }');
    await change('updateCountry(by: { cca2: "FR" }, patch: { area: 1.5 }) { tx { t } }');
    expect((await events.answer()).data.countryChanged).toMatchObject({
      kind: 'UPDATED',
      changes: [{ field: 'area', removed: [expect.any(Number)], added: [1.5] }],
    });
  });

  it('is what was long ago', async () => {
    const since = String(world.reader.current().basisTx - 1);
    const query = `subscription { cityChanged(since: "${since}") { id } }`;
    const soon = await readEvents(listening.url, { query }, as('visitor'));
    expect(soon.response.status).toBe(200);
    soon.cancel();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      const late = await readEvents(listening.url, { query }, as('visitor'));
      expect((await late.answer()).errors[0].extensions.code).toBe('FORBIDDEN');
    } finally {
      vi.useRealTimers();
    }
  });

  it('is in no live query', async () => {
    const events = await follow('cityConnection(where: { name: { eq: "Nova" } }) { totalCount }', {
      token: 'visitor',
      headers: { 'last-event-id': '1' },
    });
    expect((await events.answer()).data.cityConnection.totalCount).toBe(0);
    await change('createCity(input: { name: "Nova" }) { tx { t } }');
    await change(
      'createCity(input: { name: "Nova", country: { link: { cca2: "FR" } } }) { tx { t } }',
    );
    expect((await events.answer()).data.cityConnection.totalCount).toBe(1);
    await change('updateCountry(by: { cca2: "FR" }, patch: { independent: false }) { tx { t } }');
    expect((await events.answer()).data.cityConnection.totalCount).toBe(0);
    await change('updateCountry(by: { cca2: "FR" }, patch: { independent: true }) { tx { t } }');
  });
});
