/**
 * Stands between a client and a server and loses what it is told to lose.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of all connections, those to come as well. */
export interface ProxyMode {
  readonly losesRequests: boolean;
  readonly losesReplies: boolean;
  /** How much later everything arrives. */
  readonly delayMs: number;
}

const CLEAR: ProxyMode = { losesRequests: false, losesReplies: false, delayMs: 0 };

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly held: Buffer[];
  holdsRequests: boolean;
  dropsReplies: boolean;
  repliesDropped: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Loses or delays from now on, without a word to either side. */
  set(mode: Partial<ProxyMode>): void;
  /** Loses and delays nothing any more; connections that may have lost something are reset. */
  heal(): void;
  /** Resets all connections, of both sides. */
  cut(): void;
  /** Keeps what the clients that are connected now send from here on. */
  holdRequests(): void;
  /** Throws away what the server answers to the clients that are connected now. */
  dropReplies(): void;
  heldBytes(): number;
  droppedReplies(): number;
  /** Ends the client's side of the connections that hold or drop; the server's side stays open. */
  cutClients(): void;
  /** Sends the server what was held. */
  forwardHeld(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(host: string, port: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode = CLEAR;
  const server = createServer((client) => {
    const link = linkOf(client, connect({ host, port }), () => mode);
    links.add(link);
    client.once('close', () => {
      if (!link.holdsRequests && !link.dropsReplies) links.delete(link);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const { client, server: target } of links) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  };
  const sum = (of: (link: Link) => number): number =>
    [...links].reduce((total, link) => total + of(link), 0);
  return {
    port: (server.address() as AddressInfo).port,
    set(change) {
      mode = { ...mode, ...change };
    },
    heal() {
      const hasLost = mode.losesRequests || mode.losesReplies;
      mode = CLEAR;
      if (hasLost) cut();
    },
    cut,
    holdRequests() {
      for (const link of links) link.holdsRequests = true;
    },
    dropReplies() {
      for (const link of links) link.dropsReplies = true;
    },
    heldBytes: () => sum(({ held }) => Buffer.concat(held).length),
    droppedReplies: () => sum(({ repliesDropped }) => repliesDropped),
    cutClients() {
      for (const link of links) {
        if (!link.holdsRequests && !link.dropsReplies) continue;
        link.dropsReplies = true;
        link.client.resetAndDestroy();
      }
    },
    forwardHeld() {
      for (const link of links) {
        for (const bytes of link.held.splice(0)) link.server.write(bytes);
      }
    },
    async close() {
      for (const { client, server: target } of links) {
        client.destroy();
        target.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function later(delayMs: number, action: () => void): void {
  if (delayMs === 0) action();
  else setTimeout(action, delayMs);
}

function linkOf(client: Socket, server: Socket, modeNow: () => ProxyMode): Link {
  const link: Link = {
    client,
    server,
    held: [],
    holdsRequests: false,
    dropsReplies: false,
    repliesDropped: 0,
  };
  client.on('data', (bytes) => {
    const { losesRequests, delayMs } = modeNow();
    if (link.holdsRequests) link.held.push(bytes);
    else if (!losesRequests) later(delayMs, () => server.write(bytes));
  });
  server.on('data', (bytes) => {
    const { losesReplies, delayMs } = modeNow();
    if (link.dropsReplies) link.repliesDropped++;
    else if (!losesReplies) later(delayMs, () => client.write(bytes));
  });
  client.on('error', () => undefined);
  server.on('error', () => client.destroy());
  client.on('close', () => {
    if (!link.holdsRequests && !link.dropsReplies) server.end();
  });
  server.on('close', () => client.destroy());
  return link;
}
