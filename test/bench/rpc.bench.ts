/**
 * Datahike's protocol over HTTP: a server of ours in a process of its own, 32 connections, in two of its formats; beside it the same calls in the process
 * that has the database. The databases are in memory, so that it is the protocol that is measured.
 */
import autocannon from 'autocannon';
import type { EdnData } from '../../engine/index.ts';
import { kw } from '../../engine/index.ts';
import { DatabaseValue } from '../../services/datahike/live.ts';
import { perform } from '../../services/datahike/operations.ts';
import { callPeer } from '../../services/datahike/http/client.ts';
import { EDN_FORMAT, JSON_FORMAT } from '../../services/datahike/http/formats.ts';
import type { Format } from '../../services/datahike/http/formats.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { startProcess } from '../support/our-process.ts';
import type { Result } from './harness.ts';
import { median } from './harness.ts';

const CONNECTIONS = 32;
const PEOPLE = 10_000;
const ROUNDS = 5;
const SECONDS = 3;
const QUERY = '[:find ?age . :in $ ?name :where [?p :name ?name] [?p :age ?age]]';

const CONFIG: EdnData = new Map<EdnData, EdnData>([
  [
    kw('store'),
    new Map<EdnData, EdnData>([
      [kw('backend'), kw('memory')],
      [kw('id'), 'bench'],
    ]),
  ],
]);

const SCHEMA: EdnData = ['name', 'age'].map(
  (name) =>
    new Map<EdnData, EdnData>([
      [kw('db/ident'), kw(name)],
      [kw('db/valueType'), kw(name === 'name' ? 'db.type/string' : 'db.type/long')],
      [kw('db/cardinality'), kw('db.cardinality/one')],
      [kw('db/index'), true],
    ]),
);

function person(index: number): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('name'), `person ${index}`],
    [kw('age'), index % 100],
  ]);
}

const everybody = (): EdnData => Array.from({ length: PEOPLE }, (_, index) => person(index));

/** Asks one operation after the other, whoever does it. */
type Ask = (name: string, ...args: ReadonlyArray<EdnData>) => Promise<EdnData>;

export async function rpcBench(): Promise<Result[]> {
  const process = await startProcess({
    args: ['gateway/main.ts', 'writer'],
    env: {
      DATAHIKE_GATEWAY_STORE: 'memory',
      DATAHIKE_GATEWAY_WRITER_PORT: '0',
      DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
    },
    readyWhen: /^Datahike /,
  });
  const [, url = ''] = /^Datahike (\S+)/m.exec(process.output()) ?? [];
  const here = await protocolServer();
  try {
    const ask: Ask = (name, ...args) => callPeer({ url, format: 'edn' }, name, args);
    await ask('create-database', CONFIG);
    const connection = await ask('connect', CONFIG);
    await ask('transact', connection, SCHEMA);
    await ask('transact', connection, everybody());
    const db = await ask('db', connection);
    const local = await inProcess(here.registry);
    const results: Result[] = [];
    for (const format of [JSON_FORMAT, EDN_FORMAT]) {
      const bodies = Array.from({ length: 100 }, (_, i) =>
        format.print([QUERY, db, `person ${i * 97}`]),
      );
      const queries = { url: `${url}/q`, method: 'GET', format, bodies } as const;
      results.push(
        await compare(`q, one entity by a value, ${format.mediaType}`, queries, local.query),
      );
      const writes = bodies.map((_, i) => format.print([connection, [person(i)]]));
      const transactions = {
        url: `${url}/transact`,
        method: 'POST',
        format,
        bodies: writes,
      } as const;
      results.push(
        await compare(`transact, one entity, ${format.mediaType}`, transactions, local.transact),
      );
    }
    return results;
  } finally {
    await here.stop();
    await process.end('SIGTERM');
  }
}

/** The same calls without HTTP, as many at once. */
async function inProcess(registry: Parameters<typeof perform>[2]['registry']): Promise<{
  readonly query: () => Promise<void>;
  readonly transact: () => Promise<void>;
}> {
  const asked = { registry, limits: {} };
  await perform('create-database', [CONFIG], asked);
  const opened = await registry.connect(CONFIG);
  await perform('transact', [opened, SCHEMA], asked);
  await perform('transact', [opened, everybody()], asked);
  const value = await registry.db(opened);
  let count = 0;
  return {
    query: async () => {
      const { db, of, handle } = value;
      await perform(
        'q',
        [QUERY, new DatabaseValue(db, of, handle), `person ${(count++ * 97) % PEOPLE}`],
        asked,
      );
    },
    transact: async () => {
      await perform('transact', [opened, [person(count++)]], asked);
    },
  };
}

interface Load {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly format: Format;
  readonly bodies: ReadonlyArray<string | Uint8Array>;
}

async function compare(name: string, load: Load, call: () => Promise<void>): Promise<Result> {
  const [overHttp, here]: [number[], number[]] = [[], []];
  await requestsPerSecond(load, 2);
  for (let round = 0; round < ROUNDS; round++) {
    overHttp.push(await requestsPerSecond(load, SECONDS));
    here.push(await callsPerSecond(call, SECONDS));
  }
  const [ours, theirs] = [median(overHttp), median(here)];
  return {
    name,
    ours,
    peer: 'the same call in the process',
    theirs,
    ratio: ours / theirs,
    unit: '/s',
  };
}

async function requestsPerSecond(
  { url, method, format, bodies }: Load,
  seconds: number,
): Promise<number> {
  const result = await autocannon({
    url,
    method,
    headers: { 'content-type': format.mediaType, accept: format.mediaType },
    connections: CONNECTIONS,
    duration: seconds,
    requests: bodies.map((body) => ({ body: Buffer.from(body) })),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success and ${result.errors} failed`);
  return result.requests.total / result.duration;
}

async function callsPerSecond(call: () => Promise<void>, seconds: number): Promise<number> {
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < endAt) {
        await call();
        // Others have their turn, as between requests.
        if (++count % CONNECTIONS === 0) await new Promise(setImmediate);
      }
    }),
  );
  return count / ((performance.now() - startedAt) / 1_000);
}
