/** Requests that no client sends: bytes on a connection, and whether the process took them well. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
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
