/** Programs of ours as files of JavaScript: what starts one again and again does not wait for TypeScript each time. */
import { resolve } from 'node:path';
import { build } from 'esbuild';

const BUILT = resolve('node_modules/.cache/datahike-gateway');

/** The command `datahike-gateway`. */
export const GATEWAY = 'gateway/main.ts';

/** Builds programs, `folder` for them alone; gives the paths of the files to run. */
export async function buildPrograms<Name extends string>(
  folder: string,
  programs: Readonly<Record<Name, string>>,
): Promise<Readonly<Record<Name, string>>> {
  await build({
    entryPoints: { ...programs },
    outdir: resolve(BUILT, folder),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  const built = Object.keys(programs).map((name) => [name, resolve(BUILT, folder, `${name}.mjs`)]);
  return Object.fromEntries(built) as Record<Name, string>;
}
