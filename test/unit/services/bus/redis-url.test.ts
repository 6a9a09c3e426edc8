import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parseRedisUrl } from '../../../../services/bus/redis-url.ts';

const open = { username: undefined, password: undefined, tls: undefined };
const local = (port: number) => ({ host: 'localhost', port });
const authority = resolve('test/fixtures/tls/ca.crt');

it.each([
  ['redis://localhost', { ...open, kind: 'server', address: local(6_379), database: 0 }],
  ['redis://localhost:7000/3', { ...open, kind: 'server', address: local(7_000), database: 3 }],
  ['redis://[::1]:7000/', { kind: 'server', address: { host: '::1', port: 7_000 } }],
  ['redis://me:p%40ss@localhost', { kind: 'server', username: 'me', password: 'p@ss' }],
  ['redis://:a@b@localhost', { kind: 'server', username: undefined, password: 'a@b' }],
  ['rediss://localhost', { kind: 'server', tls: {} }],
  [
    `rediss://localhost?sslrootcert=${authority}`,
    { tls: { ca: expect.stringContaining('BEGIN CERTIFICATE') as string } },
  ],
  [
    'redis+cluster://localhost:1,localhost:2,other',
    { ...open, kind: 'cluster', addresses: [local(1), local(2), { host: 'other', port: 6_379 }] },
  ],
  ['rediss+cluster://:secret@localhost/0', { kind: 'cluster', password: 'secret', tls: {} }],
  [
    'redis+sentinel://localhost,localhost:2/main/4',
    {
      ...open,
      kind: 'sentinel',
      addresses: [local(26_379), local(2)],
      name: 'main',
      database: 4,
      sentinelUsername: undefined,
      sentinelPassword: undefined,
    },
  ],
  [
    'rediss+sentinel://me:one@localhost/main?sentinelUsername=you&sentinelPassword=two',
    { password: 'one', sentinelUsername: 'you', sentinelPassword: 'two', database: 0, tls: {} },
  ],
])('reads %s', (url, place) => {
  expect(parseRedisUrl(url)).toMatchObject(place);
});

it.each([
  ['http://localhost', 'a URL of redis:// or rediss://'],
  ['redis+other://localhost', 'a URL of redis:// or rediss://'],
  ['redis://', 'hosts as host:port'],
  ['redis://localhost:0', 'hosts as host:port'],
  ['redis://localhost:70000', 'hosts as host:port'],
  ['redis://localhost:x', 'hosts as host:port'],
  ['redis+cluster://one:1,,two:2', 'hosts as host:port'],
  ['redis://one:1,two:2', 'redis+cluster:// or redis+sentinel://'],
  ['redis://localhost/x', 'the number of a database'],
  ['redis://localhost/-1', 'the number of a database'],
  ['redis+cluster://localhost/1', 'no database behind the hosts'],
  ['redis+sentinel://localhost', 'the name of a master'],
  ['redis+sentinel://localhost/main/x', 'the number of a database'],
  ['redis://localhost?db=1', 'no parameters but sslrootcert'],
  ['redis://localhost?sslrootcert=x', 'rediss with sslrootcert'],
  ['rediss://localhost?sslrootcert=/no/such/file', 'a file of certificates'],
  ['redis://me:%zz@localhost', 'percent signs'],
])('refuses %s', (url, expected) => {
  expect(() => parseRedisUrl(url)).toThrow(
    expect.objectContaining({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(expected) as string,
    }),
  );
});

it('shows no password', () => {
  for (const url of ['http://me:secret@localhost', 'redis+other://:secret@localhost']) {
    expect(() => parseRedisUrl(url)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') as string }),
    );
  }
});
