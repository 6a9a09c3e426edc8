/**
 * How far long work is: a line that is drawn again and again on a terminal, or a line now and then. It goes to standard error, and what is said meanwhile
 * stands above it.
 */
import type { OutputStream } from './terminal.ts';
import { cut, widthOf } from './terminal.ts';

export const PROGRESS_MODES = ['auto', 'plain', 'none'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface Step {
  /** What is done: `12 of 70 datoms`. */
  readonly text: string;
  /** How much of it all that is, from 0 to 1; undefined where nobody knows. */
  readonly part?: number | undefined;
}

export interface Progress {
  /** Tells of a step. */
  readonly on: (step: Step) => void;
  /** Ends the drawing, and leaves nothing of it. */
  readonly end: () => void;
  /** A line above what is drawn. */
  readonly say: (line: string) => void;
}

const DRAW_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 1_000;
const ERASE_LINE = '\r\x1b[K';

/** @param doing what the work does: `Exporting` */
export function startProgress(
  errors: OutputStream,
  mode: ProgressMode,
  doing: string,
  nowMs: () => number = () => performance.now(),
): Progress {
  const width = mode === 'auto' ? widthOf(errors) : undefined;
  const isSilent = mode === 'none' || (mode === 'auto' && width === undefined);
  const startedMs = nowMs();
  let nextMs = startedMs + (width === undefined ? 2 * PLAIN_INTERVAL_MS : 0);
  let drawn = '';
  const erase = (): void => {
    if (drawn !== '') errors.write(ERASE_LINE);
  };
  return {
    on(step) {
      const now = nowMs();
      if (isSilent || now < nextMs) return;
      nextMs = now + (width === undefined ? PLAIN_INTERVAL_MS : DRAW_INTERVAL_MS);
      if (width === undefined) errors.write(`${doing}: ${step.text}\n`);
      else {
        drawn = progressLine(doing, step, now - startedMs, width);
        errors.write(`\r${drawn}\x1b[K`);
      }
    },
    end() {
      erase();
      drawn = '';
    },
    say(line) {
      erase();
      errors.write(`${line}\n${drawn}`);
    },
  };
}

const BAR_WIDTH = 24;

/** `Exporting [######··················]  25 %  12 of 70 datoms, 0:03 left` */
export function progressLine(
  doing: string,
  { text, part }: Step,
  elapsedMs: number,
  width: number,
): string {
  // The last column stays free: a terminal would begin a new line after it.
  if (part === undefined) return cut(`${doing} ${text}, ${clock(elapsedMs)}`, width - 1);
  const done = Math.min(1, Math.max(0, part));
  const filled = Math.floor(done * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '·'.repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(done * 100)}`.padStart(3);
  const left = done === 0 ? '' : `, ${clock((elapsedMs * (1 - done)) / done)} left`;
  return cut(`${doing} [${bar}] ${percent} %  ${text}${left}`, width - 1);
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const two = (number: number): string => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
