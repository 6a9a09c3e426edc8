/**
 * What the base trees say of entities stays as it is for as long as nothing newer is said of them: what somebody made of it can be kept beside the trees.
 */
import type { BaseIndex } from '../indices/base-index.ts';
import type { Db } from './db.ts';
import { PRESENT } from './db.ts';

export class BaseFacts {
  /** The same object for the same trees. */
  readonly trees: BaseIndex;
  readonly #db: Db;
  readonly #hasNovelty: boolean;

  constructor(db: Db) {
    const { added, removed } = db.novelty.eras.current.eavt;
    this.trees = db.base;
    this.#db = db;
    this.#hasNovelty = added.weight > 0 || removed.weight > 0;
  }

  /** Whether all that the entities from one to another themselves say is in the trees, and none of it was taken back: O(log n). */
  hasAllOf(from: number, to = from): boolean {
    if (!this.#hasNovelty) return true;
    const { added, removed } = this.#db.novelty.eras.current.eavt;
    const [first, last] = [{ e: from }, { e: to }];
    return !added.hasAny(first, last) && !removed.hasAny(first, last);
  }
}

/** Undefined of a view: it shows something else than the trees hold. */
export function baseFacts(db: Db): BaseFacts | undefined {
  return db.view === PRESENT ? new BaseFacts(db) : undefined;
}
