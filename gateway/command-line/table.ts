/** Rows as a table for people. */
import { cut, displayWidth, visible } from './terminal.ts';

export interface TableOptions {
  /** Lines are cut to it; by default they are as long as they have to be. */
  readonly width?: number | undefined;
  /** Whether the heading stands out. */
  readonly isBold?: boolean;
}

export interface Cell {
  readonly text: string;
  /** Numbers end below each other. */
  readonly isNumber?: boolean;
}

/** So many rows say how wide the columns are; what comes later and is wider moves its line. */
const MEASURED_ROWS = 1_000;

const SEPARATOR = '  ';
const MIN_WIDTH = 4;

/** The lines of a table, as its rows come. */
export async function* tableLines(
  columns: ReadonlyArray<string>,
  rows: AsyncIterable<ReadonlyArray<Cell>> | Iterable<ReadonlyArray<Cell>>,
  { width, isBold = false }: TableOptions = {},
): AsyncGenerator<string, void> {
  let measured: Array<ReadonlyArray<Cell>> = [];
  let widths: ReadonlyArray<number> | undefined;
  function* begin(): Generator<string, void> {
    widths = fitted(columns, measured, width);
    const heading = lineOf(
      columns.map((text) => ({ text })),
      widths,
      width,
    );
    yield isBold ? `\x1b[1m${heading}\x1b[22m` : heading;
    yield widths.map((each) => '─'.repeat(each)).join(SEPARATOR);
    for (const row of measured) yield lineOf(row, widths, width);
    measured = [];
  }
  for await (const row of rows) {
    if (widths !== undefined) yield lineOf(row, widths, width);
    else if (measured.push(row) === MEASURED_ROWS) yield* begin();
  }
  if (widths === undefined) yield* begin();
}

function lineOf(
  row: ReadonlyArray<Cell>,
  widths: ReadonlyArray<number>,
  width: number | undefined,
): string {
  const cells = row.map(({ text, isNumber = false }, i) => {
    const room = widths[i] ?? 0;
    const shown = width === undefined ? visible(text) : cut(visible(text), room);
    const padding = ' '.repeat(Math.max(0, room - displayWidth(shown)));
    return isNumber ? padding + shown : shown + padding;
  });
  return cells.join(SEPARATOR).trimEnd();
}

/** As wide as they need; where that is more than there is, the widest give way first. */
function fitted(
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>,
  width = Infinity,
): ReadonlyArray<number> {
  const wanted = columns.map((name, i) =>
    rows.reduce(
      (most, row) => Math.max(most, displayWidth(visible(row[i]?.text ?? ''))),
      displayWidth(name),
    ),
  );
  let room = width - SEPARATOR.length * (columns.length - 1);
  let left = columns.length;
  const widths = wanted.slice();
  // From the narrowest on, each takes what it needs of an equal share of what is left.
  for (const i of wanted.map((_, at) => at).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))) {
    const share = Math.max(MIN_WIDTH, Math.floor(room / left--));
    widths[i] = Math.min(wanted[i] ?? 0, share);
    room -= widths[i];
  }
  return widths;
}
