/** The audits of GraphQL over HTTP that come with `graphql-http`, and its rules for what a page elsewhere must not be able to send. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditServer } from 'graphql-http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServedWorld } from '../gateway/served-world.ts';
import { serveWorld } from '../gateway/served-world.ts';

let world: ServedWorld;
let server: Server;
let url: string;
beforeAll(async () => {
  world = await serveWorld();
  server = createServer(world.app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await world.stop();
});

it('passes every audit', async () => {
  const preflighted = (input: string, init: RequestInit = {}): Promise<Response> =>
    fetch(input, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), 'apollo-require-preflight': 'yes' },
    });
  const results = await auditServer({ url, fetchFn: preflighted });
  const failed = results.filter(({ status }) => status !== 'ok');
  expect(failed.map((result) => `${result.status}: ${result.name}`)).toEqual([]);
  expect(results).toHaveLength(61);
});

it('is not open to what a page elsewhere can send unasked', async () => {
  const { status } = await fetch(`${url}?query=%7B__typename%7D`);
  expect(status).toBe(400);
  const plain = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect(plain.ok).toBe(false);
});
