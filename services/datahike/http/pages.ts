/** The description of the protocol for programs, and the page on which people read it; whatever the page loads is served from here. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { accepted, JSON_FORMAT } from './formats.ts';
import { swagger } from './swagger.ts';

export interface PageFiles {
  /** The folder with `swagger-ui-bundle.js`, `swagger-ui.css` and `docs-start.js`. */
  readonly folder: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '/swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  '/swagger-ui.css': 'text/css; charset=utf-8',
  '/docs-start.js': 'text/javascript; charset=utf-8',
};

/** Nothing but our own files runs on the page; the tool writes style elements of its own. */
const POLICY =
  "default-src 'none'; connect-src 'self'; font-src data:; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Datahike API</title>
    <link rel="stylesheet" href="./swagger-ui.css" />
  </head>
  <body>
    <div id="docs" data-document="./swagger.json" data-scheme="token"></div>
    <script src="./swagger-ui-bundle.js"></script>
    <script src="./docs-start.js"></script>
  </body>
</html>
`;

/** Whether the path is one of the page or of the description: then it is answered. */
export function sendPage(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  path: string,
  files: PageFiles | undefined,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (path === '/swagger.json') {
    const format = accepted(headers.accept) ?? JSON_FORMAT;
    response.writeHead(200, { 'Content-Type': format.contentType }).end(format.print(swagger()));
    return true;
  }
  if (files === undefined) return false;
  if (path === '/') {
    response
      .writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': POLICY })
      .end(PAGE);
    return true;
  }
  const type = Object.hasOwn(TYPES, path) ? TYPES[path] : undefined;
  if (type === undefined) return false;
  response.setHeader('Content-Type', type);
  createReadStream(join(files.folder, path))
    .on('error', () => response.destroy())
    .pipe(response);
  return true;
}
