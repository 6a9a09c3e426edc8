/** What a caller would like best of what there is (RFC 9110, section 12.5.1). */

/** What operations are answered in that are no streams. */
export const OPERATION_TYPES = ['application/json', 'application/graphql-response+json'] as const;

/**
 * The media type that `Accept` prefers: by quality, then by how exactly it is named, then by its place in the header. Undefined where none will do.
 */
export function preferredType<const T extends string>(
  accept: string | undefined,
  offered: ReadonlyArray<T>,
): T | undefined {
  const isUsual = accept === undefined || accept === '' || accept === ANY || accept === offered[0];
  if (isUsual) return offered[0];
  const ranges = accept.split(',', MAX_RANGES).map(parseRange);
  let best: { readonly type: T; readonly rank: Rank } | undefined;
  for (const type of offered) {
    const rank = rankOf(type, ranges);
    if (rank.quality > 0 && (best === undefined || isBefore(rank, best.rank)))
      best = { type, rank };
  }
  return best?.type;
}

const ANY = '*/*';

const MAX_RANGES = 100;

interface Range {
  readonly type: string;
  readonly quality: number;
}

interface Rank {
  readonly quality: number;
  /** 2 where the type is named, 1 where its family is, 0 where anything will do. */
  readonly exactness: number;
  readonly place: number;
}

const UNWANTED: Rank = { quality: 0, exactness: -1, place: Infinity };

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((each) => each.startsWith('q='))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

/** The range that names a type most exactly says how much it is wanted. */
function rankOf(type: string, ranges: ReadonlyArray<Range>): Rank {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  let rank = UNWANTED;
  for (const [place, range] of ranges.entries()) {
    const exactness = [ANY, family, type].indexOf(range.type);
    if (exactness > rank.exactness) rank = { quality: range.quality, exactness, place };
  }
  return rank;
}

function isBefore(one: Rank, other: Rank): boolean {
  if (one.quality !== other.quality) return one.quality > other.quality;
  if (one.exactness !== other.exactness) return one.exactness > other.exactness;
  return one.place < other.place;
}
