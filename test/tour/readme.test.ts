/** Executes the tour of the README, block by block, and compares what each prints. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-server.ts';
import type { OurProcess } from '../support/our-process.ts';
import { runCommand, startProcess } from '../support/our-process.ts';
import { freshSchema } from '../support/postgres.ts';
import type { TestSchema } from '../support/postgres.ts';
import { redisUrl } from '../support/server-urls.ts';
import { testFolder } from '../support/test-folder.ts';
import type { Step } from './blocks.ts';
import { stepsOf } from './blocks.ts';
import { pattern } from './pattern.ts';

/** Commands that go on running, and the files that they start. */
const SERVERS = new Map([
  ['npm start', 'examples/world/main.ts'],
  ['npm run datahike-gateway --', 'gateway/main.ts'],
]);

const steps = stepsOf('README.md', 'A five-minute tour');
const servers: OurProcess[] = [];
let folder: string;
let schema: TestSchema;
/** The ports that the README names, and those that are free here. */
let ports: ReadonlyMap<string, string>;
let env: Record<string, string>;

beforeAll(async () => {
  // Inside the repository, so that the package finds itself by its name.
  folder = await mkdtemp('.tour-');
  schema = await freshSchema();
  const named = ['4000', '4001', '4400'];
  ports = new Map(
    await Promise.all(named.map(async (port) => [port, String(await freePort())] as const)),
  );
  env = {
    DATAHIKE_GATEWAY_DIRECTORY: await testFolder(),
    DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
    PORT: ports.get('4000') ?? '',
  };
});

afterAll(async () => {
  for (const server of servers.reverse()) await server.end('SIGINT');
  await schema.drop();
  await rm(folder, { recursive: true });
});

describe('the tour of the README', () => {
  it('has commands and programs', () => {
    expect(steps.length).toBeGreaterThan(8);
  });

  it.each(steps)('line $line', async (step) => {
    const server = [...SERVERS].find(([command]) => step.text.startsWith(command));
    if (server !== undefined) {
      const [command, file] = server;
      if (file === 'gateway/main.ts') await useServers();
      const args = withPorts(step.text.slice(command.length)).split(' ').filter(Boolean);
      servers.push(await startProcess({ args: ['config/tools/run.js', file, ...args], env }));
      return;
    }
    const printed = await (step.language === 'ts' ? runProgram(step) : runShell(step));
    if (step.output === undefined) return;
    if (step.output.language === 'json')
      expect(JSON.parse(printed)).toEqual(pattern(JSON.parse(step.output.text)));
    else expect(printed.trim()).toBe(step.output.text);
  });
});

/** From here on the tour is on PostgreSQL and Redis. */
async function useServers(): Promise<void> {
  env = {
    DATABASE_URL: schema.url,
    DATAHIKE_GATEWAY_SCHEMA: schema.schema,
    REDIS_URL: await redisUrl(),
    DATAHIKE_GATEWAY_WRITER_PORT: ports.get('4400') ?? '',
    DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
  };
}

async function runProgram({ text, line }: Step): Promise<string> {
  const file = join(folder, `line-${line}.ts`);
  await writeFile(file, text);
  return runCommand(
    process.execPath,
    ['--conditions=datahike-gateway-source', '--import', 'tsx', file],
    env,
  );
}

function runShell({ text }: Step): Promise<string> {
  return runCommand('bash', ['-euc', withPorts(text)], env);
}

function withPorts(text: string): string {
  let result = text;
  for (const [named, free] of ports)
    result = result
      .replaceAll(`localhost:${named}`, `localhost:${free}`)
      .replaceAll(`--port ${named}`, `--port ${free}`);
  return result;
}
