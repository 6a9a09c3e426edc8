/** The music shop as a database of ours: each row an entity, each foreign key a reference. */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { EdnData, EdnMap, Keyword, Value } from '../../../engine/index.ts';
import { NodeCache, kw, openPostgresStoreHost, toTxData } from '../../../engine/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../../services/index.ts';
import { parseDecimal } from '../../../schema/decimal.ts';
import { COLUMNS, TABLES } from './generate.ts';
import type { Music, TableName } from './generate.ts';

const PER_TRANSACTION = 10_000;
const CACHE_BYTES = 256 * 2 ** 20;
const FOLD_QUIET_MS = 20;
const POLL_MS = 10;

/** Columns that refer to a table under another name than its key's. */
const REFERENCES: Readonly<Record<string, TableName>> = {
  reports_to: 'employee',
  support_rep_id: 'employee',
};

/** Makes the database in a new schema; resolves when all of it is in its indices. Gives the number of datoms. */
export async function writeDatabase(
  music: Music,
  place: { readonly url: string; readonly schema: string; readonly name: string },
): Promise<number> {
  const { url, schema, name } = place;
  const host = await openPostgresStoreHost({ url, schema });
  await createDatabase(host, name);
  const store = await host.open(name);
  const [log, bus] = [createLog({ level: 'error' }), createMemoryBus()];
  const nodeCache = new NodeCache(CACHE_BYTES);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const writer = await startWriter({ connection, bus, log, foldQuietMs: FOLD_QUIET_MS });
  let datoms = 0;
  try {
    for (const txData of transactionsOf(music, await readSchema()))
      datoms += (await writer.transact({ txData })).datomCount;
    while (connection.db().novelty.size > 0) await wait(POLL_MS);
  } finally {
    await writer.stop();
    await connection.release();
    await host.close();
  }
  return datoms;
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
