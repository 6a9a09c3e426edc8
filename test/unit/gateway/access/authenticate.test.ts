import { createHash } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { createAuthenticator } from '../../../../gateway/access/authenticate.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const authenticate = createAuthenticator({
  roles: {},
  tokens: [
    { name: 'short', sha256: sha256('both'), roles: [], expires: '2030-01-02T00:00:00Z' },
    { name: 'shorter', sha256: sha256('both'), roles: [], expires: '2030-01-01T00:00:00Z' },
    { name: 'shouted', sha256: sha256('other').toUpperCase(), roles: ['reader'] },
  ],
});

afterEach(() => {
  vi.useRealTimers();
});

it('knows the bearer of a token at once, and as the same each time', () => {
  const first = authenticate('Bearer other');
  expect(first).toMatchObject({ name: 'shouted', roles: ['reader'] });
  expect(authenticate('bearer  other')).toBe(first);
});

it('lets a token go when it expires, however often it came before', () => {
  vi.useFakeTimers({ now: Date.parse('2029-12-31T23:59:59Z'), toFake: ['Date'] });
  for (let i = 0; i < 2; i++)
    expect(authenticate('Bearer both')).toMatchObject({ name: 'shorter' });
  vi.setSystemTime(Date.parse('2030-01-01T00:00:00Z'));
  expect(authenticate('Bearer both')).toMatchObject({ name: 'short' });
  vi.setSystemTime(Date.parse('2030-01-02T00:00:00Z'));
  expect(() => authenticate('Bearer both')).toThrow(/not known, or not valid any more/);
});

it.each(['both', 'Bearer', 'Bearer both other', 'Basic both', 'Bearer unknown'])(
  'refuses %s',
  (authorization) => {
    expect(() => authenticate(authorization)).toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error,
    );
  },
);
