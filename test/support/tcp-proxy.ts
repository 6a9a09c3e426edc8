/**
 * Stands between a client and a server and loses what it is told to lose.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

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
  const server = createServer((client) => links.add(linkOf(client, connect({ host, port }))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sum = (of: (link: Link) => number): number =>
    [...links].reduce((total, link) => total + of(link), 0);
  return {
    port: (server.address() as AddressInfo).port,
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

function linkOf(client: Socket, server: Socket): Link {
  const link: Link = {
    client,
    server,
    held: [],
    holdsRequests: false,
    dropsReplies: false,
    repliesDropped: 0,
  };
  client.on('data', (bytes) => {
    if (link.holdsRequests) link.held.push(bytes);
    else server.write(bytes);
  });
  server.on('data', (bytes) => {
    if (link.dropsReplies) link.repliesDropped++;
    else client.write(bytes);
  });
  client.on('error', () => undefined);
  server.on('error', () => client.destroy());
  client.on('close', () => {
    if (!link.holdsRequests && !link.dropsReplies) server.end();
  });
  server.on('close', () => client.destroy());
  return link;
}
