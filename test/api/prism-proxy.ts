/** An app behind Prism's validating proxy: what it answers goes through, and what breaks the document is written down. */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer as createProxy } from '@stoplight/prism-http-server';
import pino from 'pino';

export interface ProxiedApp {
  readonly app: RequestListener;
  /** What answers, and requests that were answered, had that the document does not. */
  readonly violations: ReadonlyArray<string>;
  readonly close: () => Promise<void>;
}

/** The `sl-violations` of Prism. */
interface Violation {
  readonly location: ReadonlyArray<string>;
  readonly message: string;
}

/** @param document of the addresses below `base` */
export async function throughPrism(
  app: RequestListener,
  base: string,
  document: object,
): Promise<ProxiedApp> {
  const server = await listen(app);
  const proxy = createProxy(await getHttpOperationsFromSpec(document), {
    components: { logger: pino({ level: 'silent' }) as never },
    config: {
      isProxy: true,
      upstream: new URL(`${urlOf(server)}${base}`),
      checkSecurity: false,
      validateRequest: true,
      validateResponse: true,
      errors: false,
      mock: { dynamic: false },
      upstreamProxy: undefined,
    } as never,
    cors: false,
  });
  const proxyUrl = await proxy.listen(0, '127.0.0.1');
  const violations: string[] = [];
  const proxied: RequestListener = (request, response) => {
    // Other addresses, and what may be asked of one, are none of the document's.
    const isDescribed = request.method !== 'OPTIONS' && request.url?.startsWith(`${base}/`);
    if (isDescribed !== true) app(request, response);
    else void forward(proxyUrl, base, request, response, violations);
  };
  return {
    app: proxied,
    violations,
    close: async () => {
      await proxy.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Received = Parameters<RequestListener>[0];
type Answered = Parameters<RequestListener>[1];

const HOP_BY_HOP = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);

async function forward(
  proxyUrl: string,
  base: string,
  request: Received,
  response: Answered,
  violations: string[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined || HOP_BY_HOP.has(name) ? [] : [[name, String(value)] as [string, string]],
  );
  const { method = 'GET', url = '' } = request;
  const answer = await fetch(`${proxyUrl}${url.slice(base.length)}`, {
    method,
    headers: { ...Object.fromEntries(headers), 'accept-encoding': 'identity' },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  const said = JSON.parse(answer.headers.get('sl-violations') ?? '[]') as ReadonlyArray<Violation>;
  const isBare = answer.headers.get('preference-applied')?.includes('return=minimal') === true;
  for (const { location, message } of said) {
    const isOfRequest = location[0] === 'request';
    // A request that was refused is meant to break the document. Prism takes all types that end with +json for one, and each answer to have a body.
    if (isOfRequest ? !answer.ok || isPatch(request) : isBare) continue;
    violations.push(`${method} ${url} ${answer.status}: ${location.join('.')}: ${message}`);
  }
  for (const [name, value] of answer.headers)
    if (!HOP_BY_HOP.has(name) && name !== 'content-encoding') response.setHeader(name, value);
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
}

function isPatch({ headers }: Received): boolean {
  return headers['content-type']?.startsWith('application/json-patch+json') === true;
}

async function listen(app: RequestListener): Promise<Server> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
