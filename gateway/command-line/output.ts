/**
 * What a command prints: items, one in a line, as EDN, as JSON, or as the rows of a table. They are written as they come, and only as fast as somebody
 * reads them.
 */
import { printEdn } from '../../schema/edn-print.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { printExactEdn } from '../../schema/wire/exact-edn.ts';
import { printPlainJson } from '../../schema/wire/plain-json.ts';
import type { Cell } from './table.ts';
import { tableLines } from './table.ts';
import type { OutputStream } from './terminal.ts';
import { widthOf, writeTo } from './terminal.ts';

export const FORMS = ['edn', 'json', 'table'] as const;
export type Form = (typeof FORMS)[number];

export type Row = ReadonlyArray<EdnData>;

export interface Listing {
  readonly columns: ReadonlyArray<string>;
  readonly rows: AsyncIterable<Row> | Iterable<Row>;
  /** What a row is in EDN and JSON: its values in a vector, a map of them by the names of the columns, or the only one by itself. */
  readonly as: 'vector' | 'map' | 'value';
  /** Whether each row is written as it comes, because somebody may wait for it; tables never are. */
  readonly isPrompt?: boolean;
}

/** So much is written together. */
const CHUNK_CHARACTERS = 32 * 1024;

/** A terminal shows tables to people; programs read EDN. */
export function formFor({ isTTY = false }: OutputStream): Form {
  return isTTY ? 'table' : 'edn';
}

export async function printListing(
  output: OutputStream,
  form: Form,
  { columns, rows, as, isPrompt = false }: Listing,
): Promise<void> {
  if (form === 'table') {
    const isBold = output.isTTY === true && output.hasColors?.() === true;
    const width = widthOf(output);
    return writeLines(output, tableLines(columns, cellsOf(rows), { width, isBold }));
  }
  const print = form === 'json' ? printPlainJson : printExactEdn;
  const keys = columns.map((name) => kw(name));
  const itemOf = (row: Row): EdnData => {
    if (as === 'value') return row[0] ?? null;
    return as === 'vector' ? row : new Map(keys.map((key, i) => [key, row[i] ?? null]));
  };
  const lines = printed(rows, (row) => print(itemOf(row)));
  return writeLines(output, lines, isPrompt ? 1 : CHUNK_CHARACTERS);
}

/** The first so many of what may be more; what comes after them is not asked for. */
export async function* first<T>(count: number, all: AsyncIterable<T>): AsyncGenerator<T, void> {
  if (count <= 0) return;
  let taken = 0;
  for await (const each of all) {
    yield each;
    if (++taken >= count) return;
  }
}

async function* printed(
  rows: AsyncIterable<Row> | Iterable<Row>,
  print: (row: Row) => string,
): AsyncGenerator<string, void> {
  for await (const row of rows) yield print(row);
}

async function writeLines(
  output: OutputStream,
  lines: AsyncIterable<string>,
  atOnce = CHUNK_CHARACTERS,
): Promise<void> {
  let text = '';
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length < atOnce) continue;
    await writeTo(output, text);
    text = '';
  }
  if (text !== '') await writeTo(output, text);
}

async function* cellsOf(
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<ReadonlyArray<Cell>, void> {
  for await (const row of rows) yield row.map(cellOf);
}

/** People read texts without quotes, times without a tag, and nothing where there is nothing. */
function cellOf(datum: EdnData): Cell {
  if (datum === null || (datum instanceof Map && datum.size === 0)) return { text: '' };
  if (typeof datum === 'string') return { text: datum };
  if (datum instanceof Date)
    return { text: printEdn(datum).slice('#inst "'.length, -1).replace('-00:00', 'Z') };
  const isNumber = typeof datum === 'number' || typeof datum === 'bigint' || isDecimal(datum);
  return { text: isNumber ? String(datum) : printEdn(datum), isNumber };
}
