/**
 * Merges the entities of a sorted column with rows of an index that are in the order of their entities: one pass over both, whichever is
 * the longer. Stretches without a match are skipped by doubling steps.
 */

export class EntityMerge {
  /** The first `count` are places in the column of entities, and beside each a row of the last chunk. */
  at = new Int32Array(0);
  rows = new Int32Array(0);
  count = 0;
  readonly #entities: Int32Array;
  #place = 0;

  constructor(entities: Int32Array) {
    this.#entities = entities;
  }

  /** Finds the matches of rows `lo <= row < hi` of the next chunk. */
  visit(column: Int32Array, lo: number, hi: number): void {
    const entities = this.#entities;
    if (this.at.length < hi - lo) this.#grow(hi - lo);
    let { at, rows } = this;
    let count = 0;
    let place = this.#place;
    // What an entity says may go on in this chunk.
    while (place > 0 && entities[place - 1] === column[lo]) place--;
    let row = lo;
    while (place < entities.length && row < hi) {
      const wanted = entities[place]!;
      const found = column[row]!;
      if (found < wanted) {
        // Entities are given out one after the other, and most of a kind have the same attributes.
        const guess = row + wanted - found;
        const isThere = guess < hi && column[guess] === wanted && column[guess - 1]! < wanted;
        row = isThere ? guess : firstFrom(column, row + 1, hi, wanted);
      } else if (found > wanted) place = firstFrom(entities, place + 1, entities.length, found);
      else {
        for (let same = row; same < hi && column[same] === wanted; same++) {
          if (count === at.length) {
            this.#grow(2 * count);
            ({ at, rows } = this);
          }
          at[count] = place;
          rows[count++] = same;
        }
        place++;
      }
    }
    this.count = count;
    this.#place = place;
  }

  #grow(capacity: number): void {
    const [at, rows] = [this.at, this.rows];
    this.at = new Int32Array(capacity);
    this.rows = new Int32Array(capacity);
    this.at.set(at);
    this.rows.set(rows);
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
