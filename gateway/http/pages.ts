/** The pages for people: the GraphQL console and the documentation of REST. Whatever they load is served from here. */
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { Express, Request, RequestHandler } from 'express';

export interface PageOptions {
  readonly defaultDatabase: string;
  /** The console is for developers. */
  readonly development: boolean;
}

const ASSETS = fileURLToPath(new URL('../assets/', import.meta.url));
const ASSETS_PATH = '/assets';

/** Nothing but our own files runs on a page; both tools write style elements of their own. */
const POLICY =
  "default-src 'none'; connect-src 'self'; font-src data:; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

/**
 *     /graphiql            /graphiql/:database       also GET /graphql for a browser
 *     /docs                /docs/:database           also GET /v1/:database for a browser
 *     /                    leads to one of them
 *
 * Whoever is no browser is led to what programs read.
 */
export function servePages(app: Express, { defaultDatabase, development }: PageOptions): void {
  app.use(ASSETS_PATH, express.static(ASSETS, { fallthrough: false, index: false }));
  const page =
    (html: (database: string) => string): RequestHandler =>
    (request, response) => {
      const { database = defaultDatabase } = request.params as { readonly database?: string };
      response.set('Content-Security-Policy', POLICY).type('html').send(html(database));
    };
  app.get(['/docs', '/docs/:database'], page(docsPage));
  app.get('/v1/:database', (request, response) => {
    const database = encodeURIComponent(request.params.database);
    response.redirect(wantsHtml(request) ? `/docs/${database}` : `/v1/${database}/openapi.json`);
  });
  app.get('/', (request, response) => {
    if (wantsHtml(request)) response.redirect(development ? '/graphiql' : '/docs');
    else response.json(entryPoints(defaultDatabase));
  });
  if (!development) return;
  const console = page(consolePage);
  app.get(['/graphiql', '/graphiql/:database'], console);
  app.get(['/graphql', '/graphql/:database'], (request, response, next) => {
    const isPage = request.query['query'] === undefined && wantsHtml(request);
    return isPage ? console(request, response, next) : next();
  });
}

function entryPoints(database: string): Readonly<Record<string, string>> {
  const name = encodeURIComponent(database);
  return { graphql: '/graphql', rest: `/v1/${name}`, docs: '/docs', health: '/health' };
}

function wantsHtml(request: Request): boolean {
  return (
    request.accepts(['application/json', 'application/graphql-response+json', 'text/html']) ===
    'text/html'
  );
}

function consolePage(database: string): string {
  return pageOf({
    title: `GraphiQL: ${database}`,
    style: 'graphiql.min.css',
    root: `<div id="graphiql" data-endpoint="/graphql/${encodeURIComponent(database)}"></div>`,
    scripts: [
      'react.production.min.js',
      'react-dom.production.min.js',
      'graphiql.min.js',
      'graphiql-start.js',
    ],
  });
}

function docsPage(database: string): string {
  return pageOf({
    title: `REST: ${database}`,
    style: 'swagger-ui/swagger-ui.css',
    root: `<div id="swagger-ui" data-document="/v1/${encodeURIComponent(database)}/openapi.json" data-scheme="Bearer"></div>`,
    scripts: ['swagger-ui/swagger-ui-bundle.js', 'swagger-ui/swagger-initializer.js'],
  });
}

interface Page {
  readonly title: string;
  readonly style: string;
  readonly root: string;
  readonly scripts: ReadonlyArray<string>;
}

function pageOf({ title, style, root, scripts }: Page): string {
  const tags = scripts.map((name) => `    <script src="${ASSETS_PATH}/${name}"></script>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${ASSETS_PATH}/${style}" />
    <style>html, body, #graphiql { height: 100%; margin: 0; }</style>
  </head>
  <body>
    ${root}
${tags.join('\n')}
  </body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
