/** The file with the operations of applications: what Apollo's and Relay's compilers write. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DatabaseError } from '../schema/error.ts';

const id = z.string().min(1).max(200);
const document = z.string().min(1);

/** `{ "operations": [{ "id": …, "body": … }] }` */
const apollo = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id, body: document })),
});

/** `{ "id": "document" }` */
const relay = z.record(id, document);

/** Documents by their ids. @throws BAD_CONFIG */
export function readOperationsFile(path: string): ReadonlyMap<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw badFile(`The file ${path} cannot be read as JSON`, cause);
  }
  const manifest = apollo.safeParse(json);
  if (manifest.success)
    return new Map(manifest.data.operations.map(({ id: name, body }) => [name, body]));
  const record = relay.safeParse(json);
  if (record.success) return new Map(Object.entries(record.data));
  throw badFile(
    `Expected operations in ${path}: a manifest of Apollo, or an object of ids to documents as Relay writes it`,
  );
}

function badFile(message: string, cause?: unknown): DatabaseError {
  return new DatabaseError('BAD_CONFIG', message, { data: { key: 'api.operations' }, cause });
}
