/**
 * Merges the entities of a sorted column with rows of an index that are in the order of their entities: one pass over both, whichever is
 * the longer. Stretches without a match are skipped by doubling steps.
 */
import { IntegerBuffer } from '../relation/column.ts';

export class EntityMerge {
  /** Places in the column of entities, and beside each a row of the last chunk. */
  readonly at = new IntegerBuffer();
  readonly rows = new IntegerBuffer();
  readonly #entities: Int32Array;
  #place = 0;

  constructor(entities: Int32Array) {
    this.#entities = entities;
  }

  /** Finds the matches of rows `lo <= row < hi` of the next chunk. */
  visit(column: Int32Array, lo: number, hi: number): void {
    const entities = this.#entities;
    const { at, rows } = this;
    at.clear();
    rows.clear();
    let place = this.#place;
    // What an entity says may go on in this chunk.
    while (place > 0 && entities[place - 1] === column[lo]) place--;
    let row = lo;
    while (place < entities.length && row < hi) {
      const wanted = entities[place]!;
      const found = column[row]!;
      if (found < wanted) row = firstFrom(column, row + 1, hi, wanted);
      else if (found > wanted) place = firstFrom(entities, place + 1, entities.length, found);
      else {
        for (let same = row; same < hi && column[same] === wanted; same++) {
          at.push(place);
          rows.push(same);
        }
        place++;
      }
    }
    this.#place = place;
  }
}

/** The first place from `start` on whose integer is not less. */
function firstFrom(column: Int32Array, start: number, end: number, integer: number): number {
  if (start >= end || column[start]! >= integer) return start;
  let lo = start;
  let step = 1;
  while (lo + step < end && column[lo + step]! < integer) {
    lo += step;
    step *= 2;
  }
  let hi = Math.min(end, lo + step);
  lo++;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (column[middle]! < integer) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}
