/** The benchmark of queries as text: a line for each question, then the goals. */
import { markdownTable, measuredOn } from '../performance-doc.ts';
import type { Goal, Measured } from './goals.ts';
import { microseconds, microsOf, ratioOf, times } from './goals.ts';
import type { Side } from './question.ts';
import { SIDES } from './question.ts';

const TITLES: Readonly<Record<Side, string>> = {
  ours: 'ours',
  novelty: 'novelty',
  floor: 'floor',
  sqlite: 'SQLite',
  datascript: 'DataScript',
};
const NAME_WIDTH = 16;
const WIDTH = 11;

/** The last three: how many times the floor we take, and how many times as fast as the others we are. */
const COLUMNS = [
  'query',
  'rows',
  ...SIDES.map((side) => TITLES[side]),
  'of floor',
  'vs SQLite',
  'vs DS',
];

export const HEADER = line(COLUMNS);

export function measuredLine(measured: Measured): string {
  return line(cellsOf(measured));
}

/** The lines as Markdown. */
export function queryFigures(measured: ReadonlyArray<Measured>): string {
  return `${measuredOn()}\n\n${markdownTable(COLUMNS, measured.map(cellsOf))}`;
}

function cellsOf(measured: Measured): string[] {
  const { name, rows } = measured;
  const ratio = (one: Side, other: Side): string => shown(ratioOf(measured, one, other), times);
  return [
    name,
    String(rows),
    ...SIDES.map((side) => shown(microsOf(measured, side), microseconds)),
    ratio('ours', 'floor'),
    ratio('sqlite', 'ours'),
    ratio('datascript', 'ours'),
  ];
}

function shown(value: number | undefined, print: (value: number) => string): string {
  return value === undefined ? '-' : print(value);
}

export function goalLine({ name, found, isMet }: Goal): string {
  return `${isMet ? 'met    ' : 'NOT MET'}  ${name}: ${found}`;
}

function line([name = '', ...cells]: ReadonlyArray<string>): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(WIDTH)).join('');
}
