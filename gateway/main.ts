#!/usr/bin/env node
/** The `datahike-gateway` command. */
import { createRequire } from 'node:module';
import { loadConfig } from '../config/config.ts';
import { runCommandLine } from './command-line/program.ts';

/** The package knows itself by its name, from its sources as from what was built of them. */
function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('datahike-gateway/package.json');
  return (manifest as { readonly version: string }).version;
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  loadConfig,
  version,
  terminal: { input: process.stdin, output: process.stdout, errors: process.stderr },
});
