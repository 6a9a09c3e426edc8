/**
 * A music shop of the shape of the Chinook sample database: the same for everybody, from a seed. At scale 1 there are 2,000 artists, 10,000 albums
 * and 100,000 tracks; `test/unit/bench/music.test.ts` has the hashes of its tables.
 */
export type Cell = number | string | null;
export type Row = ReadonlyArray<Cell>;

/** Columns in the order of the cells; the tables in an order in which each refers to those before it, and to itself. */
export const COLUMNS = {
  genre: ['genre_id', 'name'],
  media_type: ['media_type_id', 'name'],
  artist: ['artist_id', 'name'],
  album: ['album_id', 'title', 'artist_id'],
  track: [
    'track_id',
    'name',
    'album_id',
    'media_type_id',
    'genre_id',
    'composer',
    'milliseconds',
    'bytes',
    'unit_price',
  ],
  employee: ['employee_id', 'last_name', 'first_name', 'title', 'reports_to', 'email'],
  customer: [
    'customer_id',
    'first_name',
    'last_name',
    'company',
    'country',
    'email',
    'support_rep_id',
  ],
  invoice: ['invoice_id', 'customer_id', 'invoice_date', 'billing_country', 'total'],
  invoice_line: ['invoice_line_id', 'invoice_id', 'track_id', 'unit_price', 'quantity'],
  playlist: ['playlist_id', 'name'],
  playlist_track: ['playlist_id', 'track_id'],
} as const;

export type TableName = keyof typeof COLUMNS;
export type Music = Readonly<Record<TableName, ReadonlyArray<Row>>>;

export const TABLES = Object.keys(COLUMNS) as ReadonlyArray<TableName>;

const SEED = 0x9e3779b9;
const WORDS =
  `amber anvil arrow basil birch cedar cobalt copper coral delta ember fable fern flint frost garnet glade harbor hazel indigo iris jade juniper karst
  lark lilac linen maple marble meadow mist nickel north oak ochre olive onyx opal orbit pearl pine quartz raven river saffron sage slate sorrel spruce
  thistle umber vale violet willow winter zephyr`.split(/\s+/);
const COUNTRIES = 'USA,Canada,Brazil,France,Germany,Norway,Japan,India,Chile,Poland'.split(',');
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2021, 0, 1);
const DAYS = 5 * 365;
const PLAYLIST_DRAWS = 500;

/** All tables, so many times as large; each row draws its cells from left to right, so that no line may change its place. */
export function generateMusic(scale = 1): Music {
  const { below, chance, word, name } = drawing(SEED);
  const counts = {
    ...{ artist: 2_000 * scale, album: 10_000 * scale, track: 100_000 * scale, genre: 25 },
    ...{ mediaType: 5, employee: 8, customer: 600 * scale, invoice: 5_000 * scale, playlist: 18 },
  };
  const anyOf = (count: number): number => 1 + below(count);
  const genre = rows(counts.genre, (i) => [i, `${capital(WORDS[i]!)} Music`]);
  const mediaType = rows(counts.mediaType, (i) => [i, `Format ${i}`]);
  const artist = rows(counts.artist, (i) => [i, name(2)]);
  const album = rows(counts.album, (i) => [i, name(3), anyOf(counts.artist)]);
  const perAlbum = counts.track / counts.album;
  const track = rows(counts.track, (i) => [
    ...[i, name(2 + below(3)), 1 + Math.floor((i - 1) / perAlbum)],
    ...[anyOf(counts.mediaType), anyOf(counts.genre), chance(0.3) ? null : name(2)],
    ...[90_000 + below(400_000), 1_000_000 + below(9_000_000), chance(0.9) ? '0.99' : '1.99'],
  ]);
  const employee = rows(counts.employee, (i) => [
    ...[i, word(), word(), 'Agent', i === 1 ? null : 1 + Math.floor((i - 2) / 3)],
    `e${i}@example.test`,
  ]);
  const customer = rows(counts.customer, (i) => [
    ...[i, word(), word(), chance(0.7) ? null : name(2), COUNTRIES[below(COUNTRIES.length)]!],
    ...[`c${i}@example.test`, anyOf(counts.employee)],
  ]);
  const invoiceLine: Row[] = [];
  const invoice = rows(counts.invoice, (i) => {
    const customerId = anyOf(counts.customer);
    let total = 0;
    for (let left = anyOf(10); left > 0; left--) {
      const trackId = anyOf(counts.track);
      const price = track[trackId - 1]!.at(-1)!;
      total += Number(price);
      invoiceLine.push([invoiceLine.length + 1, i, trackId, price, 1]);
    }
    const date = new Date(FIRST_DAY_MS + below(DAYS) * DAY_MS).toISOString();
    return [i, customerId, date, customer[customerId - 1]![4]!, total.toFixed(2)];
  });
  const playlistTrack: Row[] = [];
  const playlist = rows(counts.playlist, (i) => {
    const row = [i, name(2)];
    const ids = Array.from({ length: PLAYLIST_DRAWS }, () => anyOf(counts.track));
    for (const id of new Set(ids)) playlistTrack.push([i, id]);
    return row;
  });
  return {
    ...{ genre, media_type: mediaType, artist, album, track, employee, customer, invoice },
    ...{ invoice_line: invoiceLine, playlist, playlist_track: playlistTrack },
  };
}

/** A table as `COPY` reads and writes it. */
export function tableToText(table: ReadonlyArray<Row>): string {
  const line = (row: Row): string => row.map((cell) => cell ?? '\\N').join('\t');
  return `${table.map(line).join('\n')}\n`;
}

function rows(count: number, row: (id: number) => Row): Row[] {
  return Array.from({ length: count }, (_, i) => row(i + 1));
}

function drawing(seed: number) {
  const random = mulberry32(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const word = (): string => capital(WORDS[below(WORDS.length)]!);
  return {
    below,
    word,
    chance: (share: number): boolean => random() < share,
    name: (words: number): string => Array.from({ length: words }, word).join(' '),
  };
}

function capital(word: string): string {
  return `${word[0]!.toUpperCase()}${word.slice(1)}`;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
