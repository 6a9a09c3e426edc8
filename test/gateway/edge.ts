/** Requests that no client sends: bytes on a connection, and whether the process took them well. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createGatewayServer } from '../../gateway/http/server.ts';
import type { ServerLimits } from '../../gateway/http/server.ts';
import type { AppOptions } from '../../gateway/http/app.ts';
import type { ServedWorld } from './served-world.ts';

export interface Edge {
  readonly port: number;
  /** Sends bytes as they are, and gives all that comes back until the connection is closed. */
  readonly sendRaw: (...parts: ReadonlyArray<string | Buffer>) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** The server of the gateway around an app. */
export async function listenAtEdge(world: ServedWorld, limits?: ServerLimits): Promise<Edge> {
  const server = createGatewayServer(world, SILENT, limits).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sendRaw: async (...parts) => {
      const socket = connect(port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      // The other side may close before it has taken everything.
      socket.on('error', () => undefined);
      for (const part of parts) socket.write(part);
      await once(socket, 'close');
      return Buffer.concat(chunks).toString();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const SILENT = {
  error: () => undefined,
  info: () => undefined,
  debug: () => undefined,
} as unknown as AppOptions['log'];

/** As long as anybody may have to wait for another one's request. */
const LONGEST_PAUSE_MS = 50;

/** The first time, code is compiled as well. */
const TRIES = 3;

/** Work that may be done again, and has to leave the event loop its turns. */
export function calmly<A extends ReadonlyArray<unknown>>(
  work: (...args: A) => Promise<unknown>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const pausesMs: number[] = [];
    while (pausesMs.length < TRIES) {
      const pauseMs = await longestPause(() => work(...args));
      if (pauseMs < LONGEST_PAUSE_MS) return;
      pausesMs.push(pauseMs);
    }
    throw new Error(
      `Expected no pause of ${LONGEST_PAUSE_MS} ms or more, got ${pausesMs.join(', ')}`,
    );
  };
}

/**
 * The longest time for which this process held its event loop meanwhile, in milliseconds: the time between two ticks, but for what the machine
 * gave to others.
 */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let count = 0;
  let last = clocks();
  const timer = setInterval(() => {
    const now = clocks();
    longestMs = Math.max(longestMs, Math.min(now.wallMs - last.wallMs, now.busyMs - last.busyMs));
    last = now;
    count += 1;
  }, TICK_MS);
  const nextTick = async (): Promise<void> => {
    const before = count;
    while (count === before) await setTimeout(TICK_MS);
  };
  try {
    await nextTick();
    await work();
    await nextTick();
  } finally {
    clearInterval(timer);
  }
  return longestMs;
}

const TICK_MS = 5;

function clocks(): { readonly wallMs: number; readonly busyMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), busyMs: (user + system) / 1_000 };
}
