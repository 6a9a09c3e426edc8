/**
 * The rows of a scan in chunks that begin small and grow: for whoever may stop soon, where each chunk is worked on before it is handed out.
 */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS } from '../datom/columns.ts';
import type { Wait } from '../shared/suspend.ts';

const FIRST_SIZE = 32;

export class ClippedCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #inner: ChunkCursor;
  readonly #isReverse: boolean;
  #size = FIRST_SIZE;
  /** What is left of the chunk of the scan. */
  #from = 0;
  #to = 0;

  constructor(inner: ChunkCursor, isReverse: boolean) {
    this.#inner = inner;
    this.#isReverse = isReverse;
  }

  next(): 'ready' | 'missing' | 'done' {
    if (this.#from === this.#to) {
      const step = this.#inner.next();
      if (step === 'missing') this.miss = this.#inner.miss;
      if (step !== 'ready') return step;
      this.keys = this.#inner.keys;
      this.#from = this.#inner.lo;
      this.#to = this.#inner.hi;
    }
    const size = Math.min(this.#size, this.#to - this.#from);
    this.#size *= 2;
    if (this.#isReverse) {
      this.hi = this.#to;
      this.lo = this.#to -= size;
    } else {
      this.lo = this.#from;
      this.hi = this.#from += size;
    }
    return 'ready';
  }
}
