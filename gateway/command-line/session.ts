/** What a command works with, from its settings to its last line: storage, streams, and the signals that end it. */
import type { Command } from 'commander';
import type { Config, ConfigSources } from '../../config/config.ts';
import { createLog } from '../../services/shared/log.ts';
import type { Storage } from '../../services/storage.ts';
import { closeStorage, openStorage } from '../../services/storage.ts';
import { Interruption } from './ending.ts';
import type { Form, Listing } from './output.ts';
import { FORMS, formFor, printListing } from './output.ts';
import type { Progress, ProgressMode } from './progress.ts';
import { startProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** What the process hands to its commands. */
export interface CommandLine {
  readonly loadConfig: (sources: ConfigSources) => Config;
  readonly terminal: Terminal;
  /** Of this software. */
  readonly version: () => string;
}

export interface Session {
  readonly config: Config;
  readonly storage: Storage;
  readonly terminal: Terminal;
  /** Aborted by an {@link Interruption} when a signal comes. */
  readonly signal: AbortSignal;
  /** How what was asked for is to be printed. */
  readonly form: Form;
  readonly print: (listing: Listing) => Promise<void>;
  /** A line on standard error. */
  readonly say: (line: string) => void;
  /** Shows how far the work is until it ends, and gives up where a signal came. @param doing `Exporting` */
  readonly withProgress: <T>(
    doing: string,
    work: (onStep: Progress['on']) => Promise<T>,
  ) => Promise<T>;
}

/** Options that every command may have. */
interface CommonOptions {
  readonly config?: string;
  /** A form, or the file of those commands that write one. */
  readonly output?: string;
  readonly progress?: ProgressMode;
}

/** How long work may take to leave things as they should be after a signal. */
const LEAVING_MS = 10_000;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The action of a command: its work gets a session, its arguments and its options. */
export function inSession<A extends ReadonlyArray<unknown>>(
  { loadConfig, terminal }: CommandLine,
  work: (session: Session, ...args: A) => Promise<void>,
): (...args: [...A, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const args = given.slice(0, -1) as unknown as A;
    const options: CommonOptions = command.opts();
    const config = loadConfig(options.config === undefined ? {} : { file: options.config });
    const log = createLog({ level: config.logLevel === 'debug' ? 'debug' : 'error' });
    await untilSignal(async (signal) => {
      // Nobody waits for announcements of what ends so soon.
      const storage = await openStorage({ ...config, bus: { kind: 'none' } }, log);
      try {
        await work(sessionOf({ config, storage, terminal, signal }, options), ...args);
      } finally {
        await closeStorage(storage);
      }
    });
  };
}

function sessionOf(
  parts: Pick<Session, 'config' | 'storage' | 'terminal' | 'signal'>,
  { output, progress: mode = 'auto' }: CommonOptions,
): Session {
  const { terminal, signal } = parts;
  const form = FORMS.find((each) => each === output) ?? formFor(terminal.output);
  let shown: Progress | undefined;
  return {
    ...parts,
    form,
    print: (listing) => printListing(terminal.output, form, listing),
    say(line) {
      if (shown === undefined) terminal.errors.write(`${line}\n`);
      else shown.say(line);
    },
    async withProgress(doing, work) {
      const progress = startProgress(terminal.errors, mode, doing);
      shown = progress;
      try {
        return await work((step) => {
          signal.throwIfAborted();
          progress.on(step);
        });
      } finally {
        progress.end();
        shown = undefined;
      }
    },
  };
}

/** Whatever the work ends with after a signal, it was the signal that ended it. A second signal waits for nothing. */
async function untilSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const interruption = new Interruption(name);
    const leave = (): void => process.exit(interruption.exitCode);
    if (stopped.signal.aborted) leave();
    timer = setTimeout(leave, LEAVING_MS);
    stopped.abort(interruption);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    await work(stopped.signal);
  } catch (error) {
    stopped.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
