/** How commands are described: one shape for all of them, so that each teaches by examples and says where to read on. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { INPUT_FORMATS } from './input.ts';
import { FORMS } from './output.ts';
import { PROGRESS_MODES } from './progress.ts';

export interface Guide {
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it does beyond that. */
  readonly details?: string;
  /** Each as one would type it. */
  readonly examples: ReadonlyArray<string>;
  /** The page that says more. */
  readonly page?: string;
}

const PROGRAM = 'datahike-gateway';

/** A command of its own, or below another one. */
export function addCommand(parent: Command, name: string, guide: Guide): Command {
  const { summary, details, examples, page = 'docs/command-line.md' } = guide;
  const lines = examples.map((example) => `  $ ${example}`);
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return parent
    .command(name)
    .summary(summary)
    .description(details === undefined ? sentence : `${sentence}\n\n${details}`)
    .showHelpAfterError(`(${PROGRAM} ${pathOf(parent, name)} --help shows how to use it)`)
    .option('--config <file>', 'a JSON file with settings; the environment overrides it')
    .addHelpText(
      'after',
      `\nExamples:\n${lines.join('\n')}\n\nDatabases are found by --config FILE, DATABASE_URL or the folder ./data (${PROGRAM} --help).\nRead on in ${page}.`,
    );
}

/** How a command is called below the program. */
function pathOf(parent: Command, name: string): string {
  return parent.parent === null ? name : `${parent.name()} ${name}`;
}

/** A command that is about one database. */
export function addDatabaseCommand(parent: Command, name: string, guide: Guide): Command {
  return addCommand(parent, name, guide).argument('<database>', 'the name of the database');
}

export function outputOption(): Option {
  return new Option(
    '-o, --output <form>',
    'how to print: a table on a terminal, EDN otherwise, where it is left out',
  ).choices(FORMS);
}

export function inputFormatOption(): Option {
  return new Option(
    '--format <format>',
    'what the text is; seen from its name or its beginning where it is left out',
  ).choices(INPUT_FORMATS);
}

export function progressOption(): Option {
  return new Option('--progress <mode>', 'on a terminal, in lines, or not at all')
    .choices(PROGRESS_MODES)
    .default('auto');
}

export function branchOption(): Option {
  return new Option('--branch <name>', 'a branch; the main one where it is left out');
}

export function limitOption(what: string): Option {
  return new Option('-n, --limit <number>', `no more ${what} than so many`).argParser(parseCount);
}

export function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number.');
}

/** An option that may be given several times. */
export function collected(text: string, before: ReadonlyArray<string> = []): ReadonlyArray<string> {
  return [...before, text];
}
