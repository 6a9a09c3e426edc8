/** What a command ends with, for the scripts that run it. This is the one place that says so; `docs/command-line.md` shows it. */
import type { ErrorCode } from '../../schema/error.ts';
import { ERROR_CODES } from '../../schema/error.ts';

export const EXIT_CODES = {
  done: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'failed: what is stored is damaged, or a fault of this software' },
  usage: { code: 2, meaning: 'the command, its settings or what it read is not as expected' },
  notFound: { code: 3, meaning: 'there is no such database, branch or entity' },
  refused: {
    code: 4,
    meaning: 'what is there stands against it, such as a name or a value that is taken',
  },
  unavailable: { code: 5, meaning: 'not possible now: the same command may succeed later' },
  unknown: {
    code: 6,
    meaning: 'nobody knows whether the transaction was written: send it again with its --key',
  },
  interrupted: { code: 130, meaning: 'interrupted, by Ctrl-C' },
  terminated: { code: 143, meaning: 'asked to end, by SIGTERM' },
} as const;

/** Statuses of HTTP that say: this cannot be done to what is there. */
const REFUSED: ReadonlySet<number> = new Set([401, 403, 409, 412, 422, 428]);

/** An error code means the same to a script as it means over HTTP. */
export function exitCodeOf(error: ErrorCode): number {
  const { httpStatus, retryable } = ERROR_CODES[error];
  if (error === 'OUTCOME_UNKNOWN') return EXIT_CODES.unknown.code;
  if (httpStatus === 404) return EXIT_CODES.notFound.code;
  if (REFUSED.has(httpStatus)) return EXIT_CODES.refused.code;
  if (retryable) return EXIT_CODES.unavailable.code;
  return httpStatus >= 500 ? EXIT_CODES.failed.code : EXIT_CODES.usage.code;
}
