/**
 * What follows from new rows by one branch of a rule, where all values are integers: the rows go through joins with patterns that are kept, with
 * questions and with answers, a chunk at a time, and nothing is held in between. See `compile-derivation.ts` for how the joins are found.
 */
import { must } from '../../shared/assert.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import type { GrowingSet } from '../relation/growing-set.ts';
import type { IntegerColumns, IntegerIndex, IntegerRows } from '../relation/integer-rows.ts';
import { NO_ROW, integerArrays } from '../relation/integer-rows.ts';

/** Rows that others are joined with: of a growing set, or of a pattern. */
export interface Searched {
  readonly integers: IntegerRows | undefined;
  readonly known: number;
}

/** What a chunk adds to a set. */
export interface Addition {
  readonly set: GrowingSet;
  /** Of the columns of the chunk, by variable of the set. */
  readonly places: ReadonlyArray<number>;
}

/** Rows joined with those that are equal in some columns. All is by places of columns. */
export interface Join {
  /** What is asked of a rule before its answers are looked at. */
  readonly question?: Addition | undefined;
  readonly searched: Searched;
  /** Of what is searched, by the columns that the keys of the rows that come have to be equal to. */
  readonly index: IntegerIndex;
  readonly keys: ReadonlyArray<number>;
  /** What is needed later, of the one and of the other. */
  readonly kept: ReadonlyArray<number>;
  readonly added: ReadonlyArray<number>;
}

export class Derivation {
  readonly #joins: ReadonlyArray<Join>;
  readonly #chunks: ReadonlyArray<JoinedChunk>;
  readonly #answer: Addition;

  constructor(joins: ReadonlyArray<Join>, answer: Addition) {
    this.#joins = joins;
    this.#chunks = joins.map((join) => new JoinedChunk(join));
    this.#answer = answer;
  }

  /** Whether all that it works with is still integers. */
  get isPossible(): boolean {
    for (const { question, searched } of this.#joins)
      if (searched.integers === undefined || question?.set.hasValues === true) return false;
    return !this.#answer.set.hasValues;
  }

  /** Adds what follows from the fresh rows of a set to the answers, and to the questions that it needs answers to. */
  *run({ integers, freshFrom: from, known: to }: GrowingSet): Suspended<void> {
    const { columns } = must(integers, 'rows of integers');
    for (const { index, searched } of this.#joins)
      if (index.length < searched.known) yield* index.extend(searched.known);
    for (let start = from; start < to; start += ROWS_PER_PAUSE) {
      if (start > from) yield PAUSE;
      const end = Math.min(to, start + ROWS_PER_PAUSE);
      if (this.#chunks.length === 0) yield* add(this.#answer, columns, start, end);
      else yield* this.#follow(columns, start, end, 0);
    }
  }

  *#follow(columns: IntegerColumns, from: number, to: number, depth: number): Suspended<void> {
    const joined = this.#chunks[depth]!;
    const isLast = depth + 1 === this.#chunks.length;
    const { question } = this.#joins[depth]!;
    if (question !== undefined) yield* add(question, columns, from, to);
    joined.start(columns, from, to);
    for (let found = joined.next(); found > 0; found = joined.next()) {
      if (isLast) yield* add(this.#answer, joined.columns, 0, found);
      else yield* this.#follow(joined.columns, 0, found, depth + 1);
      if (joined.isFull) yield PAUSE;
    }
  }
}

function add(
  { set, places }: Addition,
  columns: IntegerColumns,
  from: number,
  to: number,
): Suspended<void> {
  const added = places.map((place) => columns[place]!);
  return set.addIntegers(added, from, to);
}

const NONE: Int32Array = new Int32Array(0);
const MIN_CAPACITY = 64;

/** A chunk that was full is followed by a larger one, up to what is worked through between two pauses. */
const GROWTH = 4;

/** What a join makes of some rows, a chunk after the other. */
class JoinedChunk {
  columns: IntegerColumns = [];
  /** Whether there may be more. */
  isFull = false;
  readonly #join: Join;
  #capacity = 0;
  /** The rows that come, and of them the one where the next chunk begins. */
  #input: IntegerColumns = [];
  #row = 0;
  #end = 0;
  #from = 0;
  /** For each of them, the last row that it is equal to. */
  #lasts = NONE;
  /** With which row the next chunk begins. */
  #match = NO_ROW;
  /** Rows that are side by side. */
  #lefts = NONE;
  #rights = NONE;

  constructor(join: Join) {
    this.#join = join;
  }

  /** Takes rows `from <= i < to`, no more than between two pauses. */
  start(columns: IntegerColumns, from: number, to: number): void {
    const { index, keys } = this.#join;
    if (this.#capacity < to - from) this.#reserve(to - from);
    const values = keys.map((key) => columns[key]!);
    index.find(values, from, to, this.#lasts);
    this.isFull = false;
    this.#input = columns;
    this.#from = from;
    this.#row = from;
    this.#end = to;
    this.#match = this.#lasts[0]!;
  }

  /** Fills the columns; how many rows they have, 0 at the end. */
  next(): number {
    if (this.isFull && this.#capacity < ROWS_PER_PAUSE) this.#reserve(GROWTH * this.#capacity);
    const { kept, added, index } = this.#join;
    const count = this.#pair();
    for (let i = 0; i < kept.length; i++)
      gatherInto(this.columns[i]!, this.#input[kept[i]!]!, this.#lefts, count);
    const { columns } = index.rows;
    for (let i = 0; i < added.length; i++)
      gatherInto(this.columns[kept.length + i]!, columns[added[i]!]!, this.#rights, count);
    return count;
  }

  /** Fills the numbers of rows that are side by side. */
  #pair(): number {
    const { index, added } = this.#join;
    const { before } = index;
    // Where nothing of them is needed, one that is equal is as good as all.
    const isOneEnough = added.length === 0;
    const lasts = this.#lasts;
    const lefts = this.#lefts;
    const rights = this.#rights;
    const end = this.#end;
    const from = this.#from;
    const capacity = this.#capacity;
    let row = this.#row;
    let match = this.#match;
    let count = 0;
    while (row < end && count < capacity) {
      if (match === NO_ROW) match = ++row < end ? lasts[row - from]! : NO_ROW;
      else {
        lefts[count] = row;
        rights[count++] = match;
        match = isOneEnough ? NO_ROW : before[match]!;
      }
    }
    this.#row = row;
    this.#match = match;
    this.isFull = count === capacity;
    return count;
  }

  /** Room for so many rows, of those that come and of those that are made of them. */
  #reserve(count: number): void {
    let capacity = MIN_CAPACITY;
    while (capacity < count) capacity *= GROWTH;
    this.#capacity = capacity = Math.min(capacity, ROWS_PER_PAUSE);
    const { kept, added } = this.#join;
    const lengths = new Array<number>(3 + kept.length + added.length).fill(capacity);
    const [lasts, lefts, rights, ...columns] = integerArrays(...lengths);
    lasts!.set(this.#lasts);
    this.#lasts = lasts!;
    this.#lefts = lefts!;
    this.#rights = rights!;
    this.columns = columns;
  }
}

function gatherInto(target: Int32Array, column: Int32Array, rows: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) target[i] = column[rows[i]!]!;
}
