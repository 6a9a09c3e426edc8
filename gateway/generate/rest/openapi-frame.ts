/** What every document of OpenAPI is made of, whatever it describes. */
import type { JsonSchema } from './json-schemas.ts';
import { withHeads } from './openapi-heads.ts';
import { PROBLEM } from './openapi-parts.ts';

/** A document of OpenAPI, as JSON. */
export type OpenApi = Readonly<Record<string, unknown>>;

interface Described {
  readonly title: string;
  readonly description: string;
  /** What stands in the addresses. */
  readonly name: string;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
  readonly tags: ReadonlyArray<{ readonly name: string; readonly description: string }>;
  readonly paths: Readonly<Record<string, object>>;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly parameters: Readonly<Record<string, object>>;
  readonly headers: Readonly<Record<string, object>>;
}

export function documentOf(described: Described): OpenApi {
  const { title, description, name, isGuarded, tags, paths } = described;
  const { schemas, parameters, headers } = described;
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description, contact: { name: 'Whoever runs this gateway' } },
    servers: [{ url: `/v1/${encodeURIComponent(name)}` }],
    tags: tags.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    paths: withHeads(paths),
    components: {
      schemas,
      parameters,
      responses: { Problem: PROBLEM },
      headers,
      ...(isGuarded ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
    ...(isGuarded ? { security: [{ token: [] }] } : {}),
  };
}
