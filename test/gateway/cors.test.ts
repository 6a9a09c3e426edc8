import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const APP = 'https://app.example.com';
const ELSEWHERE = 'https://elsewhere.example.com';

let closed: ServedWorld;
let named: ServedWorld;
let open: ServedWorld;
beforeAll(async () => {
  closed = await serveWorld();
  named = await serveWorld({ origins: [APP] });
  open = await serveWorld({ origins: ['*', APP] });
});
afterAll(() => Promise.all([closed, named, open].map((world) => world.stop())));

const PATHS = ['/graphql', '/v1/world/city', '/health'];

function preflight({ app }: ServedWorld, origin: string, path: string): request.Test {
  return request(app)
    .options(path)
    .set('Origin', origin)
    .set('Access-Control-Request-Method', 'PATCH')
    .set('Access-Control-Request-Headers', 'authorization,if-match');
}

it.each(PATHS)('a page that is named may ask at %s', async (path) => {
  const { headers } = await preflight(named, APP, path).expect(204);
  expect(headers).toMatchObject({
    'access-control-allow-origin': APP,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': expect.stringContaining('PATCH') as string,
    'access-control-allow-headers': expect.stringMatching(/Authorization.*If-Match/) as string,
    'access-control-max-age': '7200',
    vary: 'Origin',
  });
});

it('its answers are shown to it, and to no other', async () => {
  const ask = (origin: string) =>
    request(named.app).get('/v1/world/city').set('Origin', origin).expect(200);
  const { headers } = await ask(APP);
  expect(headers).toMatchObject({
    'access-control-allow-origin': APP,
    'access-control-expose-headers': expect.stringMatching(
      /Datahike-Basis-T, Datahike-Warnings, ETag/,
    ) as string,
    vary: 'Origin, Accept, Authorization, Datahike-As-Of, Prefer',
  });
  const other = await ask(ELSEWHERE);
  expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  expect(other.headers['vary']).toBe(headers['vary']);
});

it.each([ELSEWHERE, 'null', `${APP}.evil.example`, 'https://app.example.com:8443'])(
  'no page of %s may ask',
  async (origin) => {
    for (const world of [closed, named])
      for (const path of PATHS) {
        const { headers } = await preflight(world, origin, path);
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual(
          [],
        );
      }
  },
);

it('all pages may ask where all are allowed, and none with credentials that is not named', async () => {
  const { headers } = await preflight(open, ELSEWHERE, '/graphql').expect(204);
  expect(headers['access-control-allow-origin']).toBe('*');
  expect(headers).not.toHaveProperty('access-control-allow-credentials');
  const app = await preflight(open, APP, '/graphql').expect(204);
  expect(app.headers['access-control-allow-credentials']).toBe('true');
});
