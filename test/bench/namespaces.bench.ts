/**
 * A schema of 1,000 namespaces beside one of 10: what it takes to make the GraphQL schema, each time in a new process as whoever starts a gateway waits for it,
 * and what a small query takes under load, the two gateways in turns.
 */
import { randomBytes } from 'node:crypto';
import type { OurProcess } from '../support/our-process.ts';
import { startProcess } from '../support/our-process.ts';
import { GATEWAY, buildPrograms } from '../support/programs.ts';
import { createServers } from '../support/servers.ts';
import {
  dropSchemas,
  ENVIRONMENT,
  NODE_OPTIONS,
  REQUEST_HEADERS,
  startGateway,
} from './gateway/servers.ts';
import type { Result } from './harness.ts';
import { limited, median } from './harness.ts';
import type { Asked, Measured } from './load/load.ts';
import { LoadGenerator } from './load/load.ts';
import { ATTRIBUTES_EACH, ENTITIES, transactionsOf } from './namespaces/attributes.ts';
import type { Built } from './namespaces/build.ts';
import { writeTransactions } from './write-transactions.ts';

const MANY = 1_000;
const FEW = 10;
const ROUNDS = 5;
const SECONDS = 4;
const WARM_UP_SECONDS = 5;
const MIB = 2 ** 20;

const LIMIT_MS = 1_000;
const LIMIT_MIB = 200;
const LIMIT_RATIO = 1.2;

const QUERY = 'query ($code: String!) { kind0(by: { code: $code }) { code name count } }';

export async function namespacesBench(): Promise<Result[]> {
  return [...(await buildResults()), ...(await latencyResults())];
}

async function buildResults(): Promise<Result[]> {
  const { build } = await buildPrograms('bench-namespaces', {
    build: 'test/bench/namespaces/build.ts',
  });
  const rounds: Built[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const process = await startProcess({
      args: [build, String(MANY)],
      env: ENVIRONMENT,
      nodeOptions: NODE_OPTIONS,
      readyWhen: /^\{/,
    });
    rounds.push(JSON.parse(process.output()) as Built);
    await process.ended;
  }
  const of = (figure: (built: Built) => number): number => median(rounds.map(figure));
  const name = `the GraphQL schema of ${MANY * ATTRIBUTES_EACH} attributes, ${of(({ types }) => types)} types`;
  return [
    limited(
      name,
      of(({ modelMs, schemaMs }) => modelMs + schemaMs),
      LIMIT_MS,
      'ms',
    ),
    limited(
      `${name}, printed`,
      of(({ modelMs, schemaMs, printMs }) => modelMs + schemaMs + printMs),
      LIMIT_MS,
      'ms',
    ),
    limited(`${name}, in memory`, of(({ bytes }) => bytes) / MIB, LIMIT_MIB, 'MiB'),
  ];
}

interface Side {
  readonly gateway: OurProcess;
  readonly asked: Asked;
  readonly rounds: Measured[];
}

async function latencyResults(): Promise<Result[]> {
  const servers = createServers();
  const generator = await LoadGenerator.start();
  const schemas: string[] = [];
  const sides: Side[] = [];
  const url = await servers.postgresUrl();
  try {
    const { gateway: program } = await buildPrograms('bench-namespaces', { gateway: GATEWAY });
    for (const namespaces of [MANY, FEW]) {
      const schema = `bench_${randomBytes(6).toString('hex')}`;
      schemas.push(schema);
      const place = { url, schema, name: 'kinds' };
      await writeTransactions(place, transactionsOf(namespaces));
      const gateway = await startGateway(program, place);
      sides.push({ gateway, asked: await askAll(gateway), rounds: [] });
    }
    const [postgres] = await servers.started();
    const measure = ({ gateway, asked }: Side, seconds: number): Promise<Measured> =>
      generator.measure({
        ...{ name: 'a small query', url: `${gateway.url}/graphql`, headers: REQUEST_HEADERS },
        ...{ asked, seconds, serverPid: gateway.pid, postgresPid: postgres?.pid },
      });
    for (const side of sides) await measure(side, WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round++)
      for (const side of sides) side.rounds.push(await measure(side, SECONDS));
  } finally {
    await generator.end();
    for (const { gateway } of sides) await gateway.end('SIGTERM');
    await dropSchemas(url, schemas);
    await servers.stop();
  }
  const ratio = (figure: keyof Measured): number => {
    const [many = NaN, few = NaN] = sides.map(({ rounds }) =>
      median(rounds.map((round) => round[figure])),
    );
    return many / few;
  };
  const name = `a small query, with ${MANY} namespaces against ${FEW}`;
  return [
    limited(`${name}: time in the middle`, ratio('p50Ms'), LIMIT_RATIO, 'times'),
    limited(`${name}: of processors`, ratio('serverMs'), LIMIT_RATIO, 'times'),
  ];
}

/** @throws where an answer is an error */
async function askAll({ url }: OurProcess): Promise<Asked> {
  const bodies: string[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < ENTITIES; i += 5) {
    const body = JSON.stringify({ query: QUERY, variables: { code: `code ${i}` } });
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: REQUEST_HEADERS,
      body,
    });
    const text = await response.text();
    if (!text.includes(`"name ${i}"`)) throw new Error(`Expected name ${i}, got ${text}`);
    bodies.push(body);
    sizes.push(text.length);
  }
  return { bodies, sizes };
}
