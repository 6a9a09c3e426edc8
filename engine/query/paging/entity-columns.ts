/**
 * What a few entities say of themselves, as the columns of a list: all that is asked of an entity stands together in EAVT, and is read in one
 * look. A pattern by the other would look for each entity once for each of its attributes.
 */
import type { Value } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import type { VisitRows } from '../../db/near-rows.ts';
import { NearRows } from '../../db/near-rows.ts';
import { prefetch } from '../../db/prefetch.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { Miss, Suspended } from '../../shared/suspend.ts';
import type { Column } from '../relation/column.ts';

/** An attribute that has one value at most. */
export interface AskedAttribute {
  readonly number: number;
  /** The value that an entity must have; undefined for any. */
  readonly value: Value | undefined;
  /** Whether it may have none, which is undefined in the column. */
  readonly isOptional?: boolean;
}

export interface EntityColumns {
  /** The places of the entities that have all that is asked for. */
  readonly places: Int32Array;
  /** For each of these, what it has of each attribute. */
  readonly columns: ReadonlyArray<ReadonlyArray<Value | undefined>>;
}

/** The value that the entity in a place must have of an attribute: null for none that there is, undefined for any. */
type Wanted = (place: number, attribute: number) => Value | null | undefined;

/** Of the present. `wanted`: for an entity by itself, the value that it must have of an attribute. */
export function* columnsOfEntities(
  db: SettledDb,
  entities: Column,
  asked: ReadonlyArray<AskedAttribute>,
  wanted?: Wanted,
): Suspended<EntityColumns> {
  const columns = asked.map((): Array<Value | undefined> => []);
  const places: number[] = [];
  const reader = new AskedReader(asked, wanted);
  const near = new NearRows(db, 'eavt');
  let isPrepared = false;
  for (let place = 0; place < entities.length; place++) {
    const bound = { e: entities[place] as number };
    for (;;) {
      const misses: Miss[] = [];
      reader.begin(place);
      if (near.visit(bound, reader.visit, misses)) break;
      // What one of them misses others will, too.
      if (isPrepared) yield misses;
      else yield* prefetch(db, 'eavt', boundsOf(entities));
      isPrepared = true;
    }
    if (!reader.hasAll) continue;
    places.push(place);
    for (let i = 0; i < columns.length; i++) columns[i]!.push(reader.values[i]);
  }
  return { places: Int32Array.from(places), columns };
}

/** Takes in what one entity after the other says. */
class AskedReader {
  readonly values: Array<Value | undefined>;
  readonly #asked: ReadonlyArray<AskedAttribute>;
  readonly #wanted: Wanted | undefined;
  readonly #required: number;
  #place = 0;
  /** How many are still looked for, and how many of them must be there. */
  #left = 0;
  #missing = 0;

  constructor(asked: ReadonlyArray<AskedAttribute>, wanted: Wanted | undefined) {
    this.#asked = asked;
    this.#wanted = wanted;
    this.#required = asked.filter(({ isOptional }) => isOptional !== true).length;
    this.values = new Array<Value | undefined>(asked.length);
  }

  get hasAll(): boolean {
    return this.#missing === 0;
  }

  begin(place: number): void {
    this.#place = place;
    this.values.fill(undefined);
    this.#left = this.#asked.length;
    this.#missing = this.#required;
  }

  readonly visit: VisitRows = (keys, lo, hi) => {
    const asked = this.#asked;
    for (let row = lo; row < hi && this.#left > 0; row++) {
      const i = placeOf(asked, keys.a[row]!);
      if (i < 0) continue;
      const value = keys.value(row);
      const given = this.#wanted === undefined ? asked[i]!.value : this.#wanted(this.#place, i);
      if (given !== undefined && (given === null || !valueEquals(value, given))) continue;
      this.values[i] = value;
      this.#left--;
      if (asked[i]!.isOptional !== true) this.#missing--;
    }
    return this.#left > 0;
  };
}

function placeOf(asked: ReadonlyArray<AskedAttribute>, number: number): number {
  for (let i = 0; i < asked.length; i++) if (asked[i]!.number === number) return i;
  return -1;
}

function boundsOf(entities: Column): Array<{ readonly e: number }> {
  return Array.from(entities as ArrayLike<number>, (e) => ({ e }));
}
