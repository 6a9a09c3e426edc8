/** What the program does on a terminal, and when it is interrupted. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/config.ts';
import { runCommandLine } from '../../../gateway/command-line/program.ts';
import type { Ran, Run } from '../../support/command-line.ts';
import { commandLine, startCommand } from '../../support/command-line.ts';
import { testFolder } from '../../support/test-folder.ts';

const SCHEMA =
  '[{:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]';

let folder: string;
let env: Record<string, string>;
let run: Run;

beforeEach(async () => {
  folder = await testFolder();
  env = { DATAHIKE_GATEWAY_DIRECTORY: join(folder, 'data') };
  run = await commandLine(env);
  const created = await run(['create', 'people', '--schema', '-'], SCHEMA);
  expect(created.code).toBe(0);
});

/** Runs a command in this process, on streams that say they are a terminal. */
async function onTerminal(
  args: ReadonlyArray<string>,
  { typed = '', columns = 40, hasColors = true } = {},
): Promise<Ran> {
  const texts = { output: '', errors: '' };
  const screen = (name: 'output' | 'errors'): PassThrough =>
    Object.assign(new PassThrough(), { isTTY: true, columns, hasColors: () => hasColors }).on(
      'data',
      (chunk: Buffer) => (texts[name] += chunk.toString()),
    );
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end(typed);
  const code = await runCommandLine(args, {
    loadConfig: (sources) => loadConfig({ ...sources, env }),
    version: () => '1.2.3',
    terminal: { input, output: screen('output'), errors: screen('errors') },
  });
  return { code, out: texts.output, said: texts.errors };
}

