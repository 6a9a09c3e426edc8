/**
 * Every setting: its place in a configuration file, its environment variable, and what it may be.
 */
import { z } from 'zod';

export interface Setting<T> {
  readonly variable: string;
  /** Another variable of the same meaning, which is looked at first. */
  readonly ownVariable?: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** Reads a value of JSON, or the text of a variable. */
  readonly type: z.ZodType<T>;
}

const PREFIX = 'DATAHIKE_GATEWAY_';
const MAX_PORT = 65_535;

function setting<T>(variable: string, expected: string, type: z.ZodType<T>): Setting<T> {
  return { variable, expected, type };
}

function whole(variable: string, min: number, max: number): Setting<number> {
  const fromText = (value: unknown): unknown =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  const type = z.preprocess(fromText, z.number().int().min(min).max(max));
  return setting(variable, `a whole number from ${min} to ${max}`, type);
}

function decimal(variable: string, min: number, max: number): Setting<number> {
  const fromText = (value: unknown): unknown =>
    typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  const type = z.preprocess(fromText, z.number().min(min).max(max));
  return setting(variable, `a number from ${min} to ${max}`, type);
}

function oneOf<const T extends readonly [string, ...string[]]>(
  variable: string,
  ...values: T
): Setting<T[number]> {
  return setting(variable, `one of ${values.join(', ')}`, z.enum(values));
}

function text(variable: string, expected: string, pattern: RegExp): Setting<string> {
  return setting(variable, expected, z.string().regex(pattern));
}

const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);

/** Several, which stand in one text with commas between them. */
function listOf(item: z.ZodType<string>) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value),
    z.array(item).min(1),
  );
}

const names = listOf(z.string().min(1).max(200));
/** `customers=acme,globex;all=*`, or an object of names to lists. */
const sets = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? Object.fromEntries(
          value.split(';').map((each) => {
            const [name = '', members = ''] = each.split('=', 2);
            return [name.trim(), members];
          }),
        )
      : value,
  z.record(z.string().min(1).max(200), names),
);
const paths = listOf(z.string().regex(/^[^\0]+$/));
const origins = listOf(z.string().regex(/^(https?:\/\/[^\s/]+|\*)$/));

