/** The same music in one PostgreSQL twice, and one server process over each. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { OurProcess } from '../../support/our-process.ts';
import { startProcess } from '../../support/our-process.ts';
import { GATEWAY, buildPrograms } from '../../support/programs.ts';
import { writeDatabase } from '../music/database.ts';
import { generateMusic } from '../music/generate.ts';
import type { Music } from '../music/generate.ts';
import type { Place } from '../write-transactions.ts';
import { writeTables } from '../music/tables.ts';

export interface MusicServers {
  readonly music: Music;
  readonly ours: OurProcess;
  readonly theirs: OurProcess;
  /** Where each takes GraphQL. */
  readonly urls: { readonly ours: string; readonly theirs: string };
  /** Ends them, and removes what they served. */
  readonly stop: () => Promise<void>;
}

/** Both run on the same Node with the same options, those of our image. */
export const NODE_OPTIONS = ['--max-semi-space-size=64'];
export const ENVIRONMENT = { NODE_ENV: 'production', GRAPHILE_ENV: 'production' };
const DATABASE = 'music';
const TOKEN = 'the-token-of-this-benchmark';

/** What both servers are sent. */
export const REQUEST_HEADERS = {
  'content-type': 'application/json',
  authorization: `Bearer ${TOKEN}`,
};

export async function startMusicServers(url: string, scale: number): Promise<MusicServers> {
  const programs = await buildPrograms('bench-gateway', {
    gateway: GATEWAY,
    postgraphile: 'test/bench/gateway/postgraphile-server.ts',
  });
  const suffix = randomBytes(6).toString('hex');
  const schemas = { store: `bench_${suffix}`, tables: `music_${suffix}` };
  const music = generateMusic(scale);
  const processes: OurProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const each of processes) await each.end('SIGTERM');
    await dropSchemas(url, Object.values(schemas));
  };
  try {
    await writeTables(music, url, schemas.tables);
    await writeDatabase(music, { url, schema: schemas.store, name: DATABASE });
    const ours = await startGateway(programs.gateway, {
      url,
      schema: schemas.store,
      name: DATABASE,
    });
    processes.push(ours);
    const theirs = await startServer([programs.postgraphile, url, schemas.tables]);
    processes.push(theirs);
    const urls = { ours: `${ours.url}/graphql`, theirs: `${theirs.url}/graphql` };
    return { music, ours, theirs, urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A gateway over one database; `program` is that of {@link GATEWAY}. */
export function startGateway(program: string, { url, schema, name }: Place): Promise<OurProcess> {
  return startServer([program, 'start', '--port', '0'], {
    DATABASE_URL: url,
    DATAHIKE_GATEWAY_SCHEMA: schema,
    DATAHIKE_GATEWAY_DATABASES: name,
    DATAHIKE_GATEWAY_WRITER_PORT: '0',
    // As in production: who asks has to show a token each time.
    DATAHIKE_GATEWAY_DEVELOPMENT: 'false',
    DATAHIKE_GATEWAY_TOKEN: TOKEN,
    // Limits are looked after, and let this load through.
    DATAHIKE_GATEWAY_REQUESTS_PER_MINUTE: '2000000000',
    DATAHIKE_GATEWAY_COST_PER_MINUTE: '2000000000',
  });
}

function startServer(args: ReadonlyArray<string>, env = {}): Promise<OurProcess> {
  return startProcess({
    args,
    env: { ...ENVIRONMENT, ...env },
    nodeOptions: NODE_OPTIONS,
    readyWhen: /^Health /,
  });
}

/** Answers so many bytes to whatever it is asked. */
export async function startBareServer(sizeBytes: number): Promise<OurProcess> {
  const { bare } = await buildPrograms('bench-gateway', {
    bare: 'test/bench/gateway/bare-server.ts',
  });
  return startProcess({ args: [bare, String(sizeBytes)], nodeOptions: NODE_OPTIONS });
}

export async function dropSchemas(url: string, schemas: ReadonlyArray<string>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const schema of schemas) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
}
