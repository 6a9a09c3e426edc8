/**
 * Connections to Redis, wherever it runs. Whatever stands behind them, one is there to announce, so that announcements stay
 * in order, and one to listen, so that its end is seen and whoever listens is told of the gap.
 */
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Cluster, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisAddress, type RedisPlace } from './redis-url.ts';

export interface RedisClients {
  readonly publisher: Redis;
  readonly subscriber: Redis;
  /** Resolves when both have tried to connect; what failed they try again by themselves. */
  connect(): Promise<unknown>;
  disconnect(): void;
}

const TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 5_000;
const MAX_RECONNECT_MS = 1_000;

/** The answers of commands are not looked at, so neither is their form. */
type Options = Omit<RedisOptions, 'replyMapping'>;
type ClusterPlace = Extract<RedisPlace, { readonly kind: 'cluster' }>;
type SentinelPlace = Extract<RedisPlace, { readonly kind: 'sentinel' }>;

/**
 * Clients that are not connected yet. `onFault` hears of every connection that fails.
 *
 * @throws BAD_CONFIG where the URL is none of Redis
 */
export function createRedisClients(url: string, onFault: (error: unknown) => void): RedisClients {
  const place = parseRedisUrl(url);
  switch (place.kind) {
    case 'server': {
      const { address, database } = place;
      return clientsOf({ ...optionsOf(place), ...address, db: database }, onFault);
    }
    case 'sentinel':
      return clientsOf({ ...optionsOf(place), ...sentinelOptions(place) }, onFault);
    case 'cluster':
      return clusterClients(place, onFault);
  }
}

function clientsOf(options: Options, onFault: (error: unknown) => void): RedisClients {
  const clients = [new Redis(options), new Redis(options)] as const;
  for (const client of clients) client.on('error', onFault);
  const [publisher, subscriber] = clients;
  return {
    publisher,
    subscriber,
    connect: () => Promise.allSettled(clients.map((client) => client.connect())),
    disconnect() {
      for (const client of clients) client.disconnect();
    },
  };
}

function optionsOf({ username, password, tls }: RedisPlace): Options {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false, // done by the bus, so that the gap is reported after it
    maxRetriesPerRequest: 0,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: reconnectMs,
  };
}

function reconnectMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS);
}

/** A master that is replaced may live on as a replica, where nobody hears what is published: so failovers are listened for. */
function sentinelOptions(place: SentinelPlace): Options {
  const { addresses, name, database, tls, sentinelUsername, sentinelPassword } = place;
  return {
    sentinels: [...addresses],
    name,
    db: database,
    failoverDetector: true,
    sentinelRetryStrategy: reconnectMs,
    sentinelCommandTimeout: TIMEOUT_MS,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls !== undefined && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/**
 * What is published to any node of a cluster is heard at every other one. So each client stays with one node, and the
 * cluster is asked for nothing but which nodes there are.
 */
function clusterClients(place: ClusterPlace, onFault: (error: unknown) => void): RedisClients {
  const { retryStrategy: _ours, enableOfflineQueue: _none, ...redisOptions } = optionsOf(place);
  const cluster = new Cluster([...place.addresses], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectMs,
    slotsRefreshTimeout: TIMEOUT_MS,
    enableReadyCheck: false, // announcements need no slots, so not all of them have to be served
    redisOptions,
    // A certificate names the host of the URL and not what that resolves to.
    ...(place.tls !== undefined && { dnsLookup: (host, found) => found(null, host) }),
  });
  cluster.on('error', onFault);
  let turn = Math.floor(Math.random() * place.addresses.length);
  const nextNode = (): RedisAddress => {
    const known = cluster
      .nodes()
      .flatMap(({ options: { host, port } }) =>
        host === undefined || port === undefined ? [] : { host, port },
      );
    const nodes = known.length === 0 ? place.addresses : known;
    return nodes[turn++ % nodes.length] ?? { host: '127.0.0.1', port: 6_379 };
  };
  const Connector = connectorTo(nextNode, place);
  const clients = clientsOf({ ...optionsOf(place), Connector }, onFault);
  return {
    ...clients,
    async connect() {
      await cluster.connect().catch(onFault);
      await clients.connect();
    },
    disconnect() {
      clients.disconnect();
      cluster.disconnect();
    },
  };
}

/** Every new connection goes to the next node, because the one before may be what failed. */
function connectorTo(
  nextNode: () => RedisAddress,
  { tls }: ClusterPlace,
): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(TIMEOUT_MS);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const { host, port } = nextNode();
      this.stream =
        tls === undefined
          ? connectSocket({ host, port })
          : connectTls({ host, port, ...tls, ...(isIP(host) === 0 && { servername: host }) });
      this.stream.once('error', (error: Error) => {
        this.firstError = error;
      });
      return this.stream;
    }
  };
}
