/**
 * What a few entities say of themselves, as the columns of a list: all that is asked of an entity stands together in EAVT, and is read in one
 * look. A pattern by the other would look for each entity once for each of its attributes.
 */
import type { Value } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { missOf, prefixRange } from '../../datom/chunk-cursor.ts';
import { prefetch } from '../../db/prefetch.ts';
import type { SettledDb } from '../../db/scan.ts';
import { scan } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
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

/** Of the present. `wanted`: for an entity by itself, the value that it must have of an attribute. */
export function* columnsOfEntities(
  db: SettledDb,
  entities: Column,
  asked: ReadonlyArray<AskedAttribute>,
  wanted?: (place: number, attribute: number) => Value | null | undefined,
): Suspended<EntityColumns> {
  const columns = asked.map((): Array<Value | undefined> => []);
  const required = asked.filter(({ isOptional }) => isOptional !== true).length;
  const places: number[] = [];
  const values = new Array<Value | undefined>(asked.length);
  let isPrepared = false;
  for (let place = 0; place < entities.length; place++) {
    values.fill(undefined);
    let left = asked.length;
    let missing = required;
    const rows = scan(db, 'eavt', prefixRange({ e: entities[place] as number }));
    for (let step = rows.next(); step !== 'done'; step = rows.next()) {
      if (step === 'missing') {
        // What one of them misses others will, too.
        if (!isPrepared) yield* prefetch(db, 'eavt', boundsOf(entities));
        else yield missOf(rows);
        isPrepared = true;
        continue;
      }
      const { keys, lo, hi } = rows;
      const { a } = keys;
      for (let row = lo; row < hi && left > 0; row++) {
        const i = placeOf(asked, a[row]!);
        if (i < 0) continue;
        const value = keys.value(row);
        const given = wanted === undefined ? asked[i]!.value : wanted(place, i);
        if (given !== undefined && (given === null || !valueEquals(value, given))) continue;
        values[i] = value;
        left--;
        if (asked[i]!.isOptional !== true) missing--;
      }
      if (left === 0) break;
    }
    if (missing > 0) continue;
    places.push(place);
    for (let i = 0; i < columns.length; i++) columns[i]!.push(values[i]);
  }
  return { places: Int32Array.from(places), columns };
}

function placeOf(asked: ReadonlyArray<AskedAttribute>, number: number): number {
  for (let i = 0; i < asked.length; i++) if (asked[i]!.number === number) return i;
  return -1;
}

function boundsOf(entities: Column): Array<{ readonly e: number }> {
  return Array.from(entities as ArrayLike<number>, (e) => ({ e }));
}
