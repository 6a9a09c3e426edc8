/** One of our own processes, started as a user would start it, with real signals. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { atExit } from './clean-up.ts';

export interface OurProcess {
  readonly pid: number;
  /** Where the gateway answers. */
  readonly url: string;
  /** Where the writer takes transactions. */
  readonly writerUrl: string;
  /** All that it printed so far, on both outputs. */
  readonly output: () => string;
  /** Sends a signal and waits for the end; gives the exit code, null where the signal ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Resolves when it has ended, by whatever. */
  readonly ended: Promise<number | null>;
}

export interface OurProcessOptions {
  /** The file to run and its arguments. */
  readonly args: ReadonlyArray<string>;
  /** Settings, beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves when a line of this kind is printed; by default the address of the gateway or the writer. */
  readonly readyWhen?: RegExp;
  /** What Node is told; by default to load TypeScript. */
  readonly nodeOptions?: ReadonlyArray<string>;
}

/** Gateways of tests are open to everybody on this machine, unless a test says otherwise. */
const ON_THIS_MACHINE = {
  DATAHIKE_GATEWAY_DEVELOPMENT: 'true',
  DATAHIKE_GATEWAY_DATAHIKE_PORT: '0',
};

/** Starts a process; rejects with what it printed where it ends before it is ready. */
export async function startProcess(options: OurProcessOptions): Promise<OurProcess> {
  const { args, env = {}, readyWhen = /^(Health|Writer) / } = options;
  const { nodeOptions = ['--import', 'tsx'] } = options;
  const child = spawn(process.execPath, [...nodeOptions, ...args], {
    env: { ...withoutOurs(process.env), ...ON_THIS_MACHINE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      forget();
      resolve(code);
    });
  });
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (readyWhen.test(line)) resolve();
      });
    void ended.then((code) => reject(new Error(`Ended with ${code}: ${lines.join('\n')}`)));
  });
  const after = (label: string): string => {
    const line = lines.find((each) => each.startsWith(label)) ?? '';
    return line.slice(label.length).trim().split(/\s/)[0] ?? '';
  };
  return {
    pid: child.pid ?? 0,
    get url() {
      return new URL(after('Health')).origin;
    },
    get writerUrl() {
      return after('Writer');
    },
    output: () => lines.join('\n'),
    ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

export interface EndedProcess {
  readonly code: number | null;
  readonly out: Buffer;
  /** What it printed on standard error. */
  readonly said: string;
}

/** Runs a process of ours to its end, whatever that is. */
export function endOfProcess({
  args,
  env = {},
  nodeOptions = ['--import', 'tsx'],
  input,
}: Omit<OurProcessOptions, 'readyWhen'> & {
  readonly input?: Buffer | string;
}): Promise<EndedProcess> {
  const child = spawn(process.execPath, [...nodeOptions, ...args], {
    env: { ...withoutOurs(process.env), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  // A process that fails does not read on.
  child.stdin.on('error', () => undefined).end(input);
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      forget();
      resolve({ code, out: Buffer.concat(out), said: Buffer.concat(said).toString() });
    });
  });
}

/** Runs a command to its end; gives what it printed, rejects with it where the command fails. */
export function runCommand(
  program: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      env: { ...withoutOurs(process.env), ...env },
      // bash takes a socket for a remote login and reads its start files.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
    child.once('close', (code) => {
      if (code === 0) resolve(printed.join(''));
      else reject(new Error(`${program} ended with ${code}: ${printed.join('')}`));
    });
  });
}

/** Settings of whoever runs the tests are not those of the processes under test. */
export function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(DATAHIKE_GATEWAY_|DATABASE_URL$|REDIS_URL$|HOST$|PORT$)/;
  const others = Object.entries(env).filter(([name]) => !ours.test(name));
  // Whoever brings a PostgreSQL for tests may well have told it not to wait for the disk.
  return Object.fromEntries([...others, ['DATAHIKE_GATEWAY_DURABILITY', 'warn']]);
}

export interface GraphQLAnswer {
  readonly data: unknown;
  readonly errors?: ReadonlyArray<{
    readonly message: string;
    readonly extensions: { readonly code: string };
  }>;
  readonly extensions?: { readonly basisT: string };
}

/** Asks a gateway. */
export async function graphql(
  url: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as GraphQLAnswer;
}
