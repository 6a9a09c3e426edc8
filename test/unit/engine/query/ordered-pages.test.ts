/** What a page of an ordered answer costs: rows that are visited, and nodes that are read where none is in memory. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../../engine/index.ts';
import { asOf, explain, kw, q, qWithin, queryStats, readEdn } from '../../../../engine/index.ts';
import { ColdDatabase } from '../../../support/cold-database.ts';

const TRACKS = 20_000;
const GENRES = 25;
const FIRST = 1_000;
const RATINGS = 5;

const SCHEMA = readEdn(`[
  {:db/ident :track/genre+length :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one :db/index true
   :db/tupleAttrs [:track/genre :track/length]}
  {:db/ident :track/title :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :track/genre :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :track/length :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :track/rating :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :track/note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`) as EdnData[];

/** Prime to their number, so that neighbours in one order are far apart in the others. */
const lengthOf = (i: number): number => (i * 7_919) % TRACKS;
const genreOf = (i: number): number => 100 + ((i * 31) % GENRES);
const ratingOf = (i: number): number => (i * 13) % RATINGS;

const track = (i: number): EdnData =>
  new Map<EdnData, EdnData>([
    [kw('db/id'), FIRST + i],
    [kw('track/title'), `title ${String((i * 17) % TRACKS).padStart(5, '0')}`],
    [kw('track/genre'), genreOf(i)],
    [kw('track/length'), lengthOf(i)],
    [kw('track/rating'), ratingOf(i)],
    ...(i % 3 === 0 ? [[kw('track/note'), `note ${i}`] as const] : []),
  ]);

const ALL = Array.from({ length: TRACKS }, (_, i) => i);
const byLength = (one: number, other: number): number => lengthOf(one) - lengthOf(other);

let tracks: ColdDatabase;

beforeAll(async () => {
  tracks = await ColdDatabase.of(SCHEMA, ALL.map(track));
});

/** How many rows of an index the page took, from what its first clause says. */
async function visited(text: string, db: Db, ...inputs: EdnData[]): Promise<string> {
  const plan = await explain(readEdn(text), db, ...inputs);
  return plan.clauses[0]?.how.join(', ') ?? '';
}

describe('a page of which only some columns are wanted', () => {
  const byLengthAndTitle = (length: string): EdnData =>
    readEdn(`{:find [?e ?k ?t] :where [[?e ${length} ?k] [(get-else $ ?e :track/title "") ?t]]
              :order-by [?k :desc ?t :asc] :limit 20}`);

  it('looks nothing up to sort rows that an index has in order', async () => {
    const query = byLengthAndTitle(':track/length');
    const whole = (await q(query, await tracks.open())) as EdnData[][];
    const nodesOfAll = tracks.store.nodesRead;
    const db = await tracks.open();
    const cut = await qWithin({ columns: 1 }, query, db);
    expect(cut).toEqual(whole.map((row) => row.slice(0, 1)));
    expect(tracks.store.nodesRead).toBeLessThanOrEqual(db.base.roots.current.avet.level + 3);
    expect(nodesOfAll).toBeGreaterThan(tracks.store.nodesRead);
  });

  it('looks up what tells ties apart', async () => {
    const query = byLengthAndTitle(':track/rating');
    const db = await tracks.open();
    const whole = (await q(query, db)) as EdnData[][];
    expect(await qWithin({ columns: 2 }, query, db)).toEqual(whole.map((row) => row.slice(0, 2)));
  });

  it('has rows of variables', async () => {
    const counted = readEdn('[:find ?r (count ?e) :where [?e :track/rating ?r]]');
    await expect(qWithin({ columns: 1 }, counted, await tracks.open())).rejects.toThrow(
      'Expected rows of variables to take columns of',
    );
  });

  it.each([0, -1, 1.5, NaN])('has one at least: %d', async (columns) => {
    const query = byLengthAndTitle(':track/length');
    await expect(qWithin({ columns }, query, await tracks.open())).rejects.toThrow(
      'Expected a whole number from 1 as columns',
    );
  });
});

