/** The command `datahike-gateway` as one file of JavaScript: what starts it again and again does not wait for TypeScript each time. */
import { resolve } from 'node:path';
import { build } from 'esbuild';

const PROGRAM = resolve('node_modules/.cache/datahike-gateway/program.mjs');

/** Builds it; gives the path. */
export async function buildProgram(): Promise<string> {
  await build({
    entryPoints: ['gateway/main.ts'],
    outfile: PROGRAM,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return PROGRAM;
}