export const SETTINGS = {
  'store.kind': oneOf(`${PREFIX}STORE`, 'memory', 'file', 'postgres'),
  'store.directory': text(`${PREFIX}DIRECTORY`, 'the path of a folder', /^[^\0]+$/),
  'store.url': text('DATABASE_URL', 'a URL that begins with postgres://', /^postgres(ql)?:\/\/./),
  'store.schema': text(
    `${PREFIX}SCHEMA`,
    'lower-case letters, digits and underscores, at most 63',
    /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/,
  ),
  'store.poolSize': whole(`${PREFIX}POOL_SIZE`, 1, 200),
  'store.connectTimeoutMs': whole(`${PREFIX}CONNECT_TIMEOUT_MS`, 100, 600_000),
  'store.statementTimeoutMs': whole(`${PREFIX}STATEMENT_TIMEOUT_MS`, 100, 3_600_000),
  'store.idleTimeoutMs': whole(`${PREFIX}IDLE_TIMEOUT_MS`, 100, 86_400_000),
  'store.keepAliveMs': whole(`${PREFIX}KEEP_ALIVE_MS`, 1_000, 3_600_000),
  'store.durability': oneOf(`${PREFIX}DURABILITY`, 'required', 'warn'),
  'store.cache.kind': oneOf(`${PREFIX}CACHE`, 'none', 'memory', 'file'),
  'store.cache.directory': text(`${PREFIX}CACHE_DIRECTORY`, 'the path of a folder', /^[^\0]+$/),
  'store.cache.maxBytes': whole(`${PREFIX}CACHE_BYTES`, 2 ** 20, 2 ** 50),
  'bus.kind': oneOf(`${PREFIX}BUS`, 'none', 'redis', 'postgres'),
  'bus.url': {
    ...text(
      'REDIS_URL',
      'a URL that begins with redis://, rediss://, redis+cluster://, redis+sentinel:// or postgres://',
      /^(rediss?(\+cluster|\+sentinel)?|postgres(ql)?):\/\/./,
    ),
    ownVariable: `${PREFIX}BUS_URL`,
  },
  'api.file': text(`${PREFIX}API`, 'the path of a JSON file', /^[^\0]+$/),
  'api.token': text(
    `${PREFIX}TOKEN`,
    'at least 16 characters without spaces',
    /^[\x21-\x7e]{16,}$/,
  ),
  'api.extensions': setting(`${PREFIX}EXTENSIONS`, 'paths of modules, separated by commas', paths),
  'api.sets': setting(
    `${PREFIX}SETS`,
    'names of sets with names of databases, such as customers=acme,globex;all=customer-*',
    sets,
  ),
  'api.operations': text(`${PREFIX}OPERATIONS`, 'the path of a JSON file', /^[^\0]+$/),
  'api.onlyOperations': setting(`${PREFIX}ONLY_OPERATIONS`, 'true or false', flag),
  'api.limits.maxCost': whole(`${PREFIX}MAX_COST`, 1, 2 ** 30),
  'api.limits.maxDepth': whole(`${PREFIX}MAX_DEPTH`, 1, 100),
  'api.limits.maxAliases': whole(`${PREFIX}MAX_ALIASES`, 0, 10_000),
  'api.limits.maxDirectives': whole(`${PREFIX}MAX_DIRECTIVES`, 0, 10_000),
  'api.limits.maxRootFields': whole(`${PREFIX}MAX_ROOT_FIELDS`, 1, 10_000),
  'api.limits.maxTokens': whole(`${PREFIX}MAX_TOKENS`, 100, 100_000),
  databases: setting(`${PREFIX}DATABASES`, 'names of databases, separated by commas', names),
  'http.host': text('HOST', 'the name or address of a network interface', /^[^\s/]+$/),
  'http.port': whole('PORT', 0, MAX_PORT),
  'http.origins': setting(
    `${PREFIX}ORIGINS`,
    'origins of web pages such as https://app.example.com, separated by commas, or *',
    origins,
  ),
  'http.rate.requestsPerMinute': whole(`${PREFIX}REQUESTS_PER_MINUTE`, 0, 2 ** 31 - 1),
  'http.rate.costPerMinute': whole(`${PREFIX}COST_PER_MINUTE`, 0, 2 ** 31 - 1),
  'http.trustedProxies': whole(`${PREFIX}TRUSTED_PROXIES`, 0, 10),
  'http.maxStreams': whole(`${PREFIX}MAX_STREAMS`, 0, 1_000_000),
  'http.maxStreamsPerCaller': whole(`${PREFIX}MAX_STREAMS_PER_CALLER`, 0, 1_000_000),
  'http.receiveTimeoutMs': whole(`${PREFIX}RECEIVE_TIMEOUT_MS`, 100, 3_600_000),
  'http.maxHeaderBytes': whole(`${PREFIX}MAX_HEADER_BYTES`, 4_096, 2 ** 20),
  'http.maxUrlBytes': whole(`${PREFIX}MAX_URL_BYTES`, 1_024, 2 ** 20),
  'writer.host': text(
    `${PREFIX}WRITER_HOST`,
    'the name or address of a network interface',
    /^[^\s/]+$/,
  ),
  'writer.port': whole(`${PREFIX}WRITER_PORT`, 0, MAX_PORT),
  'writer.address': text(
    `${PREFIX}WRITER_ADDRESS`,
    'the http:// or https:// URL at which other processes reach the writer',
    /^https?:\/\/./,
  ),
  'writer.leaseTtlMs': whole(`${PREFIX}LEASE_TTL_MS`, 100, 3_600_000),
  'writer.standby': setting(`${PREFIX}STANDBY`, 'true or false', flag),
  'writer.foldThreshold': whole(`${PREFIX}FOLD_THRESHOLD`, 100, 100_000_000),
  'datahike.enabled': setting(`${PREFIX}DATAHIKE`, 'true or false', flag),
  'datahike.file': text(`${PREFIX}DATAHIKE_FILE`, 'the path of an EDN file', /^[^\0]+$/),
  'datahike.host': text(
    `${PREFIX}DATAHIKE_HOST`,
    'the name or address of a network interface',
    /^[^\s/]+$/,
  ),
  'datahike.port': whole(`${PREFIX}DATAHIKE_PORT`, 0, MAX_PORT),
  'datahike.token': text(
    `${PREFIX}DATAHIKE_TOKEN`,
    'at least 16 characters without spaces',
    /^[\x21-\x7e]{16,}$/,
  ),
  'datahike.origins': setting(
    `${PREFIX}DATAHIKE_ORIGINS`,
    'origins of web pages such as https://app.example.com, separated by commas, or *',
    origins,
  ),
  'datahike.maxAgeSeconds': whole(`${PREFIX}DATAHIKE_MAX_AGE_SECONDS`, 0, 2 ** 31 - 1),
  'collect.intervalMs': whole(`${PREFIX}COLLECT_INTERVAL_MS`, 0, 2 ** 31 - 1),
  'collect.retainDays': decimal(`${PREFIX}COLLECT_RETAIN_DAYS`, 0, 36_500),
  'collect.readerLeaseMs': whole(`${PREFIX}READER_LEASE_MS`, 100, 86_400_000),
  'open.idleMs': whole(`${PREFIX}OPEN_IDLE_MS`, 10, 86_400_000),
  'open.maxOpen': whole(`${PREFIX}MAX_OPEN`, 1, 1_000_000),
  bodyLimitBytes: whole(`${PREFIX}BODY_LIMIT_BYTES`, 1_024, 2 ** 30),
  requireIfMatch: setting(`${PREFIX}REQUIRE_IF_MATCH`, 'true or false', flag),
  'query.timeoutMs': whole(`${PREFIX}QUERY_TIMEOUT_MS`, 1, 3_600_000),
  'query.maxRows': whole(`${PREFIX}QUERY_MAX_ROWS`, 1, 2 ** 30),
  'query.maxBytes': whole(`${PREFIX}QUERY_MAX_BYTES`, 2 ** 10, 2 ** 40),
  'query.maxRounds': whole(`${PREFIX}QUERY_MAX_ROUNDS`, 1, 2 ** 30),
  pollIntervalMs: whole(`${PREFIX}POLL_INTERVAL_MS`, 10, 3_600_000),
  nodeCacheBytes: whole(`${PREFIX}NODE_CACHE_BYTES`, 2 ** 20, 2 ** 40),
  logLevel: oneOf(`${PREFIX}LOG_LEVEL`, 'error', 'info', 'debug', 'silent'),
  development: setting(`${PREFIX}DEVELOPMENT`, 'true or false', flag),
} as const;

/** Names the configuration file itself. */
export const FILE_VARIABLE = `${PREFIX}CONFIG`;
export const OWN_PREFIX = PREFIX;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValue<K extends SettingKey> = z.output<(typeof SETTINGS)[K]['type']>;

export const SETTING_KEYS = Object.keys(SETTINGS).filter(isSettingKey);

/** The variables of a setting, the one that wins first. */
export function variablesOf(key: SettingKey): ReadonlyArray<string> {
  const { variable, ownVariable }: Setting<unknown> = SETTINGS[key];
  return ownVariable === undefined ? [variable] : [ownVariable, variable];
}

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}