describe('a terminal', () => {
  const query = ['query', 'people', '[:find ?n :where [_ :person/name ?n]]'];

  it('shows tables, cut to its width, and no commands that data brings', async () => {
    await run(
      ['transact', 'people'],
      `[{:person/name "${'x'.repeat(50)}"} {:person/name "\\u001b[31mred\\nhot"}]`,
    );
    expect((await onTerminal(query)).out).toBe(
      `\u001b[1m?n\u001b[22m
${'─'.repeat(40)}
${'x'.repeat(39)}…
\\u001b[31mred↵hot
`,
    );
    expect((await onTerminal(query, { hasColors: false })).out).toMatch(/^\?n\n─/);
    expect((await onTerminal([...query, '-o', 'json'])).out).toContain('"\\u001b[31mred\\nhot"');
  });

  it('is asked whether a database is to be deleted', async () => {
    const question = 'Delete people with all of its history? [y/N] ';
    expect(await onTerminal(['delete', 'people'], { typed: 'n\n' })).toMatchObject({
      code: 4,
      said: `${question}PRECONDITION_FAILED: The answer was not yes; nothing was done\n`,
    });
    expect((await onTerminal(['delete', 'people'], { typed: '' })).code).toBe(4);
    expect(await onTerminal(['delete', 'people'], { typed: 'y\n' })).toMatchObject({
      code: 0,
      said: `${question}Deleted people\n`,
    });
  });

  it('shows how far long work is, and leaves nothing of that', async () => {
    const file = join(folder, 'people.edn');
    const exported = await onTerminal(['export', 'people', '--output', file], { columns: 70 });
    expect(exported.said).toMatch(
      /^\rExporting \[[#·]{24}\] [ \d]{3} % {2}\d of 4 datoms.*\x1b\[K\r\x1b\[KExported 4 datoms/,
    );
    const silent = await onTerminal(['export', 'people', '--output', file, '--progress', 'none']);
    expect(silent.said).toBe('Exported 4 datoms of people as of transaction 536870913\n');
  });

  it.each([
    [['verify', 'people'], 'Verifying \\d+ nodes', 'people: no fault in'],
    [['gc', 'copy'], 'Collecting \\d+ nodes looked at', 'Freed'],
    [['backup', 'people', '--output', 'people.backup'], 'Backing up \\d+ nodes', 'Backed up'],
    [['restore', 'restored', 'people.backup'], 'Restoring \\d+ nodes', 'Restored'],
    [['import', 'imported', 'people.edn'], 'Importing \\[#{24}\\] 100 %', 'Imported 4 datoms'],
  ])('shows how far %j is', async (args, drawn, said) => {
    for (const name of ['backup', 'export']) {
      const file = join(folder, name === 'backup' ? 'people.backup' : 'people.edn');
      expect((await run([name, 'people', '--output', file])).code).toBe(0);
    }
    // What was imported has nodes, and not only a log.
    expect((await run(['import', 'copy', join(folder, 'people.edn')])).code).toBe(0);
    const inFolder = args.map((arg) => (arg.startsWith('people.') ? join(folder, arg) : arg));
    const shown = await onTerminal(inFolder, { columns: 100 });
    expect(shown.said).toMatch(new RegExp(`^\\r${drawn}.*\\x1b\\[K\\r\\x1b\\[K${said}`));
    expect(shown.code).toBe(0);
  });

  it('says that it waits for a query', async () => {
    const typed = '[:find (count ?e) . :where [?e :db/ident]]';
    const { code, out, said } = await onTerminal(['query', 'people'], { typed });
    expect([code, said]).toEqual([0, 'Type the query, and end it with Ctrl-D\n']);
    expect(out).toContain('1');
  });

  it('is told how to use the program', async () => {
    expect(await onTerminal(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
    const help = await onTerminal(['help', 'transact'], { columns: 100 });
    expect([help.code, help.said]).toEqual([0, '']);
    expect(help.out).toContain('  $ datahike-gateway transact people people.edn\n');
    expect(help.out).toContain('Read on in docs/command-line.md.');
    expect((await onTerminal([])).code).toBe(2);
  });
});

describe('a command that is interrupted', () => {
  const interrupted = async (
    args: ReadonlyArray<string>,
    signal: NodeJS.Signals,
    input: string,
    isReady: () => Promise<boolean>,
  ): Promise<Omit<Ran, 'out'>> => {
    const { child, ended } = await startCommand(env, args);
    child.stdout.resume();
    child.stdin.write(input);
    await expect.poll(isReady, { timeout: 20_000, interval: 50 }).toBe(true);
    child.kill(signal);
    return ended;
  };
  const writers = async (): Promise<unknown> =>
    (JSON.parse((await run(['list', '-o', 'json'])).out) as { writer: unknown }).writer;

  it('gives up its lease, and keeps what it wrote', async () => {
    const isWritten = async (): Promise<boolean> =>
      (await run(['query', 'people', '[:find ?n . :where [_ :person/name ?n]]'])).out === '"Ada"\n';
    const text = '[{:person/name "Ada"}] [{:person/name "Bob"}';
    expect(await interrupted(['transact', 'people'], 'SIGINT', text, isWritten)).toEqual({
      code: 130,
      said: 'Interrupted by SIGINT\n',
    });
    expect(await writers()).toBeNull();
  });

  it('leaves no database of half an import', async () => {
    const { out } = await run(['export', 'people']);
    const isBegun = async (): Promise<boolean> =>
      (await readdir(join(folder, 'data'))).some((name) => name.includes('copy'));
    expect(await interrupted(['import', 'copy'], 'SIGTERM', out.slice(0, -200), isBegun)).toEqual({
      code: 143,
      said: 'Interrupted by SIGTERM\n',
    });
    expect((await run(['import', 'copy'], out)).code).toBe(0);
  });

  it('leaves no half of a file', async () => {
    const results = join(folder, 'results');
    await mkdir(results);
    const many = Array.from(
      { length: 20_000 },
      (_, i) => `{:person/name "${'x'.repeat(500)}${i}"}`,
    );
    const file = join(folder, 'many.edn');
    await writeFile(file, `[${many.join('\n')}]`);
    expect((await run(['transact', 'people', file])).code).toBe(0);
    const args = ['export', 'people', '--output', join(results, 'people.edn')];
    const isBegun = async (): Promise<boolean> => (await readdir(results)).length > 0;
    const { code } = await interrupted(args, 'SIGINT', '', isBegun);
    // It may have been faster than the signal; then the file is whole.
    expect([code, await readdir(results)]).toEqual(code === 0 ? [0, ['people.edn']] : [130, []]);
  });
});
