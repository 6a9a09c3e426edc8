/** The description of the protocol for programs, and the page on which people read it; whatever the page loads is served from here. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { accepted, JSON_FORMAT } from './formats.ts';
import { swagger } from './swagger.ts';

export interface PageFiles {
  /** The folder of Swagger UI: its `index.html`, and what that loads. */
  readonly folder: string;
}

const PAGE = 'index.html';

const FILES: ReadonlySet<string> = new Set([
  PAGE,
  'index.css',
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'swagger-initializer.js',
  'favicon-16x16.png',
  'favicon-32x32.png',
]);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
};

/** Nothing but our own files runs on the page; the tool writes style elements of its own. */
const POLICY =
  "default-src 'none'; connect-src 'self'; font-src data:; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

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
  const name = path === '/' ? PAGE : path.slice(1);
  const type = TYPES[extname(name)];
  if (files === undefined || type === undefined || !FILES.has(name)) return false;
  response.setHeader('Content-Type', type).setHeader('Content-Security-Policy', POLICY);
  createReadStream(join(files.folder, name))
    .on('error', () => response.destroy())
    .pipe(response);
  return true;
}
