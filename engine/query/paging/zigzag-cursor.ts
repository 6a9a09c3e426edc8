/**
 * The rows of one attribute by their values in one direction, and those of one value by their entities in the other:
 * `:order-by [?rating :desc ?e :asc]`. Rows of a value that are all in one chunk are shown as they are, to be read from the other end; others
 * are scanned by themselves.
 */
import type { Value } from '../../../schema/value.ts';
import type { ChunkCursor, ScanRange } from '../../datom/chunk-cursor.ts';
import { advance, prefixRange } from '../../datom/chunk-cursor.ts';
import type { Columns } from '../../datom/columns.ts';
import { NO_ROWS } from '../../datom/columns.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRows, scan } from '../../db/scan.ts';
import type { Suspended, Wait } from '../../shared/suspend.ts';
import { PAUSE } from '../../shared/suspend.ts';
import { isTimeToPause } from '../relation/column.ts';

export class ZigzagCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  /** After ready: whether the last of the rows comes first. */
  isBackward = false;
  miss: Wait | undefined;

  readonly #db: SettledDb;
  readonly #range: ScanRange;
  /** Of the values; the rows of each come in the other direction. */
  readonly #isReverse: boolean;
  #values: ChunkCursor;
  /** What is left of the chunk of values. */
  #chunk: Columns = NO_ROWS;
  #from = 0;
  #to = 0;
  /** The rows of a value that are scanned by themselves. */
  #group: ChunkCursor | undefined;
  #groupValue: Value | undefined;
  #aheadCount = 32;

  /** `range`: in AVET, within one attribute. */
  constructor(db: SettledDb, range: ScanRange, isReverse: boolean) {
    this.#db = db;
    this.#range = range;
    this.#isReverse = isReverse;
    this.#values = scan(db, 'avet', range, isReverse);
  }

  next(): 'ready' | 'missing' | 'done' {
    for (;;) {
      const group = this.#group;
      if (group !== undefined) {
        const step = group.next();
        if (step === 'ready') return this.#show(group.keys, group.lo, group.hi, !this.#isReverse);
        if (step === 'missing') {
          this.miss = group.miss;
          return step;
        }
        this.#values = this.#valuesAfterGroup();
        this.#group = undefined;
      }
      if (this.#from === this.#to) {
        const step = this.#values.next();
        if (step === 'missing') this.miss = this.#values.miss;
        if (step !== 'ready') return step;
        this.#enter();
      }
      if (this.#isReverse ? this.#showLast() : this.#showFirst()) return 'ready';
    }
  }

  /**
   * Passes over so many rows before the first one is shown, or fewer: as far as all rows of a value can be passed over. Of a database whose
   * rows can be counted.
   */
  *skip(count: number): Suspended<number> {
    if (count === 0) return 0;
    let left = count;
    let isFirst = true;
    while (left > 0) {
      if (this.#from === this.#to) {
        if (!(yield* advance(this.#values))) return count - left;
        this.#enter();
      }
      const size = this.#to - this.#from;
      if (left < size) return count - left + (yield* this.#skipWithin(left, count, isFirst));
      left -= size;
      isFirst = false;
      this.#from = this.#to = 0;
      if (isTimeToPause(count - left, size)) yield PAUSE;
    }
    // The next chunk may begin within the rows of a value.
    if (!(yield* advance(this.#values))) return count;
    this.#enter();
    return count + (yield* this.#skipWithin(0, count, isFirst));
  }

  /** As many rows of the chunk as are before those of the value that row `left` has; less than none where these begin in another chunk. */
  *#skipWithin(left: number, count: number, isFirst: boolean): Suspended<number> {
    const { v: values, a } = this.#chunk;
    const [from, to] = [this.#from, this.#to];
    const place = this.#isReverse ? to - 1 - left : from + left;
    const value = values[place]!;
    let start = place;
    const step = this.#isReverse ? 1 : -1;
    const end = this.#isReverse ? to - 1 : from;
    while (start !== end && compareValues(values[start + step]!, value) === 0) start += step;
    if (this.#isReverse) this.#to = start + 1;
    else this.#from = start;
    if (start !== end || isFirst) return Math.abs(start - end);
    const passed = yield* countRows(this.#db, 'avet', this.#rangeBefore(a[place]!, value));
    if (passed + left < count) this.#openGroup(a[place]!, value);
    return passed - count + left;
  }

  #enter(): void {
    this.#chunk = this.#values.keys;
    this.#from = this.#values.lo;
    this.#to = this.#values.hi;
  }

  /** The last rows of the chunk that are each of another value, or all of the last value. */
  #showLast(): boolean {
    const { v: values } = this.#chunk;
    const [from, to] = [this.#from, this.#to];
    const least = Math.max(from, to - 1 - this.#lookAhead());
    let start = to - 1;
    while (start > least && compareValues(values[start - 1]!, values[start]!) !== 0) start--;
    // The first of them may have others of its value beside it.
    const single = start + 1;
    if (single < to) return this.#showPart(single, to, true);
    while (start > from && compareValues(values[start - 1]!, values[start]!) === 0) start--;
    return start > from ? this.#showPart(start, to, false) : this.#openGroupAt(start);
  }

  /** The first rows of the chunk that are each of another value, or all of the first value. */
  #showFirst(): boolean {
    const { v: values } = this.#chunk;
    const [from, to] = [this.#from, this.#to];
    const most = Math.min(to, from + 1 + this.#lookAhead());
    let last = from;
    while (last + 1 < most && compareValues(values[last]!, values[last + 1]!) !== 0) last++;
    if (last > from) return this.#showPart(from, last, false);
    while (last + 1 < to && compareValues(values[last]!, values[last + 1]!) === 0) last++;
    return last + 1 < to ? this.#showPart(from, last + 1, true) : this.#openGroupAt(last);
  }

  /** So many rows may be looked at to show them: more and more of them, as few may be wanted. */
  #lookAhead(): number {
    const count = this.#aheadCount;
    this.#aheadCount = Math.min(2 * count, 1_024);
    return count;
  }

  #showPart(lo: number, hi: number, isBackward: boolean): true {
    if (this.#isReverse) this.#to = lo;
    else this.#from = hi;
    this.#show(this.#chunk, lo, hi, isBackward);
    return true;
  }

  /** There may be more rows of the value in the next chunk. */
  #openGroupAt(row: number): false {
    this.#openGroup(this.#chunk.a[row]!, this.#chunk.v[row]!);
    return false;
  }

  #openGroup(a: number, value: Value): void {
    this.#from = this.#to = 0;
    this.#groupValue = value;
    const range = { isPartial: true, ...prefixRange({ a, v: value }) };
    this.#group = scan(this.#db, 'avet', range, !this.#isReverse);
  }

  #valuesAfterGroup(): ChunkCursor {
    const { from, to } = this.#range;
    const edge = {
      bound: { a: from?.bound.a, v: this.#groupValue },
      inclusive: false,
    };
    const range = this.#isReverse ? { from, to: edge } : { from: edge, to };
    return scan(this.#db, 'avet', { isPartial: true, ...range }, this.#isReverse);
  }

  /** What comes before the rows of a value. */
  #rangeBefore(a: number, v: Value): ScanRange {
    const { from, to } = this.#range;
    const edge = { bound: { a, v }, inclusive: false };
    return this.#isReverse ? { from: edge, to } : { from, to: edge };
  }

  #show(keys: Columns, lo: number, hi: number, isBackward: boolean): 'ready' {
    this.keys = keys;
    this.lo = lo;
    this.hi = hi;
    this.isBackward = isBackward;
    return 'ready';
  }
}
