#!/usr/bin/env node
/** The `datahike-gateway` command. */
import { loadConfig } from '../config/config.ts';
import { runCommandLine } from './command-line/program.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  loadConfig,
  terminal: { input: process.stdin, output: process.stdout, errors: process.stderr },
});
