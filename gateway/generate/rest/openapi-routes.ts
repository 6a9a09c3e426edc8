/** Addresses that code of users answers, as they describe themselves. */
import type { JsonSchema } from './json-schemas.ts';
import { shows } from './openapi-parts.ts';

export interface DescribedRoute {
  readonly method: string;
  /** `/reports/:year` */
  readonly path: string;
  readonly summary?: string;
  /** Of what it answers. */
  readonly response?: JsonSchema;
}

/** Those with a summary, by their paths. */
export function pathsOfRoutes(
  routes: ReadonlyArray<DescribedRoute>,
): Readonly<Record<string, object>> {
  const paths: Record<string, object> = {};
  for (const { method, path, summary, response = {} } of routes) {
    if (summary === undefined) continue;
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    const parameters = Array.from(path.matchAll(/:(\w+)/g), ([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const operation = {
      operationId: `${method.toLowerCase()}${path.replaceAll(/\W+(\w)/g, (_match, letter: string) => letter.toUpperCase())}`,
      summary,
      tags: [EXTENSIONS],
      responses: shows(summary, response),
    };
    paths[template] = { ...paths[template], parameters, [method.toLowerCase()]: operation };
  }
  return paths;
}

/** Their tag. */
export const EXTENSIONS = 'Extensions';
