/** The music shop as a database of ours: each row an entity, each foreign key a reference. */
import { readFile } from 'node:fs/promises';
import type { EdnData, EdnMap, Keyword, Value } from '../../../engine/index.ts';
import { kw, toTxData } from '../../../engine/index.ts';
import { parseDecimal } from '../../../schema/decimal.ts';
import type { Place } from '../write-transactions.ts';
import { writeTransactions } from '../write-transactions.ts';
import { COLUMNS, TABLES } from './generate.ts';
import type { Music, TableName } from './generate.ts';

const PER_TRANSACTION = 10_000;

/** Columns that refer to a table under another name than its key's. */
const REFERENCES: Readonly<Record<string, TableName>> = {
  reports_to: 'employee',
  support_rep_id: 'employee',
};

/** Makes the database; gives the number of datoms. */
export async function writeDatabase(music: Music, place: Place): Promise<number> {
  return writeTransactions(place, transactionsOf(music, await readSchema()));
}

async function readSchema(): Promise<ReadonlyArray<EdnData>> {
  return toTxData(await readFile(new URL('schema.edn', import.meta.url), 'utf8'));
}

/** Each refers to entities of those before it, employees to each other. */
function* transactionsOf(
  music: Music,
  schema: ReadonlyArray<EdnData>,
): Generator<ReadonlyArray<EdnData>> {
  yield schema;
  for (const table of TABLES) {
    const forms = table === 'playlist_track' ? playlistForms(music) : tableForms(music, table);
    for (let at = 0; at < forms.length; at += PER_TRANSACTION)
      yield forms.slice(at, at + PER_TRANSACTION);
  }
}

function tableForms(music: Music, table: TableName): EdnMap[] {
  const columns = COLUMNS[table].map((column) => columnOf(table, column));
  return music[table].map((row) => {
    const form = new Map<EdnData, EdnData>([[DB_ID, `${table} ${row[0]}`]]);
    row.forEach((cell, i) => {
      const { attribute, value } = columns[i]!;
      if (cell !== null) form.set(attribute, value(cell));
    });
    return form;
  });
}

/** A table of two keys is a reference with many values. */
function playlistForms(music: Music): EdnMap[] {
  return music.playlist.map(([id = null]) => {
    const tracks = music.playlist_track.filter(([playlist]) => playlist === id);
    return new Map<EdnData, EdnData>([
      [kw('playlist/playlist-id'), id],
      [kw('playlist/tracks'), tracks.map(([, track = null]) => [TRACK_ID, track])],
    ]);
  });
}

const DB_ID = kw('db/id');
const TRACK_ID = kw('track/track-id');

interface Column {
  readonly attribute: Keyword;
  readonly value: (cell: number | string) => EdnData;
}

function columnOf(table: TableName, column: string): Column {
  const target = REFERENCES[column] ?? targetOf(table, column);
  const name = target === undefined ? column : column.replace(/_id$/, '');
  const attribute = kw(`${kebab(table)}/${kebab(name)}`);
  if (target === table) return { attribute, value: (cell) => `${table} ${cell}` };
  if (target === undefined) return { attribute, value: (cell) => valueOf(column, cell) };
  const identity = kw(`${kebab(target)}/${kebab(target)}-id`);
  return { attribute, value: (cell) => [identity, cell] };
}

function targetOf(table: TableName, column: string): TableName | undefined {
  return TABLES.find((other) => other !== table && column === `${other}_id`);
}

function valueOf(column: string, cell: number | string): Value {
  if (typeof cell === 'number') return cell;
  if (column === 'invoice_date') return new Date(cell);
  return column === 'total' || column === 'unit_price' ? (parseDecimal(cell) ?? cell) : cell;
}

function kebab(name: string): string {
  return name.replaceAll('_', '-');
}
