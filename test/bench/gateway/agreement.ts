/** Whether both systems say the same, each in its own words. */
import { REQUEST_HEADERS } from './servers.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Asked } from '../load/load.ts';
import type { Shape, Variables } from './shapes.ts';

export interface AskedShape {
  readonly shape: Shape;
  readonly ours: Asked;
  readonly theirs: Asked;
}

/** The same thing under either name. */
const NAMES: Readonly<Record<string, string>> = {
  trackByTrackId: 'track',
  albumByAlbumId: 'album',
  artistByArtistId: 'artist',
  genreByGenreId: 'genre',
  trackConnection: 'tracks',
  _trackByAlbum: 'tracks',
  allTracks: 'tracks',
  tracksByAlbumId: 'tracks',
  albumConnection: 'albums',
  allAlbums: 'albums',
};

/** 64 bits here, which JSON cannot say as a number; 32 bits there. */
const NUMBERS: ReadonlySet<string> = new Set(['trackId', 'albumId', 'milliseconds']);
/** Whatever a server says with them. */
const CURSORS: ReadonlySet<string> = new Set(['cursor', 'endCursor']);

/** Asks both servers everything once. @throws where an answer is an error, has too few rows, or says something else than the other one's */
export async function compareAnswers(
  shape: Shape,
  variables: ReadonlyArray<Variables>,
  urls: { readonly ours: string; readonly theirs: string },
): Promise<AskedShape> {
  const asked = { ours: new AskedServer(shape.ours), theirs: new AskedServer(shape.theirs) };
  for (const set of variables) {
    const ours = plain(await asked.ours.ask(urls.ours, set));
    const theirs = plain(await asked.theirs.ask(urls.theirs, set));
    const place = `${shape.name} of ${JSON.stringify(set)}`;
    if (!isDeepStrictEqual(ours, theirs))
      throw new Error(
        `The answers to ${place} differ:\nours   ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`,
      );
    const found = rowsIn(ours);
    if (found !== shape.rows)
      throw new Error(`Expected ${shape.rows} rows for ${place}, got ${found}`);
  }
  return { shape, ...asked };
}

class AskedServer implements Asked {
  readonly bodies: string[] = [];
  readonly sizes: number[] = [];
  readonly #query: string;

  constructor(query: string) {
    this.#query = query.replaceAll(/\s+/g, ' ');
  }

  async ask(url: string, variables: Variables): Promise<unknown> {
    const body = JSON.stringify({ query: this.#query, variables });
    const response = await fetch(url, { method: 'POST', headers: REQUEST_HEADERS, body });
    const text = await response.text();
    const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown };
    if (response.status !== 200 || errors !== undefined || data == null)
      throw new Error(`${url} answers ${body} with ${response.status} ${text}`);
    this.bodies.push(body);
    this.sizes.push(text.length);
    return data;
  }
}

function plain(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(plain);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [NAMES[name] ?? name, plainField(name, value)]),
  );
}

function plainField(name: string, value: unknown): unknown {
  if (CURSORS.has(name)) return typeof value === 'string' && value !== '' ? 'a cursor' : value;
  return NUMBERS.has(name) ? Number(value) : plain(value);
}

/** Objects that have a number of a track. */
function rowsIn(data: unknown): number {
  if (typeof data !== 'object' || data === null) return 0;
  const below = Object.values(data).reduce<number>((sum, value) => sum + rowsIn(value), 0);
  return below + ('trackId' in data ? 1 : 0);
}
