/** Executes each section of the pages about the library and the JavaScript API as one program, and compares what it prints. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/our-process.ts';
import type { ProtocolServer } from '../support/protocol-server.ts';
import { TOKEN, protocolServer } from '../support/protocol-server.ts';
import { testFolder } from '../support/test-folder.ts';
import { blocksOf } from './blocks.ts';

let folder: string;
let server: ProtocolServer;

beforeAll(async () => {
  // Inside the repository, so that the package finds itself by its name.
  folder = await mkdtemp('.tour-');
  server = await protocolServer();
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

describe.each(['docs/library.md', 'docs/javascript.md'])('%s', (page) => {
  const blocks = blocksOf(page);
  const sections = [...new Set(blocks.map(({ section }) => section))];

  it.each(sections)('%s', async (section) => {
    const textOf = (language: string): string =>
      blocks
        .filter((block) => block.section === section && block.language === language)
        .map(({ text }) => text)
        .join('\n');
    const file = join(folder, `${section.replaceAll(/\W+/g, '-')}.ts`);
    await writeFile(file, textOf('ts'));
    const printed = await runCommand(
      process.execPath,
      ['--conditions=datahike-gateway-source', '--import', 'tsx', file],
      {
        DATAHIKE_GATEWAY_DIRECTORY: await testFolder(),
        SERVER_URL: server.url,
        SERVER_TOKEN: TOKEN,
      },
    );
    expect(printed.trim()).toBe(textOf('text'));
  });
});