describe('a page in the order of an attribute', () => {
  const LONGEST =
    '{:find [?e ?k] :where [[?e :track/length ?k]] :order-by [?k :desc] :limit 20 :offset 0}';

  it('takes as many rows as it has, and reads no more than the way to them', async () => {
    const db = await tracks.open();
    const rows = await q(readEdn(LONGEST), db);
    const longest = ALL.toSorted((one, other) => byLength(other, one)).slice(0, 20);
    expect(rows).toEqual(longest.map((i) => [FIRST + i, lengthOf(i)]));
    expect(tracks.store.nodesRead).toBeLessThanOrEqual(db.base.roots.current.avet.level + 3);
    expect(await visited(LONGEST, db)).toBe(
      'scan of avet backward where a is :track/length: 20 of 20,000 rows',
    );
  });

  it('passes over what comes before it', async () => {
    const db = await tracks.open();
    const form = readEdn(LONGEST);
    const sorted = ALL.toSorted((one, other) => byLength(other, one));
    for (const offset of [1, 19, 700, 19_990, 20_000]) {
      const rows = await qWithin({ offset }, form, db);
      expect(rows).toEqual(sorted.slice(offset, offset + 20).map((i) => [FIRST + i, lengthOf(i)]));
    }
  });

  it('begins where predicates let it', async () => {
    const db = await tracks.open();
    const text = `{:find [?e ?k] :in [$ ?most] :where [[?e :track/length ?k] [(< ?k ?most)] [(>= ?k 5)]]
                   :order-by [?k :desc] :limit 3}`;
    expect(await q(readEdn(text), db, 100)).toEqual(
      ALL.filter((i) => lengthOf(i) < 100)
        .toSorted((one, other) => byLength(other, one))
        .slice(0, 3)
        .map((i) => [FIRST + i, lengthOf(i)]),
    );
    expect(tracks.store.nodesRead).toBeLessThan(20);
    expect(await visited(text, db, 100)).toContain('v >= 5 and v < 100: 3 of 95 rows');
  });

  it('goes through the entities of each value in the direction that is asked for', async () => {
    const db = await tracks.open();
    const text =
      '{:find [?e ?k] :where [[?e :track/rating ?k]] :order-by [?k :desc ?e :asc] :limit 20}';
    const sorted = ALL.toSorted((a, b) => ratingOf(b) - ratingOf(a) || a - b);
    for (const offset of [0, 3_990, 3_999, 4_000, 12_345, 19_990])
      expect(await qWithin({ offset }, readEdn(text), db)).toEqual(
        sorted.slice(offset, offset + 20).map((i) => [FIRST + i, ratingOf(i)]),
      );
    expect(await visited(text, db)).toContain('each value the other way: 20 of 20,000 rows');
  });

  it('sorts the rows of a value where the index does not', async () => {
    const db = await tracks.open();
    const text =
      '{:find [?t ?k] :where [[?e :track/rating ?k] [?e :track/title ?t]] :order-by [?k ?t] :limit 5}';
    const rows = (await q(readEdn(text), db)) as ReadonlyArray<readonly [string, number]>;
    const titles = ALL.filter((i) => ratingOf(i) === 0).map(
      (i) => `title ${String((i * 17) % TRACKS).padStart(5, '0')}`,
    );
    expect(rows).toEqual(
      titles
        .sort()
        .slice(0, 5)
        .map((title) => [title, 0]),
    );
  });

  it('passes over what comes before it but for the rows that have the same value', async () => {
    const db = await tracks.open();
    const text = (offset: number): string =>
      `{:find [?e ?k ?bare ?note] :where [[?e :track/rating ?k] [(missing? $ ?e :track/note) ?bare]
        [(get-else $ ?e :track/note "") ?note]] :order-by [?k :desc ?bare ?note :desc ?e] :limit 5 :offset ${offset}}`;
    const noteOf = (i: number): string => (i % 3 === 0 ? `note ${i}` : '');
    const sorted = ALL.toSorted(
      (a, b) =>
        ratingOf(b) - ratingOf(a) ||
        Number(noteOf(a) === '') - Number(noteOf(b) === '') ||
        (noteOf(a) === noteOf(b) ? a - b : noteOf(a) < noteOf(b) ? 1 : -1),
    );
    for (const offset of [3_998, 4_001, 19_997, 20_000])
      expect(await q(readEdn(text(offset)), db)).toEqual(
        sorted
          .slice(offset, offset + 5)
          .map((i) => [FIRST + i, ratingOf(i), noteOf(i) === '', noteOf(i)]),
      );
    const { clauses } = await explain(readEdn(text(8_001)), db);
    // Those of the third of the five ratings.
    expect(clauses.at(-1)?.rows).toBe(TRACKS / RATINGS);
  });

  it('has the entities of an attribute in their order', async () => {
    const db = await tracks.open();
    const text = '{:find [?e ?t] :where [[?e :track/title ?t]] :order-by [?e :desc] :limit 2}';
    expect(await q(readEdn(text), db)).toEqual(
      [TRACKS - 1, TRACKS - 2].map((i) => [
        FIRST + i,
        `title ${String((i * 17) % TRACKS).padStart(5, '0')}`,
      ]),
    );
    expect(tracks.store.nodesRead).toBeLessThan(10);
  });

  it('works out the other clauses for a batch at a time', async () => {
    const db = await tracks.open();
    const text = `{:find [?e ?k ?t] :where [[?e :track/length ?k] [?e :track/title ?t] (not [?e :track/note _])]
                   :order-by [?k :desc] :limit 20}`;
    const wanted = ALL.filter((i) => i % 3 > 0).toSorted((one, other) => byLength(other, one));
    const rows = (await q(readEdn(text), db)) as EdnData[][];
    expect(rows.map(([e]) => e)).toEqual(wanted.slice(0, 20).map((i) => FIRST + i));
    const plan = await explain(readEdn(text), db);
    expect(plan.clauses.map(({ clause }) => clause)).toEqual([
      '[?e :track/length ?k]',
      '[?e :track/title ?t]',
      '(not [?e :track/note _])',
    ]);
    expect(plan.clauses[0]?.rows).toBeLessThan(100);
  });

  it('is as right in the past', async () => {
    const db = await tracks.open();
    const past = asOf(db, db.maxTx - 1);
    expect(await q(readEdn(LONGEST), past)).toEqual([]);
    expect(await q(readEdn(LONGEST), asOf(db, db.maxTx))).toHaveLength(20);
  });
});

