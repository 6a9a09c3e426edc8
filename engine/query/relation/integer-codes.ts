/** Integers, and pairs of them, to numbers 0, 1, 2 … in the order in which new ones are met. */

/** Open addressing with room for twice as many as there are. */
const MIN_CAPACITY = 16;

const NONE = new Int32Array(0);

/** A table by the integers themselves may have so many places for each integer of the column that it is made for. */
const PLACES_PER_INTEGER = 8;
const MIN_PLACES = 4_096;

const GOLDEN = 0x9e3779b1;
const OTHER = 0x85ebca6b;

/** Integers of a small range have a table of their own; for others there is a hash table. */
export class IntegerCodes {
  count = 0;
  /** Code and one, by integer; while all integers are in its range. */
  #direct: Int32Array | undefined;
  #lowest = 0;
  #hashed: HashedCodes | undefined;

  /** Chooses how the codes are held, before a column is encoded. */
  prepare(column: Int32Array): void {
    if (this.#hashed !== undefined || column.length === 0) return;
    let [lowest, highest] = [column[0]!, column[0]!];
    for (let i = 1; i < column.length; i++) {
      const integer = column[i]!;
      if (integer < lowest) lowest = integer;
      else if (integer > highest) highest = integer;
    }
    if (this.#direct === undefined) {
      const places = highest - lowest + 1;
      if (places <= Math.max(MIN_PLACES, column.length * PLACES_PER_INTEGER)) {
        this.#direct = new Int32Array(places);
        this.#lowest = lowest;
        return;
      }
    } else if (lowest >= this.#lowest && highest < this.#lowest + this.#direct.length) return;
    const hashed = new HashedCodes();
    this.#hashed = hashed;
    this.#eachDirect((integer, code) => hashed.put(integer, code));
    this.#direct = undefined;
  }

  /** After the column was prepared. */
  add(column: Int32Array, codes: Int32Array, start: number, end: number): void {
    const direct = this.#direct;
    if (direct === undefined) {
      const hashed = (this.#hashed ??= new HashedCodes());
      for (let row = start; row < end; row++) {
        const integer = column[row]!;
        let code = hashed.get(integer);
        if (code < 0) hashed.put(integer, (code = this.count++));
        codes[row] = code;
      }
      return;
    }
    const lowest = this.#lowest;
    let count = this.count;
    for (let row = start; row < end; row++) {
      const place = column[row]! - lowest;
      let code = direct[place]!;
      if (code === 0) direct[place] = code = ++count;
      codes[row] = code - 1;
    }
    this.count = count;
  }

  find(column: Int32Array, codes: Int32Array, start: number, end: number): void {
    const direct = this.#direct;
    if (direct === undefined) {
      for (let row = start; row < end; row++) codes[row] = this.get(column[row]!);
      return;
    }
    const lowest = this.#lowest;
    for (let row = start; row < end; row++) {
      const place = column[row]! - lowest;
      codes[row] = place >= 0 && place < direct.length ? direct[place]! - 1 : -1;
    }
  }

  get(integer: number): number {
    if (this.#direct === undefined) return this.#hashed?.get(integer) ?? -1;
    return (this.#direct[integer - this.#lowest] ?? 0) - 1;
  }

  forEach(visit: (integer: number, code: number) => void): void {
    if (this.#hashed === undefined) this.#eachDirect(visit);
    else this.#hashed.forEach(visit);
  }

  #eachDirect(visit: (integer: number, code: number) => void): void {
    const direct = this.#direct;
    if (direct === undefined) return;
    for (let place = 0; place < direct.length; place++)
      if (direct[place]! > 0) visit(place + this.#lowest, direct[place]! - 1);
  }
}

class HashedCodes {
  #integers = new Int32Array(MIN_CAPACITY);
  /** Code and one; 0 where the place is free. */
  #codes = new Int32Array(MIN_CAPACITY);
  #size = 0;

  get(integer: number): number {
    return this.#codes[this.#placeOf(integer)]! - 1;
  }

  put(integer: number, code: number): void {
    if (2 * this.#size >= this.#codes.length) this.#grow();
    const place = this.#placeOf(integer);
    this.#integers[place] = integer;
    this.#codes[place] = code + 1;
    this.#size++;
  }

  forEach(visit: (integer: number, code: number) => void): void {
    for (let place = 0; place < this.#codes.length; place++)
      if (this.#codes[place]! > 0) visit(this.#integers[place]!, this.#codes[place]! - 1);
  }

  #placeOf(integer: number): number {
    const integers = this.#integers;
    const codes = this.#codes;
    const mask = codes.length - 1;
    let place = mixed(Math.imul(integer, GOLDEN)) & mask;
    while (codes[place] !== 0 && integers[place] !== integer) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [integers, codes] = [this.#integers, this.#codes];
    this.#integers = new Int32Array(2 * integers.length);
    this.#codes = new Int32Array(2 * codes.length);
    for (let i = 0; i < codes.length; i++) {
      if (codes[i] === 0) continue;
      const place = this.#placeOf(integers[i]!);
      this.#integers[place] = integers[i]!;
      this.#codes[place] = codes[i]!;
    }
  }
}

/** Of each place: the left part, the right part, code and one (0 where the place is free), and nothing, so that it is one cache line. */
const PLACE_SIZE = 4;

/** The codes of pairs of codes. */
export class PairCodes {
  count = 0;
  #capacity = 0;
  #places = NONE;

  /** Makes room for pairs that are about to be added. */
  reserve(count: number): void {
    let capacity = Math.max(this.#capacity, MIN_CAPACITY);
    while (capacity < 2 * (this.count + count)) capacity *= 2;
    if (capacity > this.#capacity) this.#grow(this.#capacity === 0 ? capacity : 2 * capacity);
  }

  /** Puts the code of each pair in the place of its left part. There is room for all. */
  add(lefts: Int32Array, rights: Int32Array, start: number, end: number): void {
    const places = this.#places;
    const mask = this.#capacity - 1;
    let count = this.count;
    for (let row = start; row < end; row++) {
      const left = lefts[row]!;
      const right = rights[row]!;
      let at = (hashOf(left, right) & mask) * PLACE_SIZE;
      while (places[at + 2] !== 0 && (places[at] !== left || places[at + 1] !== right))
        at = (at + PLACE_SIZE) & (mask * PLACE_SIZE + PLACE_SIZE - 1);
      if (places[at + 2] === 0) {
        places[at] = left;
        places[at + 1] = right;
        places[at + 2] = ++count;
      }
      lefts[row] = places[at + 2]! - 1;
    }
    this.count = count;
  }

  /** As {@link add}; -1 for a pair that is not known, as are all of a part that is not. */
  find(lefts: Int32Array, rights: Int32Array, start: number, end: number): void {
    const places = this.#places;
    const mask = this.#capacity - 1;
    for (let row = start; row < end; row++) {
      const left = lefts[row]!;
      const right = rights[row]!;
      if (left < 0 || right < 0 || this.count === 0) {
        lefts[row] = -1;
        continue;
      }
      let at = (hashOf(left, right) & mask) * PLACE_SIZE;
      while (places[at + 2] !== 0 && (places[at] !== left || places[at + 1] !== right))
        at = (at + PLACE_SIZE) & (mask * PLACE_SIZE + PLACE_SIZE - 1);
      lefts[row] = places[at + 2]! - 1;
    }
  }

  #grow(capacity: number): void {
    const before = this.#places;
    const places = new Int32Array(capacity * PLACE_SIZE);
    const mask = capacity - 1;
    for (let i = 0; i < before.length; i += PLACE_SIZE) {
      if (before[i + 2] === 0) continue;
      let at = (hashOf(before[i]!, before[i + 1]!) & mask) * PLACE_SIZE;
      while (places[at + 2] !== 0) at = (at + PLACE_SIZE) & (mask * PLACE_SIZE + PLACE_SIZE - 1);
      places[at] = before[i]!;
      places[at + 1] = before[i + 1]!;
      places[at + 2] = before[i + 2]!;
    }
    this.#places = places;
    this.#capacity = capacity;
  }
}

function hashOf(left: number, right: number): number {
  return mixed(Math.imul(left, GOLDEN) ^ Math.imul(right, OTHER));
}

function mixed(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}
