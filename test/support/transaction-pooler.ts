/**
 * A connection pooler in transaction mode, as strict as PgBouncer: a client has a connection to the server from the first
 * message of a transaction until its end, and the next transaction gets another one.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';

export interface PoolerOptions {
  /** Two by default: fewer would give a client the connection back that it just had. */
  readonly connections?: number;
  /** Refuses what is said at the start of a session and has no place here; by default. */
  readonly refusesParameters?: boolean;
}

export interface TransactionPooler {
  /** The URL of the server, by way of the pooler. */
  readonly url: string;
  /** How often a client was given another connection than it had before. */
  changes(): number;
  refusals(): number;
  /** How many transactions there were; a statement by itself is one. */
  transactions(): number;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;
const STARTUP = 196_608;
const KNOWN_PARAMETERS = new Set([
  'user',
  'database',
  'client_encoding',
  'application_name',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
]);

interface Backend {
  readonly client: Client;
  readonly socket: Socket;
}

export async function startTransactionPooler(
  serverUrl: string,
  { connections = 2, refusesParameters = true }: PoolerOptions = {},
): Promise<TransactionPooler> {
  const idle: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const sockets = new Set<Socket>();
  const backends = new Set<Backend>();
  let changes = 0;
  let transactions = 0;
  let refusals = 0;
  let isClosing = false;

  // First in, first out: the connection that a client gives back is the last one that it gets again.
  const giveBack = (backend: Backend): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(backend);
    else next(backend);
  };
  const replace = (backend: Backend): void => {
    if (!backends.delete(backend)) return;
    backend.socket.destroy();
    const index = idle.indexOf(backend);
    if (index >= 0) idle.splice(index, 1);
    if (!isClosing) void add().catch(() => undefined);
  };
  const add = async (): Promise<void> => {
    const backend = await connectBackend(serverUrl);
    backends.add(backend);
    backend.socket.on('close', () => replace(backend));
    giveBack(backend);
  };
  const take = (): Promise<Backend> => {
    const backend = idle.shift();
    return backend === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(backend);
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const session = new Session(socket, take, giveBack, replace, (isAnother) => {
      transactions++;
      if (isAnother) changes++;
    });
    const startup = new Frames(false, ({ body }) => {
      const code = body.readInt32BE(0);
      if (code === SSL_REQUEST) return void socket.write('N');
      if (code !== STARTUP) return void socket.destroy();
      const refused = refusesParameters ? unknownParameter(body) : undefined;
      if (refused !== undefined) {
        refusals++;
        return void socket.end(refusalOf(refused));
      }
      socket.write(WELCOME);
      socket.off('data', onStartup);
      socket.on('data', (bytes) => session.receive(bytes));
      return;
    });
    const onStartup = (bytes: Buffer): void => startup.push(bytes);
    socket.on('data', onStartup);
    socket.on('close', () => {
      sockets.delete(socket);
      session.end();
    });
  });
  for (let i = 0; i < connections; i++) await add();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    changes: () => changes,
    refusals: () => refusals,
    transactions: () => transactions,
    async close() {
      isClosing = true;
      for (const socket of sockets) socket.destroy();
      for (const { socket } of backends) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client between its transactions and in them. */
class Session {
  readonly #socket: Socket;
  readonly #take: () => Promise<Backend>;
  readonly #giveBack: (backend: Backend) => void;
  readonly #discard: (backend: Backend) => void;
  readonly #onBegin: (isAnother: boolean) => void;
  readonly #fromClient = new Frames(true, (frame) => this.#send(frame));
  readonly #held: Buffer[] = [];
  #backend: Backend | undefined;
  #lastBackend: Backend | undefined;
  #isWaiting = false;
  #hasEnded = false;
  /** Answers that the server still owes: one for each Query and Sync. */
  #owed = 0;
  /** Whether something was sent behind the last Query or Sync. */
  #isUnsynced = false;
  #listener: ((bytes: Buffer) => void) | undefined;

  constructor(
    socket: Socket,
    take: () => Promise<Backend>,
    giveBack: (backend: Backend) => void,
    discard: (backend: Backend) => void,
    onBegin: (isAnother: boolean) => void,
  ) {
    this.#socket = socket;
    this.#take = take;
    this.#giveBack = giveBack;
    this.#discard = discard;
    this.#onBegin = onBegin;
  }

  receive(bytes: Buffer): void {
    this.#fromClient.push(bytes);
  }

  end(): void {
    this.#hasEnded = true;
    const backend = this.#backend;
    if (backend === undefined) return;
    this.#release();
    this.#discard(backend); // nobody knows what it is in the middle of
  }

  #send({ type, bytes }: Frame): void {
    if (type === 'X') return void this.#socket.end();
    this.#isUnsynced = type !== 'Q' && type !== 'S';
    if (!this.#isUnsynced) this.#owed++;
    if (this.#backend !== undefined) return void this.#backend.socket.write(bytes);
    this.#held.push(bytes);
    if (!this.#isWaiting) void this.#begin();
    return;
  }

  async #begin(): Promise<void> {
    this.#isWaiting = true;
    const backend = await this.#take();
    this.#isWaiting = false;
    if (this.#hasEnded) return this.#giveBack(backend);
    this.#onBegin(backend !== this.#lastBackend);
    this.#lastBackend = this.#backend = backend;
    const fromServer = new Frames(true, (frame) => this.#answer(frame));
    this.#listener = (bytes) => fromServer.push(bytes);
    backend.socket.on('data', this.#listener);
    backend.socket.once('close', this.#lose);
    backend.socket.write(Buffer.concat(this.#held.splice(0)));
  }

  #answer({ type, bytes, body }: Frame): void {
    this.#socket.write(bytes);
    if (type !== 'Z') return;
    this.#owed--;
    const isIdle = body.toString('latin1') === 'I';
    const backend = this.#backend;
    if (!isIdle || this.#owed > 0 || this.#isUnsynced || backend === undefined) return;
    this.#release();
    this.#giveBack(backend);
  }

  readonly #lose = (): void => {
    this.#socket.destroy();
  };

  #release(): void {
    const socket = this.#backend?.socket;
    if (this.#listener !== undefined) socket?.off('data', this.#listener);
    socket?.off('close', this.#lose);
    this.#backend = undefined;
  }
}

interface Frame {
  readonly type: string;
  readonly bytes: Buffer;
  /** What is behind the length. */
  readonly body: Buffer;
}

/** Cuts a stream into the messages of the protocol; those at the start of a session have no type. */
class Frames {
  readonly #typeBytes: number;
  readonly #onFrame: (frame: Frame) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(hasTypes: boolean, onFrame: (frame: Frame) => void) {
    this.#typeBytes = hasTypes ? 1 : 0;
    this.#onFrame = onFrame;
  }

  push(more: Buffer): void {
    this.#rest = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    const head = this.#typeBytes + 4;
    while (this.#rest.length >= head) {
      const end = this.#typeBytes + this.#rest.readInt32BE(this.#typeBytes);
      if (this.#rest.length < end) return;
      const bytes = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      const type = bytes.toString('latin1', 0, this.#typeBytes);
      this.#onFrame({ type, bytes, body: bytes.subarray(head) });
    }
  }
}

/** A connection that has logged in, whose socket nobody else reads any more. */
async function connectBackend(url: string): Promise<Backend> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } })
    .connection;
  stream.removeAllListeners('data');
  return { client, socket: stream };
}

function unknownParameter(startup: Buffer): string | undefined {
  const texts = startup.toString('utf8', 4).split('\0');
  return texts.find((text, i) => i % 2 === 0 && text !== '' && !KNOWN_PARAMETERS.has(text));
}

function refusalOf(parameter: string): Buffer {
  const fields = `SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: ${parameter}\0\0`;
  return message('E', Buffer.from(fields));
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const WELCOME = Buffer.concat([
  message('R', Buffer.from([0, 0, 0, 0])),
  message('S', Buffer.from('client_encoding\0UTF8\0')),
  message('K', Buffer.alloc(8)),
  message('Z', Buffer.from('I')),
]);
