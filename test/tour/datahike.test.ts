/** Executes the tour of the page about Datahike's protocol, block by block, and compares what each prints. */
import { chmod, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS, pathOf } from '../../schema/operation.ts';
import { freePort } from '../support/child-server.ts';
import type { OurProcess } from '../support/our-process.ts';
import { runCommand, startProcess } from '../support/our-process.ts';
import { buildPrograms } from '../support/programs.ts';
import { testFolder } from '../support/test-folder.ts';
import { stepsOf } from './blocks.ts';
import { pattern } from './pattern.ts';

const PAGE = 'docs/datahike.md';
const SERVER = 'npm run datahike-gateway -- ';

const steps = stepsOf(PAGE, 'A tour');
let folder: string;
let port: string;
let server: OurProcess | undefined;

beforeAll(async () => {
  folder = await testFolder();
  port = String(await freePort());
  const { curl } = await buildPrograms('curl', { curl: 'test/support/curl-main.ts' });
  const program = join(folder, 'curl');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${curl}' "$@"\n`);
  await chmod(program, 0o755);
});

afterAll(() => server?.end('SIGINT'));

describe('the tour of the protocol', () => {
  it('has commands', () => {
    expect(steps.length).toBeGreaterThan(6);
  });

  it.each(steps)('line $line', async ({ text, output }) => {
    const here = text.replaceAll('4444', port);
    if (here.startsWith(SERVER)) {
      server = await startServer(here.slice(SERVER.length).split(' '));
      return;
    }
    const printed = await runCommand('bash', ['-euc', script(here)]);
    if (output?.language === 'json')
      expect(JSON.parse(printed)).toEqual(pattern(JSON.parse(output.text)));
    else expect(printed).toBe(output?.text ?? '');
  });
});

it('the page names every operation', () => {
  const page = readFileSync(PAGE, 'utf8');
  for (const operation of OPERATIONS) {
    const [, get, post] =
      new RegExp(`^\\| \`${operation.right}\` +\\|(.*)\\|(.*)\\|$`, 'm').exec(page) ?? [];
    expect(operation.method === 'GET' ? get : post).toContain(`\`${pathOf(operation)}\``);
  }
});

function startServer(args: ReadonlyArray<string>): Promise<OurProcess> {
  return startProcess({
    args: [
      'config/tools/run.js',
      'gateway/main.ts',
      ...args.map((arg) => (arg.endsWith('.edn') ? join(folder, arg) : arg)),
    ],
    env: {
      DATAHIKE_GATEWAY_DIRECTORY: join(folder, 'data'),
      DATAHIKE_GATEWAY_DEVELOPMENT: 'false',
      DATAHIKE_GATEWAY_DATAHIKE_PORT: port,
      DATAHIKE_GATEWAY_WRITER_PORT: '0',
    },
  });
}

/** A block of one terminal, which knows the functions of those before. */
function script(text: string): string {
  return `cd '${folder}'\nPATH="$PWD:$PATH"\ntouch functions\n. ./functions\n${text}\ndeclare -f > functions`;
}
