/**
 * Announcements over Redis publish/subscribe. Redis may be down for any time: commits do not notice, listeners fall back to
 * their polling and are told of the gap when the connection is there again.
 */
import { Redis } from 'ioredis';
import type { Log } from '../shared/log.ts';
import { decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import type { Bus, RootAnnouncement } from './bus.ts';
import { Listeners, type Listener } from './listeners.ts';

export interface RedisBusOptions {
  /** `redis://user:password@host:port/database` */
  readonly url: string;
  readonly log: Log;
  /** A message above this size travels without its segments; 64 KiB by default. */
  readonly maxMessageBytes?: number;
}

const MAX_UNANSWERED = 1_000;
const TIMEOUT_MS = 2_000;
const PING_MS = 5_000;
const MAX_RECONNECT_MS = 1_000;

/** Connects; a Redis that does not answer is tried again for as long as the bus is open. */
export async function openRedisBus(options: RedisBusOptions): Promise<Bus> {
  const bus = new RedisBus(options);
  await bus.connect();
  return bus;
}

class RedisBus implements Bus {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #listeners = new Listeners();
  readonly #log: Log;
  readonly #maxMessageBytes: number;
  #unanswered = 0;
  #ping: NodeJS.Timeout | undefined;

  constructor({ url, log, maxMessageBytes = 64 * 1_024 }: RedisBusOptions) {
    this.#log = log.with({ bus: 'redis' });
    this.#maxMessageBytes = maxMessageBytes;
    this.#publisher = this.#client(url);
    this.#subscriber = this.#client(url);
    this.#subscriber.on('message', (channel: string, text: string) => this.#hear(channel, text));
    this.#subscriber.on('ready', () => void this.#resubscribe());
  }

  async connect(): Promise<void> {
    const connecting = [this.#publisher, this.#subscriber].map((client) => client.connect());
    await Promise.allSettled(connecting); // what failed is tried again by the client
    this.#ping = setInterval(() => this.#checkSubscriber(), PING_MS).unref();
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
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }

  #client(url: string): Redis {
    const client = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false, // done here, so that the gap is reported after it
      maxRetriesPerRequest: 0,
      connectTimeout: TIMEOUT_MS,
      commandTimeout: TIMEOUT_MS,
      keepAlive: PING_MS,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS),
    });
    client.on('error', (error) => this.#log.debug({ event: 'redis connection failed', error }));
    return client;
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
