/** Executes the tour of the page about the command line, block by block, and compares what each prints. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../support/command-line.ts';
import { runCommand } from '../support/our-process.ts';
import { testFolder } from '../support/test-folder.ts';
import { stepsOf } from './blocks.ts';

const steps = stepsOf('docs/command-line.md', 'A tour');
let folder: string;

beforeAll(async () => {
  folder = await testFolder();
  const program = join(folder, 'datahike-gateway');
  await writeFile(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${await builtProgram()}' "$@"\n`,
  );
  await chmod(program, 0o755);
});

describe('the tour of the command line', () => {
  it('has commands', () => {
    expect(steps.length).toBeGreaterThan(6);
  });

  it.each(steps)('line $line', async ({ text, output }) => {
    const script = `cd '${folder}'\nPATH="$PWD:$PATH"\n${text}`;
    const printed = await runCommand('bash', ['-euc', script]);
    expect(printed.trimEnd()).toMatch(pattern(output?.text ?? ''));
  });
});

/** `…` stands for any text within a line. */
function pattern(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
