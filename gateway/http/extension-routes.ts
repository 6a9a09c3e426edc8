/** The addresses that extensions answer, below those of a database: what of a request they get, and how their answers leave. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { RouteAnswer } from '../extend/extension.ts';
import type { FoundRoute } from '../extend/routes.ts';
import { findRoute } from '../extend/routes.ts';
import type { ServedDatabase } from '../served-database.ts';
import type { ServedSchema } from '../served-schema.ts';
import type { GatewayRequest, RequestContext } from './context.ts';
import { readScope } from './context.ts';

export interface ExtensionRouteOptions {
  /** The database of the path, and what the caller sees of it. */
  readonly find: (
    request: GatewayRequest,
    name: string,
    response: Response,
  ) => Promise<{ readonly database: ServedDatabase; readonly schema: ServedSchema }>;
  readonly createContext: (
    database: ServedDatabase,
    schema: ServedSchema,
    request: GatewayRequest,
    response: Response,
  ) => RequestContext | Promise<RequestContext>;
}

/** The path that it is to be put at. */
export const EXTENSION_ROUTES = '/v1/:database/*path';

/** Answers what an extension is asked; whatever else, others do. */
export function answerRoutes({ find, createContext }: ExtensionRouteOptions): RequestHandler {
  return async (request, response, next) => {
    const { database: name, path = [] } = request.params;
    const { database, schema } = await find(request, String(name), response);
    const found = findRoute(schema.routes, request.method, [path].flat());
    if (found === undefined) return next();
    const context = await createContext(database, schema, request, response);
    const answered = await answerOf(found, context, request);
    response.set('Datahike-Basis-T', String(context.basisTx)).set('Cache-Control', 'no-store');
    send(response, answered);
  };
}

async function answerOf(
  { route, params }: FoundRoute,
  request: RequestContext,
  { originalUrl, headers, body }: GatewayRequest & { readonly originalUrl: string },
): Promise<RouteAnswer> {
  const { code, snapshot } = readScope(request, undefined);
  if (code === undefined) throw new Error('Expected a route to be of code');
  try {
    const { searchParams: query } = new URL(originalUrl, 'http://localhost');
    const context = code.contextOn(snapshot);
    const asked = { params, query, headers: plainHeaders(headers), body, context };
    return await code.within(Promise.resolve(route.handle(asked)));
  } finally {
    code.end();
  }
}

function plainHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function send(response: Response, { status = 200, headers = {}, body }: RouteAnswer): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else if (typeof body === 'string') withType(response, 'text/plain').send(body);
  else if (body instanceof Uint8Array)
    withType(response, 'application/octet-stream').send(Buffer.from(body));
  else withType(response, 'application/json').send(JSON.stringify(body));
}

/** What is said of an answer's type counts. */
function withType(response: Response, type: string): Response {
  return response.hasHeader('content-type') ? response : response.type(type);
}
