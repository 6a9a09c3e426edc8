import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, type ConfigSources } from '../../../config/config.ts';
import { testFolder } from '../../support/test-folder.ts';

const folder = await testFolder();

let files = 0;
function fileOf(content: unknown): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const load = (sources: ConfigSources = {}) => loadConfig({ env: {}, ...sources });
const url = 'postgres://gateway:secret@localhost/gateway';

function messageOf(sources: ConfigSources): string {
  try {
    load(sources);
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_CONFIG' });
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('Expected the configuration to be refused');
}

describe('defaults', () => {
  it('keep data in a folder and serve this machine only', () => {
    expect(load()).toEqual({
      api: {
        access: undefined,
        extensions: [],
        sets: {},
        models: {},
        operations: new Map(),
        onlyOperations: false,
        limits: {
          maxCost: 100_000,
          maxDepth: 20,
          maxAliases: 100,
          maxDirectives: 100,
          maxRootFields: 50,
          maxTokens: 5_000,
        },
      },
      store: { kind: 'file', directory: './data', cache: { kind: 'none' } },
      bus: { kind: 'none' },
      databases: ['world'],
      http: {
        host: '127.0.0.1',
        port: 4000,
        origins: [],
        rate: { requestsPerMinute: 60_000, costPerMinute: 30_000_000 },
        trustedProxies: 0,
        maxStreams: 10_000,
        maxStreamsPerCaller: 1_000,
        receiveTimeoutMs: 30_000,
        maxHeaderBytes: 32_768,
        maxUrlBytes: 16_384,
      },
      writer: {
        host: '127.0.0.1',
        port: 4400,
        leaseTtlMs: 2000,
        address: null,
        standby: false,
        foldThreshold: 200_000,
      },
      datahike: {
        enabled: false,
        host: '127.0.0.1',
        port: 4444,
        tokens: [],
        isOpen: false,
        origins: ['http://localhost', 'http://localhost:8080'],
        maxAgeSeconds: undefined,
      },
      collect: { intervalMs: 3_600_000, retainDays: 1, readerLeaseMs: 60_000 },
      open: { idleMs: 300_000, maxOpen: 1_000 },
      bodyLimitBytes: 1_048_576,
      requireIfMatch: false,
      query: {
        timeoutMs: 30_000,
        maxRows: 5_000_000,
        maxBytes: 268_435_456,
        maxRounds: 100_000,
      },
      pollIntervalMs: 1000,
      nodeCacheBytes: 268_435_456,
      logLevel: 'info',
      development: false,
    });
  });

  it('use PostgreSQL for everything where it is all there is', () => {
    const { store, bus } = load({ env: { DATABASE_URL: url } });
    expect(store).toEqual({
      kind: 'postgres',
      url,
      schema: 'datahike_gateway',
      poolSize: 8,
      connectTimeoutMs: 2_000,
      statementTimeoutMs: 15_000,
      idleTimeoutMs: 30_000,
      keepAliveMs: 5_000,
      durability: 'required',
      cache: { kind: 'none' },
    });
    expect(bus).toEqual({ kind: 'postgres', url });
  });

  it('cache nodes on the disk where there is a folder for them', () => {
    const cacheOf = (env: Readonly<Record<string, string>>) => load({ env }).store.cache;
    const DATAHIKE_GATEWAY_CACHE_DIRECTORY = '/cache';
    expect(cacheOf({ DATAHIKE_GATEWAY_CACHE_DIRECTORY })).toEqual({
      kind: 'file',
      directory: '/cache',
      maxBytes: 4_294_967_296,
    });
    expect(cacheOf({ DATAHIKE_GATEWAY_CACHE_DIRECTORY, DATAHIKE_GATEWAY_CACHE: 'none' })).toEqual({
      kind: 'none',
    });
    expect(
      cacheOf({ DATAHIKE_GATEWAY_CACHE: 'memory', DATAHIKE_GATEWAY_CACHE_BYTES: '1048576' }),
    ).toEqual({ kind: 'memory', maxBytes: 1_048_576 });
  });

  it('announce over Redis where it is there', () => {
    const env = { DATABASE_URL: url, REDIS_URL: 'redis://localhost' };
    expect(load({ env }).bus).toEqual({ kind: 'redis', url: 'redis://localhost' });
  });

  it('announce over what the URL of the bus names', () => {
    const busOf = (env: Readonly<Record<string, string>>) =>
      load({ env: { DATABASE_URL: url, ...env } }).bus;
    const direct = 'postgres://gateway@direct/gateway';
    expect(busOf({ DATAHIKE_GATEWAY_BUS_URL: direct })).toEqual({ kind: 'postgres', url: direct });
    const cluster = 'redis+cluster://one:1,two:2';
    expect(busOf({ DATAHIKE_GATEWAY_BUS_URL: cluster, REDIS_URL: 'redis://localhost' })).toEqual({
      kind: 'redis',
      url: cluster,
    });
    expect(busOf({ REDIS_URL: 'redis://localhost', DATAHIKE_GATEWAY_BUS: 'postgres' })).toEqual({
      kind: 'postgres',
      url,
    });
  });
});

describe('sources', () => {
  it('win in the order command line, environment, file', () => {
    const file = fileOf({
      http: { port: 1, host: 'a' },
      writer: { port: 1 },
      databases: ['a', 'b'],
    });
    const env = { PORT: '2', HOST: '' };
    const config = load({ file, env, overrides: { 'http.port': '3', 'writer.port': undefined } });
    expect(config.http).toMatchObject({ host: 'a', port: 3, origins: [] });
    expect(config.writer.port).toBe(1);
    expect(config.databases).toEqual(['a', 'b']);
    expect(load({ file, env }).http.port).toBe(2);
  });

  it('read the operations of applications, as Apollo or Relay writes them', () => {
    const body = '{ __typename }';
    const apollo = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'a', name: 'A', type: 'query', body }],
    };
    for (const manifest of [apollo, { a: body }])
      expect(load({ overrides: { 'api.operations': fileOf(manifest) } }).api.operations).toEqual(
        new Map([['a', body]]),
      );
    const broken = { overrides: { 'api.operations': fileOf({ ...apollo, version: 2 }) } };
    expect(messageOf(broken)).toMatch(/Expected operations/);
    expect(messageOf({ overrides: { 'api.onlyOperations': true } })).toMatch(
      /DATAHIKE_GATEWAY_OPERATIONS: expected the path/,
    );
  });

  it('read sets of databases as texts and as objects', () => {
    const sets = { customers: ['acme', 'globex'], all: ['customer-*'] };
    const env = { DATAHIKE_GATEWAY_SETS: 'customers=acme, globex; all=customer-*' };
    const file = fileOf({ api: { sets: { ...sets, all: 'customer-*' } } });
    for (const sources of [{ env }, { file }]) expect(load(sources).api.sets).toEqual(sets);
  });

  it('read the file that the environment names', () => {
    const env = { DATAHIKE_GATEWAY_CONFIG: fileOf({ store: { kind: 'memory' } }) };
    expect(load({ env }).store).toEqual({ kind: 'memory', cache: { kind: 'none' } });
  });

  it('read texts of variables as numbers, flags and lists', () => {
    const env = {
      DATAHIKE_GATEWAY_DATABASES: 'one, two',
      DATAHIKE_GATEWAY_DEVELOPMENT: 'true',
      DATAHIKE_GATEWAY_NODE_CACHE_BYTES: '2097152',
      DATAHIKE_GATEWAY_LOG_LEVEL: 'debug',
      DATAHIKE_GATEWAY_ORIGINS: 'https://app.example.com, http://localhost:3000',
    };
    expect(load({ env })).toMatchObject({
      http: { origins: ['https://app.example.com', 'http://localhost:3000'] },
      databases: ['one', 'two'],
      development: true,
      nodeCacheBytes: 2_097_152,
      logLevel: 'debug',
    });
  });
});

