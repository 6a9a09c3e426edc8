/** The benchmark of queries as text: a line for each question, then the goals. */
import type { Goal, Measured } from './goals.ts';
import { microseconds, times } from './goals.ts';
import type { Side } from './question.ts';
import { SIDES } from './question.ts';

const TITLES: Readonly<Record<Side, string>> = {
  ours: 'ours',
  novelty: 'novelty',
  floor: 'floor',
  sqlite: 'SQLite',
  datascript: 'DataScript',
};
const NAME_WIDTH = 17;
const WIDTH = 11;

/** The last three: how many times the floor we take, and how many times as fast as the others we are. */
export const HEADER = line('query', [
  'rows',
  ...SIDES.map((side) => TITLES[side]),
  'of floor',
  'vs SQLite',
  'vs DS',
]);

export function measuredLine({ name, rows, micros }: Measured): string {
  const ratio = (one: number | undefined, other: number | undefined): string =>
    one === undefined || other === undefined ? '-' : times(one / other);
  const { ours, floor, sqlite, datascript } = micros;
  return line(name, [
    String(rows),
    ...SIDES.map((side) => {
      const value = micros[side];
      return value === undefined ? '-' : microseconds(value);
    }),
    ratio(ours, floor),
    ratio(sqlite, ours),
    ratio(datascript, ours),
  ]);
}

export function goalLine({ name, found, isMet }: Goal): string {
  return `${isMet ? 'met    ' : 'NOT MET'}  ${name}: ${found}`;
}

function line(name: string, cells: ReadonlyArray<string>): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(WIDTH)).join('');
}
