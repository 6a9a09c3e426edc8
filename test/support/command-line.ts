/** The program `datahike-gateway` as scripts run it: built, so that each run takes little. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { atExit } from './clean-up.ts';
import { endOfProcess, withoutOurs } from './our-process.ts';
import { GATEWAY, buildPrograms } from './programs.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  /** What it printed on standard error. */
  readonly said: string;
}

export type Run = (args: ReadonlyArray<string>, input?: string | Buffer) => Promise<Ran>;

/** The path of the program, for Node to run. */
export async function builtProgram(): Promise<string> {
  const { main } = await buildPrograms('command-line', { main: GATEWAY });
  return main;
}

/** Runs commands with settings of the environment. */
export async function commandLine(env: Readonly<Record<string, string>>): Promise<Run> {
  const program = await builtProgram();
  return async (args, input) => {
    const { code, out, said } = await endOfProcess({
      args: [program, ...args],
      env,
      nodeOptions: [],
      ...(input === undefined ? {} : { input }),
    });
    return { code, out: out.toString(), said };
  };
}

/** A command that goes on while a test talks to it. */
export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  /** The exit code, and what it printed on standard error. */
  readonly ended: Promise<Omit<Ran, 'out'>>;
}

export async function startCommand(
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string>,
): Promise<RunningCommand> {
  const child = spawn(process.execPath, [await builtProgram(), ...args], {
    env: { ...withoutOurs(process.env), ...env },
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  // A command that ends does not read on.
  child.stdin.on('error', () => undefined);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<Omit<Ran, 'out'>>((resolve) =>
    child.once('close', (code) => {
      forget();
      resolve({ code, said });
    }),
  );
  return { child, ended };
}
