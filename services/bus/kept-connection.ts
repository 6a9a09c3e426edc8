/**
 * One connection to PostgreSQL that comes back after it was lost.
 *
 *     opening -> ready -> waiting -> opening -> ...        closed from any state, for ever
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';

export interface KeptConnectionOptions {
  readonly newClient: () => Client;
  /** Whether the process goes on for as long as there is a connection. */
  readonly keepsAlive: boolean;
  /** Prepares each new connection; where it fails, the connection is given up. */
  readonly onReady: (client: Client) => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

/** The driver has it, its types do not. */
type Unrefable = Client & { unref(): void };

const MIN_RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 1_000;
const CHECK_MS = 5_000;

export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  /** The last statement that was asked for. */
  #turn = Promise.resolve(true);
  #check: NodeJS.Timeout | undefined;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#client !== undefined;
  }

  /** Tries to connect once, and goes on trying after it has returned. */
  async open(): Promise<void> {
    // A connection that died without a word looks like silence: only an answer shows that it lives.
    this.#check = setInterval(() => void this.tryQuery('SELECT 1'), CHECK_MS).unref();
    if (!(await this.#connect())) void this.#reconnect();
  }

  /** False where there is no connection, or the statement failed and took the connection with it. One statement is sent after the other. */
  tryQuery(text: string, values: ReadonlyArray<unknown> = []): Promise<boolean> {
    this.#turn = this.#turn.then(() => this.#tryQuery(text, values));
    return this.#turn;
  }

  async #tryQuery(text: string, values: ReadonlyArray<unknown>): Promise<boolean> {
    const client = this.#client;
    if (client === undefined) return false;
    try {
      await client.query(text, [...values]);
      return true;
    } catch (error) {
      this.#lose(client, error);
      return false;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#check);
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<boolean> {
    const client = this.#options.newClient();
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('The server ended the connection')));
    try {
      await client.connect();
      await this.#options.onReady(client);
      if (!this.#options.keepsAlive) (client as Unrefable).unref();
    } catch (error) {
      this.#options.onFault(error);
      void client.end().catch(() => undefined);
      return false;
    }
    if (this.#closing.signal.aborted) {
      void client.end().catch(() => undefined);
      return true;
    }
    this.#client = client;
    return true;
  }

  #lose(client: Client, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    this.#options.onFault(error);
    void client.end().catch(() => undefined);
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (let delayMs = MIN_RECONNECT_MS; !signal.aborted; delayMs *= 2) {
      const patienceMs = Math.min(delayMs, MAX_RECONNECT_MS);
      await wait(patienceMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || (await this.#connect())) return;
    }
  }
}
