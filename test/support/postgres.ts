/**
 * A schema of its own for each test file, so that files do not see each other's databases.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { postgresUrl } from './server-urls.ts';

export interface TestSchema {
  readonly url: string;
  readonly schema: string;
  /** Removes the schema and all that is in it. */
  drop(): Promise<void>;
}

/** The name of a schema that does not exist yet; a store host makes it. */
export async function freshSchema(): Promise<TestSchema> {
  const url = await postgresUrl();
  const schema = `test_${randomBytes(6).toString('hex')}`;
  return {
    url,
    schema,
    drop: () =>
      withClient(url, async (client) => {
        await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      }),
  };
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
