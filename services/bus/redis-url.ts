/**
 * URLs of Redis: one server, a cluster, or a server that sentinels watch over.
 *
 *     redis://user:password@host:port/database
 *     redis+cluster://user:password@host:port,host:port
 *     redis+sentinel://user:password@host:port,host:port/name/database
 *
 * `rediss` instead of `redis` is TLS, with `?sslrootcert=<file>` for an authority that the system does not know.
 */
import { readFileSync } from 'node:fs';
import { DatabaseError } from '../../engine/index.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

interface Access {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Undefined without TLS. */
  readonly tls: { readonly ca?: string } | undefined;
}

export type RedisPlace = Access &
  (
    | { readonly kind: 'server'; readonly address: RedisAddress; readonly database: number }
    | { readonly kind: 'cluster'; readonly addresses: ReadonlyArray<RedisAddress> }
    | {
        readonly kind: 'sentinel';
        readonly addresses: ReadonlyArray<RedisAddress>;
        /** Of the group whose master is wanted. */
        readonly name: string;
        readonly database: number;
        readonly sentinelUsername: string | undefined;
        readonly sentinelPassword: string | undefined;
      }
  );

const URL_PARTS =
  /^redis(?<tls>s?)(?:\+(?<kind>cluster|sentinel))?:\/\/(?:(?<login>.*)@)?(?<hosts>[^@/?]*)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/;
const DEFAULT_PORT = 6_379;
const DEFAULT_SENTINEL_PORT = 26_379;
const MAX_DATABASE = 2 ** 16;
const PARAMETERS = ['sslrootcert', 'sentinelUsername', 'sentinelPassword'];

/** @throws BAD_CONFIG with what was expected, and without the password */
export function parseRedisUrl(url: string): RedisPlace {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined) {
    throw badUrl('a URL of redis:// or rediss://, with +cluster or +sentinel behind the name', url);
  }
  const query = parametersOf(parts['query'] ?? '');
  const access = accessOf(parts['login'] ?? '', parts['tls'] === 's', query);
  const path = (parts['path'] ?? '').split('/').slice(1).map(decoded);
  const hosts = parts['hosts'] ?? '';
  switch (parts['kind']) {
    case 'cluster':
      if (path.some((part) => part !== '' && part !== '0')) {
        throw badUrl('no database behind the hosts, as a cluster has one', path.join('/'));
      }
      return { ...access, kind: 'cluster', addresses: addressesOf(hosts, DEFAULT_PORT) };
    case 'sentinel': {
      const [name = '', database] = path;
      if (name === '') throw badUrl('the name of a master behind the sentinels', hosts);
      return {
        ...access,
        kind: 'sentinel',
        addresses: addressesOf(hosts, DEFAULT_SENTINEL_PORT),
        name,
        database: databaseOf(database),
        sentinelUsername: query.get('sentinelUsername'),
        sentinelPassword: query.get('sentinelPassword'),
      };
    }
    default: {
      const [address, ...others] = addressesOf(hosts, DEFAULT_PORT);
      if (address === undefined || others.length > 0) {
        throw badUrl('one host, or a URL of redis+cluster:// or redis+sentinel://', hosts);
      }
      return { ...access, kind: 'server', address, database: databaseOf(path[0]) };
    }
  }
}

function parametersOf(query: string): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query));
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown === undefined) return parameters;
  throw badUrl(`no parameters but ${PARAMETERS.join(', ')}`, unknown);
}

function accessOf(login: string, hasTls: boolean, query: ReadonlyMap<string, string>): Access {
  const colon = login.indexOf(':');
  const username = colon < 0 ? login : login.slice(0, colon);
  const password = colon < 0 ? '' : login.slice(colon + 1);
  const authority = query.get('sslrootcert');
  if (authority !== undefined && !hasTls) throw badUrl('rediss with sslrootcert', 'redis');
  const tls = authority === undefined ? {} : { ca: readAuthority(authority) };
  return {
    username: username === '' ? undefined : decoded(username),
    password: password === '' ? undefined : decoded(password),
    tls: hasTls ? tls : undefined,
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw badUrl('a file of certificates in sslrootcert', path, error);
  }
}

function addressesOf(hosts: string, defaultPort: number): ReadonlyArray<RedisAddress> {
  return hosts.split(',').map((text) => {
    const { name, six, port } =
      /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:\s[\]]+))(?::(?<port>\d+))?$/.exec(text)?.groups ?? {};
    const host = six ?? name;
    const number = port === undefined ? defaultPort : Number(port);
    if (host === undefined || number < 1 || number > 65_535) {
      throw badUrl('hosts as host:port, separated by commas', text);
    }
    return { host, port: number };
  });
}

function databaseOf(text = ''): number {
  const number = text === '' ? 0 : Number(text);
  if (/^\d*$/.test(text) && number < MAX_DATABASE) return number;
  throw badUrl('the number of a database at the end', text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw badUrl('percent signs that encode something', 'a percent sign that does not', error);
  }
}

function badUrl(expected: string, got: string, cause?: unknown): DatabaseError {
  const masked = got.replace(/\/\/.*@/, '//***@');
  return new DatabaseError(
    'BAD_CONFIG',
    `The URL of Redis: expected ${expected}, got ${JSON.stringify(masked)}`,
    { cause },
  );
}