describe('mistakes', () => {
  it.each<readonly [ConfigSources, string]>([
    [{ env: { PORT: 'abc' } }, 'PORT: expected a whole number from 0 to 65535, got "abc"'],
    [{ env: { PORT: '65536' } }, 'PORT: expected a whole number from 0 to 65535, got "65536"'],
    [
      { overrides: { 'http.port': -1 } },
      'http.port: expected a whole number from 0 to 65535, got -1',
    ],
    [
      { env: { DATAHIKE_GATEWAY_STORE: 'mysql' } },
      'DATAHIKE_GATEWAY_STORE: expected one of memory, file, postgres, got "mysql"',
    ],
    [
      { env: { DATAHIKE_GATEWAY_STORE: 'postgres' } },
      'DATABASE_URL: expected a URL that begins with postgres:// because store.kind is postgres, got nothing',
    ],
    [
      { env: { DATAHIKE_GATEWAY_CACHE: 'file' } },
      'DATAHIKE_GATEWAY_CACHE_DIRECTORY: expected the path of a folder because store.cache.kind is file, got nothing',
    ],
    [
      { env: { DATAHIKE_GATEWAY_BUS: 'redis' } },
      'REDIS_URL: expected a URL that begins with redis://, rediss://, redis+cluster://, redis+sentinel:// or postgres:// because bus.kind is redis, got nothing',
    ],
    [
      { env: { DATABASE_URL: 'mysql://me:secret@host/db' } },
      'DATABASE_URL: expected a URL that begins with postgres://, got "mysql://me:***@host/db"',
    ],
    [
      { env: { DATAHIKE_GATEWAY_DEVELOPMENT: 'yes' } },
      'DATAHIKE_GATEWAY_DEVELOPMENT: expected true or false, got "yes"',
    ],
    [
      { env: { DATAHIKE_GATEWAY_SETS: 'customers' } },
      'DATAHIKE_GATEWAY_SETS: expected names of sets with names of databases, such as customers=acme,globex;all=customer-*, got "customers"',
    ],
  ])('are named in one line: %j', (sources, message) => {
    expect(messageOf(sources)).toBe(message);
  });

  it('in the names of variables and settings are found', () => {
    expect(messageOf({ env: { DATAHIKE_GATEWAY_PROT: '1' } })).toContain('DATAHIKE_GATEWAY_PROT');
    expect(messageOf({ file: fileOf({ http: { prot: 1 } }) })).toContain('"http.prot"');
    expect(messageOf({ file: fileOf({ htpp: { port: 1 } }) })).toContain('"htpp"');
    expect(messageOf({ file: fileOf({ http: 7 }) })).toContain('"http"');
  });

  it('in files name the file', () => {
    const wrongValue = fileOf({ http: { port: '4000x' } });
    expect(messageOf({ file: wrongValue })).toBe(
      `http.port in ${wrongValue}: expected a whole number from 0 to 65535, got "4000x"`,
    );
    for (const file of [fileOf('{ "http": '), fileOf('[]'), join(folder, 'none.json')]) {
      expect(messageOf({ file })).toContain(file);
    }
  });
});
