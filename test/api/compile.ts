/** Compiles TypeScript that others would write against what is generated. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const OPTIONS = [
  '--noEmit',
  '--ignoreConfig',
  '--strict',
  '--target',
  'es2022',
  '--module',
  'nodenext',
  '--allowImportingTsExtensions',
  '--skipLibCheck',
];

/** What the compiler says of some files, which may import packages; the last one is where it begins. */
export async function compile(
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = resolve('node_modules/.cache/datahike-gateway', name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const entry = join(folder, Object.keys(files).at(-1) ?? '');
  return runProgram('typescript', 'tsc', [...OPTIONS, entry]);
}

/** What a program of a package prints. */
export async function runProgram(
  name: string,
  program: string,
  args: ReadonlyArray<string>,
): Promise<string> {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = require(manifest) as { readonly bin: Readonly<Record<string, string>> };
  const path = join(dirname(manifest), bin[program] ?? '');
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args]).catch(
    (error: { readonly stdout: string }) => error,
  );
  return stdout;
}
