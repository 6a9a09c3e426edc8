/** How a command ends: with what it says on standard error where something went wrong, and with an exit code. */
import { CommanderError } from 'commander';
import { DatabaseError } from '../../schema/error.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import type { OutputStream } from './terminal.ts';

/** Why a command ends before its work is done. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`);
    this.name = 'Interruption';
    this.exitCode = (signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated).code;
  }
}

/** Does the work of a process, says what went wrong, and gives what the process ends with. */
export async function endingOf(
  work: () => Promise<unknown>,
  errors: OutputStream,
): Promise<number> {
  try {
    await work();
    return EXIT_CODES.done.code;
  } catch (error) {
    const { line, code } = endingAfter(error);
    if (line !== undefined) errors.write(`${line}\n`);
    return code;
  }
}

interface Ending {
  /** Undefined where there is nothing to say, or it was said. */
  readonly line?: string;
  readonly code: number;
}

function endingAfter(error: unknown): Ending {
  if (error instanceof CommanderError)
    return { code: error.exitCode === 0 ? EXIT_CODES.done.code : EXIT_CODES.usage.code };
  if (error instanceof Interruption) return { line: error.message, code: error.exitCode };
  if (error instanceof DatabaseError)
    return { line: `${error.code}: ${error.message}`, code: exitCodeOf(error.code) };
  if (error instanceof Error && 'syscall' in error) {
    // Who reads what is printed has enough of it, as `head` does.
    if ('code' in error && error.code === 'EPIPE') return { code: EXIT_CODES.done.code };
    return { line: error.message, code: EXIT_CODES.failed.code };
  }
  return { line: `INTERNAL: ${faultOf(error)}`, code: EXIT_CODES.failed.code };
}

/** A fault of this software, on one line, with the place that its authors have to look at. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place = ''] = /^\s*(at .*)$/m.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message} (${place})`;
}
