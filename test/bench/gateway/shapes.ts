/**
 * What both systems are asked: five shapes, each written as one writes it for either of them, and 200 sets of variables. Lists say by which key they are
 * ordered, so that both have to answer the same rows; they begin near the front, since PostgreSQL counts its way to an offset.
 */
import type { Music } from '../music/generate.ts';

export interface Shape {
  readonly name: string;
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  /** How many objects of the last level an answer has. */
  readonly rows: number;
  /** All different, and the same for everybody. */
  readonly variables: (music: Music) => ReadonlyArray<Variables>;
}

export type Variables = Readonly<Record<string, number>>;

const SETS = 200;
const MAX_OFFSET = 1_000;
const PAGE = 50;
const TRACKS_OF_ALBUM = 10;
const LONGEST = 20;
const MAX_PAGES = 8;

export const SHAPES: ReadonlyArray<Shape> = [
  {
    name: 'point',
    what: 'a track by its number',
    ours: `query ($id: Long!) { track(by: { trackId: $id }) { trackId name milliseconds } }`,
    theirs: `query ($id: Int!) { trackByTrackId(trackId: $id) { trackId name milliseconds } }`,
    rows: 1,
    variables: ({ track }) => distinct(track.length).map((n) => ({ id: n + 1 })),
  },
  {
    name: 'list50x2',
    what: '50 tracks, each with its album and the artist of that',
    ours: `query ($offset: Int!) {
      trackConnection(first: ${PAGE}, offset: $offset, orderBy: [{ trackId: ASC }]) {
        nodes { trackId name album { title artist { name } } } } }`,
    theirs: `query ($offset: Int!) {
      allTracks(first: ${PAGE}, offset: $offset, orderBy: [PRIMARY_KEY_ASC]) {
        nodes { trackId name albumByAlbumId { title artistByArtistId { name } } } } }`,
    rows: PAGE,
    variables: ({ track }) => offsets(track.length),
  },
  {
    name: 'filterOrderLimit',
    what: 'the 20 longest tracks of a genre, or the next 20',
    ours: `query ($genre: Long!, $offset: Int!) {
      trackConnection(first: ${LONGEST}, offset: $offset, where: { genre: { genreId: { eq: $genre } } },
        orderBy: [{ milliseconds: DESC }, { trackId: ASC }]) { nodes { trackId name milliseconds } } }`,
    theirs: `query ($genre: Int!, $offset: Int!) {
      allTracks(first: ${LONGEST}, offset: $offset, condition: { genreId: $genre },
        orderBy: [MILLISECONDS_DESC, PRIMARY_KEY_ASC]) { nodes { trackId name milliseconds } } }`,
    rows: LONGEST,
    variables: ({ genre, track }) => {
      const pages = Math.min(MAX_PAGES, Math.floor(smallestGenre(track) / LONGEST));
      return distinct(genre.length * pages).map((n) => ({
        genre: (n % genre.length) + 1,
        offset: Math.floor(n / genre.length) * LONGEST,
      }));
    },
  },
  {
    name: 'fanout',
    what: '50 albums, each with its first 10 tracks, each with its genre',
    ours: `query ($offset: Int!) {
      albumConnection(first: ${PAGE}, offset: $offset, orderBy: [{ albumId: ASC }]) {
        nodes { albumId title
          _trackByAlbum(first: ${TRACKS_OF_ALBUM}, orderBy: [{ trackId: ASC }]) {
            nodes { trackId name genre { name } } } } } }`,
    theirs: `query ($offset: Int!) {
      allAlbums(first: ${PAGE}, offset: $offset, orderBy: [PRIMARY_KEY_ASC]) {
        nodes { albumId title
          tracksByAlbumId(first: ${TRACKS_OF_ALBUM}, orderBy: [PRIMARY_KEY_ASC]) {
            nodes { trackId name genreByGenreId { name } } } } } }`,
    rows: PAGE * TRACKS_OF_ALBUM,
    variables: ({ album }) => offsets(album.length),
  },
  {
    name: 'connection50x2',
    what: 'as list50x2, with edges, cursors and pageInfo',
    ours: `query ($offset: Int!) {
      trackConnection(first: ${PAGE}, offset: $offset, orderBy: [{ trackId: ASC }]) {
        edges { cursor node { trackId name album { title artist { name } } } }
        pageInfo { hasNextPage endCursor } } }`,
    theirs: `query ($offset: Int!) {
      allTracks(first: ${PAGE}, offset: $offset, orderBy: [PRIMARY_KEY_ASC]) {
        edges { cursor node { trackId name albumByAlbumId { title artistByArtistId { name } } } }
        pageInfo { hasNextPage endCursor } } }`,
    rows: PAGE,
    variables: ({ track }) => offsets(track.length),
  },
];

/** That leave a whole page. */
function offsets(count: number): Variables[] {
  return distinct(Math.min(MAX_OFFSET, count - PAGE)).map((offset) => ({ offset }));
}

function smallestGenre(tracks: Music['track']): number {
  const sizes = new Map<unknown, number>();
  for (const [, , , , genre] of tracks) sizes.set(genre, (sizes.get(genre) ?? 0) + 1);
  return Math.min(...sizes.values());
}

/** Numbers from 0 to below `below`, in an order that jumps about. */
function distinct(below: number): number[] {
  // No prime factor of any of the sizes, so that nothing comes twice.
  const step = 7_919;
  return Array.from({ length: Math.min(SETS, below) }, (_, i) => (i * step) % below);
}
