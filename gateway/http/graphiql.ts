/** The page of the browser console and the files it loads, all of them local. */
import { fileURLToPath } from 'node:url';

export const GRAPHIQL_ASSETS = fileURLToPath(new URL('../assets/', import.meta.url));

/** Where the files are served. */
export const GRAPHIQL_ASSETS_PATH = '/graphiql/assets';

/** Nothing but our own files runs on the page; GraphiQL writes style elements of its own. */
export const GRAPHIQL_POLICY =
  "default-src 'none'; connect-src 'self'; font-src data:; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

export function graphiqlPage(endpoint: string): string {
  const asset = (name: string): string => `${GRAPHIQL_ASSETS_PATH}/${name}`;
  const scripts = [
    'react.production.min.js',
    'react-dom.production.min.js',
    'graphiql.min.js',
    'graphiql-start.js',
  ].map((name) => `    <script src="${asset(name)}"></script>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>GraphiQL</title>
    <link rel="stylesheet" href="${asset('graphiql.min.css')}" />
    <style>html, body, #graphiql { height: 100%; margin: 0; }</style>
  </head>
  <body>
    <div id="graphiql" data-endpoint="${escapeHtml(endpoint)}"></div>
${scripts.join('\n')}
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
