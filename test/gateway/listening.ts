/** An app on a port of this machine, and readers of what it streams. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../../gateway/index.ts';
import type { Json } from './served-world.ts';

type Served = Pick<App, 'app' | 'upgrade'>;

export interface Listening {
  readonly url: string;
  readonly server: Server;
  readonly close: () => Promise<void>;
}

export async function listenOn({ app, upgrade }: Served): Promise<Listening> {
  const server = createServer(app).on('upgrade', upgrade);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The events of a response, one at a time. */
export interface EventReader {
  readonly response: Response;
  /** The fields of the next event; undefined at the end of the stream. */
  readonly next: () => Promise<Readonly<Record<string, string>> | undefined>;
  /** The answer in the next event. */
  readonly answer: () => Promise<Json>;
  readonly cancel: () => void;
}

export async function readEvents(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<EventReader> {
  const controller = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    signal: controller.signal,
  });
  return eventsOf(response, controller);
}

export function eventsOf(response: Response, controller = new AbortController()): EventReader {
  const chunks = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Record<string, string> | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const fields = lines.filter((line) => !line.startsWith(':'));
        if (fields.length > 0)
          return Object.fromEntries(fields.map((line) => line.split(/: ?(.*)/s, 2)));
        continue;
      }
      const chunk = await chunks?.read();
      if (chunk === undefined || chunk.done) return undefined;
      text += chunk.value;
    }
  };
  return {
    response,
    next,
    answer: async () => {
      let event = await next();
      while (event !== undefined && event['event'] !== 'next') event = await next();
      return JSON.parse(event?.['data'] ?? 'null') as Json;
    },
    cancel: () => controller.abort(),
  };
}
