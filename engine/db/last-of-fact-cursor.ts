/** Of the rows of each fact `[e a v]`, which stand together in every index, those of the last transaction. */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS } from '../datom/columns.ts';
import { columnsOf } from '../datom/columns-builder.ts';
import type { Datom } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import type { Wait } from '../shared/suspend.ts';

export class LastOfFactCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #rows: ChunkCursor;
  readonly #isReverse: boolean;
  /** The rows that are shown of the fact that the scan is in. */
  #fact: Datom[] = [];
  #isDone = false;

  constructor(rows: ChunkCursor, isReverse: boolean) {
    this.#rows = rows;
    this.#isReverse = isReverse;
  }

  next(): 'ready' | 'missing' | 'done' {
    while (!this.#isDone) {
      const step = this.#rows.next();
      if (step === 'missing') {
        this.miss = this.#rows.miss;
        return step;
      }
      const shown: Datom[] = [];
      if (step === 'ready') this.#visitChunk(shown);
      else {
        this.#isDone = true;
        shown.push(...this.#fact);
      }
      if (shown.length === 0) continue;
      this.keys = columnsOf(this.#isReverse ? shown.reverse() : shown);
      this.lo = 0;
      this.hi = shown.length;
      return 'ready';
    }
    return 'done';
  }

  #visitChunk(shown: Datom[]): void {
    const { keys, lo, hi } = this.#rows;
    for (let i = 0; i < hi - lo; i++) {
      const datom = keys.datom(this.#isReverse ? hi - 1 - i : lo + i);
      const [first] = this.#fact;
      if (first !== undefined && !isSameFact(first, datom)) {
        shown.push(...this.#fact);
        this.#fact = [];
      }
      const [best] = this.#fact;
      if (best === undefined || datom.tx > best.tx) this.#fact = [datom];
      else if (datom.tx === best.tx) this.#fact.push(datom);
    }
  }
}

function isSameFact(a: Datom, b: Datom): boolean {
  return a.e === b.e && a.a === b.a && compareValues(a.v, b.v) === 0;
}
