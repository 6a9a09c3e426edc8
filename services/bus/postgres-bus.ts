/**
 * Announcements over LISTEN and NOTIFY, for installations without Redis. They are sent after the commit and on a connection
 * of their own: within the commit, NOTIFY takes a lock on the whole server and would cost other writers half of their commits.
 */
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import type { Log } from '../shared/log.ts';
import { decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import type { Bus, RootAnnouncement } from './bus.ts';
import { KeptConnection } from './kept-connection.ts';
import { Listeners, type Listener } from './listeners.ts';
import { listensThroughPooler, mistakeInUrl, unreadableUrl } from './postgres-faults.ts';

export interface PostgresBusOptions {
  /** Of the server itself: LISTEN does not work through a pooler of transactions. */
  readonly url: string;
  /** Whether the process goes on for as long as the bus is open; it does by default. */
  readonly keepsAlive?: boolean;
  readonly log: Log;
}

/** PostgreSQL refuses a payload of 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_999;
const TIMEOUT_MS = 2_000;

/**
 * Connects; a server that does not answer is tried again for as long as the bus is open.
 *
 * @throws BAD_CONFIG where the URL cannot be used, is refused, or leads to a pooler of transactions
 */
export async function openPostgresBus(options: PostgresBusOptions): Promise<Bus> {
  try {
    clientOf(options.url);
  } catch (error) {
    throw unreadableUrl(error);
  }
  const bus = new PostgresBus(options);
  try {
    await bus.connect();
  } catch (error) {
    await bus.close();
    throw error;
  }
  return bus;
}

class PostgresBus implements Bus {
  readonly #announcer: KeptConnection;
  readonly #listener: KeptConnection;
  readonly #listeners = new Listeners();
  readonly #log: Log;
  /** What waits to be sent: the newest announcement of each channel, for it makes the earlier ones superfluous. */
  readonly #waiting = new Map<string, RootAnnouncement>();
  #isSending = false;
  #mistake: Error | undefined;

  constructor({ url, keepsAlive = true, log }: PostgresBusOptions) {
    this.#log = log.with({ bus: 'postgres' });
    const onFault = (error: unknown): void => {
      this.#mistake ??= mistakeInUrl(error);
      this.#log.debug({ event: 'postgres connection failed', error });
    };
    const newClient = (): Client => clientOf(url);
    this.#announcer = new KeptConnection({
      newClient,
      keepsAlive,
      onFault,
      onReady: async () => undefined,
    });
    this.#listener = new KeptConnection({
      newClient,
      keepsAlive,
      onFault,
      onReady: (client) => this.#listenAgain(client),
    });
  }

  async connect(): Promise<void> {
    await Promise.all([this.#announcer.open(), this.#listener.open()]);
    if (this.#mistake !== undefined) throw this.#mistake;
  }

  get isConnected(): boolean {
    return this.#announcer.isReady && this.#listener.isReady;
  }

  async announce(announcement: RootAnnouncement): Promise<void> {
    this.#waiting.set(channelOf(announcement.database, announcement.branch), announcement);
    if (!this.#isSending) void this.#send();
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
    // Where it fails, the next connection listens and reports a gap.
    await this.#listener.tryQuery(`LISTEN ${channel}`);
    return async () => {
      if (this.#listeners.remove(channel, listener)) {
        await this.#listener.tryQuery(`UNLISTEN ${channel}`);
      }
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#waiting.clear();
    await Promise.all([this.#announcer.close(), this.#listener.close()]);
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (const [channel, announcement] of this.#waiting) {
      this.#waiting.delete(channel);
      const payload = encodeAnnouncement(announcement, MAX_PAYLOAD_BYTES);
      await this.#announcer.tryQuery('SELECT pg_notify($1, $2)', [channel, payload]);
    }
    this.#isSending = false;
  }

  async #listenAgain(client: Client): Promise<void> {
    await checkListening(client);
    client.on('notification', ({ channel, payload = '' }) => this.#hear(channel, payload));
    const { channels } = this.#listeners;
    if (channels.length === 0) return;
    await client.query(channels.map((channel) => `LISTEN ${channel}`).join('; '));
    this.#listeners.reportGap();
  }

  #hear(channel: string, text: string): void {
    const announcement = decodeAnnouncement(text);
    if (announcement === undefined) return;
    if (channelOf(announcement.database, announcement.branch) !== channel) return;
    this.#listeners.deliver(channel, announcement);
  }
}

/** What one statement subscribes to, the next one must still find: not so where a pooler moves us to another session. */
async function checkListening(client: Client): Promise<void> {
  const channel = 'datahike_check';
  await client.query(`LISTEN ${channel}`);
  const { rows } = await client.query(
    'SELECT 1 FROM pg_listening_channels() AS channel WHERE channel = $1',
    [channel],
  );
  await client.query(`UNLISTEN ${channel}`);
  if (rows.length === 0) throw listensThroughPooler();
}

function clientOf(url: string): Client {
  return new Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    // Poolers of transactions refuse it, which is how most of them are found out.
    statement_timeout: TIMEOUT_MS,
    keepAlive: true,
    application_name: 'datahike-gateway bus',
  });
}

/** A channel is an identifier of at most 63 bytes. */
function channelOf(database: string, branch: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([database, branch]))
    .digest('hex');
  return `datahike_${digest.slice(0, 40)}`;
}
