/**
 * Announcements over Redis publish/subscribe. Redis may be down for any time: commits do not notice, listeners fall back to
 * their polling and are told of the gap when the connection is there again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Log } from '../shared/log.ts';
import { decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import type { Bus, RootAnnouncement } from './bus.ts';
import { Listeners, type Listener } from './listeners.ts';
import { createRedisClients, type RedisClients } from './redis-clients.ts';

export interface RedisBusOptions {
  /** `redis://user:password@host:port/database`; for clusters, sentinels and TLS see redis-url.ts. */
  readonly url: string;
  readonly log: Log;
  /** A message above this size travels without its segments; 64 KiB by default. */
  readonly maxMessageBytes?: number;
}

const MAX_UNANSWERED = 1_000;
const CONNECT_TIMEOUT_MS = 3_000;
const PING_MS = 5_000;

/**
 * Connects; a Redis that does not answer is tried again for as long as the bus is open.
 *
 * @throws BAD_CONFIG where the URL is none of Redis
 */
export async function openRedisBus(options: RedisBusOptions): Promise<Bus> {
  const bus = new RedisBus(options);
  await bus.connect();
  return bus;
}

class RedisBus implements Bus {
  readonly #clients: RedisClients;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #listeners = new Listeners();
  readonly #log: Log;
  readonly #maxMessageBytes: number;
  #isAway = false;
  #unanswered = 0;
  #ping: NodeJS.Timeout | undefined;

  constructor({ url, log, maxMessageBytes = 64 * 1_024 }: RedisBusOptions) {
    this.#log = log.with({ bus: 'redis' });
    this.#maxMessageBytes = maxMessageBytes;
    this.#clients = createRedisClients(url, (error) => this.#miss(error));
    this.#publisher = this.#clients.publisher;
    this.#subscriber = this.#clients.subscriber;
    this.#subscriber.on('message', (channel: string, text: string) => this.#hear(channel, text));
    this.#subscriber.on('ready', () => void this.#resubscribe());
    for (const client of [this.#publisher, this.#subscriber])
      client.on('ready', () => this.#find());
  }

  async connect(): Promise<void> {
    const patience = new AbortController();
    const { signal } = patience;
    const tooLong = wait(CONNECT_TIMEOUT_MS, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.#clients.connect(), tooLong]);
    patience.abort();
    this.#ping = setInterval(() => this.#checkSubscriber(), PING_MS).unref();
  }

  get isConnected(): boolean {
    return this.#publisher.status === 'ready' && this.#subscriber.status === 'ready';
  }

  async announce(announcement: RootAnnouncement): Promise<void> {
    // A Redis that takes nothing must not fill our memory; whoever misses this one polls.
    if (this.#publisher.status !== 'ready' || this.#unanswered >= MAX_UNANSWERED) return;
    this.#unanswered++;
    const channel = channelOf(announcement.database, announcement.branch);
    this.#publisher
      .publish(channel, encodeAnnouncement(announcement, this.#maxMessageBytes))
      .catch((error: unknown) => this.#log.debug({ event: 'announcement lost', error }))
      .finally(() => this.#unanswered--);
  }

  async listen(
    database: string,
    branch: string,
    onRoot: (announcement: RootAnnouncement) => void,
    onGap: () => void,
  ): Promise<() => Promise<void>> {
    const channel = channelOf(database, branch);
    const listener: Listener = { onRoot, onGap };
    this.#listeners.add(channel, listener);
    // Where it fails, the next connection subscribes and reports a gap.
    await this.#ifReady((client) => client.subscribe(channel));
    return async () => {
      if (this.#listeners.remove(channel, listener)) {
        await this.#ifReady((client) => client.unsubscribe(channel));
      }
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#ping);
    this.#listeners.clear();
    this.#clients.disconnect();
  }

  /** Whoever runs it is told once: it is tried again several times in a second. */
  #miss(error: unknown): void {
    if (this.#isAway) {
      this.#log.debug({ event: 'redis connection failed', error });
      return;
    }
    this.#isAway = true;
    this.#log.error({ event: 'redis cannot be used: readers poll until it can', error });
  }

  #find(): void {
    if (this.#isAway) this.#log.info({ event: 'redis can be used again' });
    this.#isAway = false;
  }

  #hear(channel: string, text: string): void {
    const announcement = decodeAnnouncement(text);
    if (announcement === undefined) return;
    if (channelOf(announcement.database, announcement.branch) !== channel) return;
    this.#listeners.deliver(channel, announcement);
  }

  async #resubscribe(): Promise<void> {
    const { channels } = this.#listeners;
    if (channels.length === 0) return;
    await this.#ifReady((client) => client.subscribe(...channels));
    this.#listeners.reportGap();
  }

  async #ifReady(command: (client: Redis) => Promise<unknown>): Promise<void> {
    if (this.#subscriber.status !== 'ready') return;
    try {
      await command(this.#subscriber);
    } catch (error) {
      this.#log.debug({ event: 'redis subscription failed', error });
      this.#subscriber.disconnect(true);
    }
  }

  /** A connection that died without a word looks like silence: only an answer shows that it lives. */
  #checkSubscriber(): void {
    void this.#ifReady((client) => client.ping());
  }
}

function channelOf(database: string, branch: string): string {
  return `datahike-gateway/${encodeURIComponent(database)}/${encodeURIComponent(branch)}`;
}
