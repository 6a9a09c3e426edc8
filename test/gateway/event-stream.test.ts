/** Operations over Server-Sent Events: the protocol, and queries that are kept up to date. */
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf, listenOn, readEvents } from './listening.ts';
import type { Listening } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
let listening: Listening;
beforeAll(async () => {
  world = await serveWorld({ bodyLimitBytes: 10_000 });
  listening = await listenOn(world);
});
afterAll(async () => {
  await listening.close();
  await world.stop();
});

const rename = (cca2: string, name: string): Promise<unknown> =>
  world.data(
    `mutation { updateCountry(by: { cca2: "${cca2}" }, patch: { name: "${name}" }) { tx { t } } }`,
  );
const GERMANY = 'subscription { country(by: { cca2: "DE" }) { name } }';

describe('a query that is watched', () => {
  it('is answered at once, and again when what it says has changed', async () => {
    const client = createClient({ url: listening.url, retryAttempts: 0 });
    const answers = client.iterate({ query: GERMANY });
    expect(await answers.next()).toMatchObject({
      value: { data: { country: { name: 'Germany' } } },
    });
    await rename('DE', 'Allemagne');
    const { value } = await answers.next();
    expect(value).toMatchObject({ data: { country: { name: 'Allemagne' } } });
    expect(value?.extensions).toEqual({ basisT: String(world.reader.current().basisTx) });
    await answers.return?.();
    client.dispose();
    await rename('DE', 'Germany');
  });

  it('is not answered again for what it does not read', async () => {
    const events = await readEvents(listening.url, { query: GERMANY });
    await events.answer();
    await rename('FR', 'Frankreich');
    await rename('FR', 'France');
    await rename('DE', 'Deutschland');
    expect(await events.answer()).toMatchObject({ data: { country: { name: 'Deutschland' } } });
    events.cancel();
    await rename('DE', 'Germany');
  });

  it('follows lists, their filters, orders and lengths', async () => {
    const events = await readEvents(listening.url, {
      query: `subscription($like: String!) { countryConnection(where: { name: { startsWith: $like } }, orderBy: [{ name: ASC }]) {
        totalCount nodes { name } } }`,
      variables: { like: 'Zz' },
    });
    const names = async (): Promise<unknown> =>
      (await events.answer()).data.countryConnection.nodes.map(({ name }: Json) => name);
    expect(await names()).toEqual([]);
    await world.data('mutation { createCountry(input: { cca2: "Z1", name: "Zza" }) { tx { t } } }');
    expect(await names()).toEqual(['Zza']);
    await world.data('mutation { createCountry(input: { cca2: "Z2", name: "Zz" }) { tx { t } } }');
    expect(await names()).toEqual(['Zz', 'Zza']);
    await world.data('mutation { deleteCountry(by: { cca2: "Z1" }) { tx { t } } }');
    expect(await names()).toEqual(['Zz']);
    await world.data('mutation { deleteCountry(by: { cca2: "Z2" }) { tx { t } } }');
    expect(await names()).toEqual([]);
    events.cancel();
  });
});

describe('the protocol', () => {
  it('answers queries and mutations with one event', async () => {
    const client = createClient({ url: listening.url, retryAttempts: 0 });
    for (const query of [
      '{ country(by: { cca2: "FR" }) { name } }',
      'mutation { updateCountry(by: { cca2: "FR" }, patch: { name: "France" }) { country { name } } }',
    ]) {
      const answers: unknown[] = [];
      for await (const answer of client.iterate({ query })) answers.push(answer);
      expect(answers).toHaveLength(1);
      expect(JSON.stringify(answers)).toContain('{"name":"France"}');
    }
    client.dispose();
  });

  it.each([
    ['syntax', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['validation', { query: 'subscription { nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'two fields at once',
      { query: 'subscription { node(id: "") { id } other: node(id: "") { id } }' },
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a variable', { query: 'subscription($id: ID!) { node(id: $id) { id } }' }, 'BAD_USER_INPUT'],
    [
      'the cost',
      {
        query:
          'subscription { countryConnection(first: 1000) { nodes { borders(first: 1000) { name } } } }',
      },
      'COST_LIMIT_EXCEEDED',
    ],
  ])('says what is wrong with %s, and ends', async (_what, body, code) => {
    const events = await readEvents(listening.url, body);
    expect(events.response.status).toBe(200);
    const { errors } = await events.answer();
    expect(errors[0].extensions).toMatchObject({ code });
    expect(errors[0].extensions.requestId).toBe(events.response.headers.get('x-request-id'));
    expect(await events.next()).toEqual({ event: 'complete', data: '' });
    expect(await events.next()).toBeUndefined();
  });

  it.each([
    ['a body that is no JSON', {}, '{', 400, 'BAD_USER_INPUT'],
    ['a body that is no object', {}, '[]', 400, 'BAD_USER_INPUT'],
    ['a long body', {}, JSON.stringify({ query: ' '.repeat(20_000) }), 413, 'BODY_TOO_LARGE'],
    ['a form', { 'content-type': 'text/plain' }, '{}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'a position that is none',
      { 'last-event-id': 'x' },
      JSON.stringify({ query: GERMANY }),
      400,
      'BAD_USER_INPUT',
    ],
  ])('refuses %s', async (_what, headers, body, status, code) => {
    const response = await fetch(listening.url, {
      method: 'POST',
      body,
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    });
    expect(response.status).toBe(status);
    expect(((await response.json()) as Json).errors[0].extensions.code).toBe(code);
  });

  it('does not know other databases', async () => {
    const { response } = await readEvents(`${listening.url}/nowhere`, { query: GERMANY });
    expect(response.status).toBe(404);
  });

  it.each([
    [{}, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'apollo-require-preflight': '1' }, 200],
  ])('streams to a GET with %j: %d', async (headers, status) => {
    const controller = new AbortController();
    const response = await fetch(`${listening.url}?query=${encodeURIComponent(GERMANY)}`, {
      headers: { accept: 'text/event-stream', ...headers } as Record<string, string>,
      signal: controller.signal,
    });
    expect(response.status).toBe(status);
    if (status === 200) {
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(await eventsOf(response).answer()).toMatchObject({ data: { country: {} } });
    }
    controller.abort();
  });

  it('does not change anything for a GET', async () => {
    const query = 'mutation { deleteCountry(by: { cca2: "DE" }) { tx { t } } }';
    const response = await fetch(`${listening.url}?query=${encodeURIComponent(query)}`, {
      headers: { accept: 'text/event-stream', 'apollo-require-preflight': '1' },
    });
    expect(response.status).toBe(405);
    expect(await world.data('{ country(by: { cca2: "DE" }) { name } }')).not.toEqual({
      country: null,
    });
  });

  it('gives no stream to those who like something else better', async () => {
    const response = await fetch(listening.url, {
      method: 'POST',
      body: JSON.stringify({ query: GERMANY }),
      headers: {
        accept: 'application/json, text/event-stream;q=0.5',
        'content-type': 'application/json',
      },
    });
    expect(response.headers.get('content-type')).toMatch(/json/);
    const { errors } = (await response.json()) as Json;
    expect(errors[0].message).toMatch(/text\/event-stream/);
  });
});