describe('a page of one value of another attribute', () => {
  const OF_GENRE = `{:find [?e ?k] :in [$ ?g] :where [[?e :track/genre ?g] [?e :track/length ?k]]
                     :order-by [?k :desc ?e :asc] :limit 20 :offset 0}`;
  const ofGenre = ALL.filter((i) => genreOf(i) === 103).toSorted((a, b) => byLength(b, a));

  it('takes as many rows as it has where there is a tuple of both', async () => {
    const db = await tracks.open();
    expect(await q(readEdn(OF_GENRE), db, 103)).toEqual(
      ofGenre.slice(0, 20).map((i) => [FIRST + i, lengthOf(i)]),
    );
    expect(tracks.store.nodesRead).toBeLessThan(40);
    expect(await visited(OF_GENRE, db, 103)).toBe(
      'scan of avet backward where a is :track/genre+length and v begins with 103, each value the other way: 20 of 800 rows',
    );
    const plan = await explain(readEdn(OF_GENRE), db, 103);
    expect(plan.clauses[1]).toMatchObject({
      clause: '[?e :track/genre ?g]',
      how: ['worked out with the pattern before'],
    });
  });

  it('is within the limits of predicates on the member that it is in the order of', async () => {
    const db = await tracks.open();
    const text = OF_GENRE.replace(']]', '] [(<= ?k 1000)] [(> ?k 20)]]');
    const wanted = ofGenre.filter((i) => lengthOf(i) <= 1_000 && lengthOf(i) > 20);
    expect(await q(readEdn(text), db, 103)).toEqual(
      wanted.slice(0, 20).map((i) => [FIRST + i, lengthOf(i)]),
    );
    expect(await visited(text, db, 103)).toContain(`20 of ${wanted.length} rows`);
  });

  it('tells query stats the same clauses', async () => {
    const stats = await queryStats(readEdn(OF_GENRE), await tracks.open(), 103);
    const clauses = stats.get(kw('stats')) as ReadonlyArray<ReadonlyMap<EdnData, EdnData>>;
    expect(clauses.map((one) => one.get(kw('clause')))).toEqual([
      readEdn('[?e :track/length ?k]'),
      readEdn('[?e :track/genre ?g]'),
    ]);
  });

  it('finds nothing for a value that nobody has', async () => {
    expect(await q(readEdn(OF_GENRE), await tracks.open(), 99)).toEqual([]);
  });
});

describe('a page in no order', () => {
  it('takes as many rows as it has', async () => {
    const db = await tracks.open();
    const rows = await qWithin(
      { limit: 30, offset: 5 },
      '[:find ?e ?t :where [?e :track/title ?t]]',
      db,
    );
    expect(rows).toHaveLength(30);
    expect(tracks.store.nodesRead).toBeLessThan(10);
  });

  it('has each row once', async () => {
    const db = await tracks.open();
    const rows = await qWithin({ limit: 30 }, '[:find ?r :where [?e :track/rating ?r]]', db);
    expect(new Set((rows as number[][]).flat())).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});

describe('a page that turns out to be rare', () => {
  it('is made of everything, and says what was tried', async () => {
    const db = await tracks.open();
    // The rows that it is about are the last in the order that is asked for.
    const text = `{:find [?e ?k ?t ?r] :where [[?e :track/length ?k] [?e :track/title ?t] [?e :track/rating ?r] [(< ?k ?e)] [(< ?k ?r)]]
                   :order-by [?k :desc] :limit 3}`;
    const rows = (await q(readEdn(text), db)) as number[][];
    const wanted = ALL.filter((i) => lengthOf(i) < ratingOf(i)).toSorted((a, b) => byLength(b, a));
    expect(rows.map(([e]) => e)).toEqual(wanted.slice(0, 3).map((i) => FIRST + i));
    const plan = await explain(readEdn(text), db);
    expect(plan.clauses[0]?.how[0]).toMatch(/^after [\d,]+ rows of scan of avet backward/);
  });
});
