/** Executes each section of the page about the library as one program, and compares what it prints. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/our-process.ts';
import { testFolder } from '../support/test-folder.ts';
import { blocksOf } from './blocks.ts';

const blocks = blocksOf('docs/library.md');
const sections = [...new Set(blocks.map(({ section }) => section))];
let folder: string;

beforeAll(async () => {
  // Inside the repository, so that the package finds itself by its name.
  folder = await mkdtemp('.tour-');
});

afterAll(() => rm(folder, { recursive: true }));

describe('the page about the library', () => {
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
      { DATAHIKE_GATEWAY_DIRECTORY: await testFolder() },
    );
    expect(printed.trim()).toBe(textOf('text'));
  });
});
