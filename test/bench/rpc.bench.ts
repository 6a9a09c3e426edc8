/**
 * Datahike's protocol over HTTP: a server of ours in a process of its own, 32 connections, in two of its formats; beside it the same calls in the process
 * that has the database. The databases are in memory, so that it is the protocol that is measured.
 */
import type { EdnData } from '../../engine/index.ts';
import { kw } from '../../engine/index.ts';
import { DatabaseValue } from '../../services/datahike/live.ts';
import { perform } from '../../services/datahike/operations.ts';
import { callPeer } from '../../services/datahike/http/client.ts';
import { EDN_FORMAT, JSON_FORMAT } from '../../services/datahike/http/formats.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { startProcess } from '../support/our-process.ts';
import type { Result } from './harness.ts';
import { median } from './harness.ts';
import { CONNECTIONS, LoadGenerator } from './load/load.ts';

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
  const generator = await LoadGenerator.start();
  try {
    const ask: Ask = (name, ...args) => callPeer({ url, format: 'edn' }, name, args);
    await ask('create-database', CONFIG);
    const connection = await ask('connect', CONFIG);
    await ask('transact', connection, SCHEMA);
    await ask('transact', connection, everybody());
    const db = await ask('db', connection);
    const local = await inProcess(here.registry);
    const results: Result[] = [];
    for (const { print, mediaType } of [JSON_FORMAT, EDN_FORMAT]) {
      const headers = { 'content-type': mediaType, accept: mediaType };
      const load =
        (method: 'GET' | 'POST', name: string, args: ReadonlyArray<EdnData>): RequestsPerSecond =>
        async (seconds) => {
          const asked = { bodies: args.map((each) => String(print(each))), sizes: [] };
          const { requestsPerSecond } = await generator.measure({
            ...{ name, url: `${url}/${name}`, method, headers, asked, seconds },
            serverPid: process.pid,
          });
          return requestsPerSecond;
        };
      const numbers = Array.from({ length: 100 }, (_, i) => i);
      const queries = numbers.map((i) => [QUERY, db, `person ${i * 97}`]);
      results.push(
        await compare(
          `q, one entity by a value, ${mediaType}`,
          load('GET', 'q', queries),
          local.query,
        ),
      );
      const transactions = numbers.map((i) => [connection, [person(i)]]);
      results.push(
        await compare(
          `transact, one entity, ${mediaType}`,
          load('POST', 'transact', transactions),
          local.transact,
        ),
      );
    }
    return results;
  } finally {
    await generator.end();
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

type RequestsPerSecond = (seconds: number) => Promise<number>;

async function compare(
  name: string,
  requestsPerSecond: RequestsPerSecond,
  call: () => Promise<void>,
): Promise<Result> {
  const [overHttp, here]: [number[], number[]] = [[], []];
  await requestsPerSecond(2);
  for (let round = 0; round < ROUNDS; round++) {
    overHttp.push(await requestsPerSecond(SECONDS));
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
