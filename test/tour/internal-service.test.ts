/** The three commands of the example's README, as a reader would give them. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { OurProcess } from '../support/our-process.ts';
import { runCommand, startProcess } from '../support/our-process.ts';
import { freshSchema } from '../support/postgres.ts';
import type { TestSchema } from '../support/postgres.ts';
import { redisUrl } from '../support/server-urls.ts';
import { blocksOf, stepsOf } from './blocks.ts';

const README = 'examples/internal-service/README.md';
const steps = stepsOf(README, 'Three commands');

let schema: TestSchema;
let env: Record<string, string>;
const processes: OurProcess[] = [];

beforeAll(async () => {
  schema = await freshSchema();
  env = {
    DATABASE_URL: schema.url,
    DATAHIKE_GATEWAY_SCHEMA: schema.schema,
    REDIS_URL: await redisUrl(),
    DATAHIKE_GATEWAY_DATABASES: 'catalogue,ada,bob',
    DATAHIKE_GATEWAY_WRITER_PORT: '0',
    DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
    // Only announcements are in time.
    DATAHIKE_GATEWAY_POLL_INTERVAL_MS: '60000',
  };
});

afterAll(async () => {
  for (const each of processes.reverse()) await each.end('SIGTERM');
  await schema.drop();
});

it('has three commands, which package.json knows', () => {
  expect(steps.map(({ text }) => text)).toEqual([
    'npm run datahike-gateway -- writer',
    'npm run example:service',
    'npm run --silent example:order -- ada lamp 3',
  ]);
  expect(blocksOf(README).length).toBe(4);
});

it('invoices an order in another process', async () => {
  const run = 'config/tools/run.js';
  processes.push(await startProcess({ args: [run, 'gateway/main.ts', 'writer'], env }));
  const service = await startProcess({
    args: [run, 'examples/internal-service/service.ts'],
    env,
    readyWhen: /^Invoicing for 2 customers/,
  });
  processes.push(service);
  const [, , order] = steps;
  const printed = await runCommand('bash', ['-euc', order!.text], env);
  expect(printed.trim()).toBe(order!.output?.text);
  await vi.waitFor(() =>
    expect(service.output()).toMatch(/^ada: order \w+, 3 x Desk lamp, 119\.70M$/m),
  );
  const other = await runCommand(
    'bash',
    ['-euc', order!.text.replace('ada lamp 3', 'bob chair 2')],
    env,
  );
  expect(other.trim()).toBe('bob ordered 2 x chair: 240.00M');
});
