/** The figures of the gateway bench: on the screen, and in the document. */
import { readFileSync } from 'node:fs';
import { median } from '../harness.ts';
import { markdownTable, measuredOn } from '../performance-doc.ts';
import type { Measured } from '../load/load.ts';

export interface MeasuredShape {
  readonly name: string;
  readonly what: string;
  /** Bytes of the mean answer. */
  readonly sizes: { readonly ours: number; readonly theirs: number };
  /** By round. */
  readonly ours: ReadonlyArray<Measured>;
  readonly theirs: ReadonlyArray<Measured>;
  /** Once. */
  readonly bare: Measured;
}

/** What a number of a round is, in the middle of all rounds. */
type Figure = Exclude<keyof Measured, 'others' | 'generator'>;

const TITLES = [
  ...['shape', 'server', 'requests/s', 'times better', 'p50 ms', 'p99 ms', 'times better'],
  ...['CPU ms', 'PostgreSQL ms', 'bytes'],
];
const WIDTHS = [16, 14, 12, 14, 9, 9, 14, 8, 15, 8];

export const HEADER = padded(TITLES);

/** Three lines for a terminal. */
export function measuredLines(measured: MeasuredShape): string[] {
  return rowsOf(measured).map(padded);
}

/** How much of the machine went elsewhere while we measured, which makes figures worse that are not about it. */
export function othersLine(shapes: ReadonlyArray<MeasuredShape>): string {
  const rounds = shapes.flatMap(({ ours, theirs }) => [...ours, ...theirs]);
  const percent = (key: 'others' | 'generator', share: number): string => {
    const sorted = rounds.map((round) => round[key]).sort((a, b) => a - b);
    return `${Math.round(100 * (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN))} %`;
  };
  return (
    `Other processes took ${percent('others', 0.5)} of the machine in the middle round and ${percent('others', 1)} in the worst; ` +
    `the load generator took ${percent('generator', 0.5)} of one processor in the middle round and ${percent('generator', 1)} in the busiest.`
  );
}

/** As Markdown. */
export function gatewayFigures(shapes: ReadonlyArray<MeasuredShape>): string {
  const what = shapes.map(({ name, what }) => `- **${name}**: ${what}.`);
  const table = markdownTable(TITLES, shapes.flatMap(rowsOf));
  const measured = `${measuredOn(`PostGraphile ${versionOf('postgraphile')}`)} ${othersLine(shapes)}`;
  return [measured, what.join('\n'), table].join('\n\n');
}

function rowsOf({ name, sizes, ours, theirs, bare }: MeasuredShape): string[][] {
  const figures = (rounds: ReadonlyArray<Measured>, ...better: readonly [string, string]) => {
    const of = (key: Figure): number => median(rounds.map((round) => round[key]));
    const figure = (key: Figure): string => shown(of(key));
    return [
      ...[figure('requestsPerSecond'), better[0], figure('p50Ms'), figure('p99Ms'), better[1]],
      ...[figure('serverMs'), figure('postgresMs')],
    ];
  };
  const ratio = (key: Figure): number =>
    median(ours.map((round) => round[key])) / median(theirs.map((round) => round[key]));
  const better = [ratio('requestsPerSecond'), 1 / ratio('p99Ms')] as const;
  return [
    [name, 'ours', ...figures(ours, times(better[0]), times(better[1])), shown(sizes.ours)],
    ['', 'PostGraphile', ...figures(theirs, '', ''), shown(sizes.theirs)],
    ['', 'bare node:http', ...figures([bare], '', ''), shown(sizes.ours)],
  ];
}

function times(ratio: number): string {
  return ratio.toFixed(2);
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function padded(cells: ReadonlyArray<string>): string {
  return cells
    .map((cell, i) => (i < 2 ? cell.padEnd : cell.padStart).call(cell, WIDTHS[i]!))
    .join(' ');
}

/** Packages that list what of them may be imported do not list this file. */
function versionOf(name: string): string {
  const text = readFileSync(`node_modules/${name}/package.json`, 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
