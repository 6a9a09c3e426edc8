/** The tests of REST once more, behind a proxy that holds every request and answer against the document. */
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { afterAll, expect, it } from 'vitest';
import { openApi } from '../../gateway/generate/rest/openapi.ts';
import { serving } from '../gateway/served-world.ts';
import { modelOfWorld } from '../gateway/world-database.ts';
import type { ProxiedApp } from './prism-proxy.ts';
import { throughPrism } from './prism-proxy.ts';

const proxies: ProxiedApp[] = [];

serving.through = async (app, document) => {
  const proxied = await throughPrism(app, '/v1/world', document);
  proxies.push(proxied);
  return proxied.app;
};

await import('../gateway/rest.test.ts');
await import('../gateway/rest-query.test.ts');
await import('../gateway/rest-writes.test.ts');

it('finds what the document does not say', async () => {
  const odd: RequestListener = (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"nodes": 5}');
  };
  const document = openApi(await modelOfWorld(), { database: 'world', isGuarded: false });
  const { app, violations, close } = await throughPrism(odd, '/v1/world', document);
  await request(app).get('/v1/world/city?first=many');
  await close();
  expect(violations.join('\n')).toContain('response.body');
  expect(violations.join('\n')).toContain('request.query.first');
});

// Tests run in the order of their declaration: this one looks back on those that were imported.
it('finds nothing that the document does not say', () => {
  expect(proxies.length).toBeGreaterThan(0);
  expect(proxies.flatMap(({ violations }) => violations)).toEqual([]);
});

afterAll(async () => {
  for (const { close } of proxies) await close();
});
