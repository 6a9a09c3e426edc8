/** A store whose commits wait for a test, and end as it says. */
import type { Store } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';

/** `lost` before it arrived, or on the way back, so that whoever sent it cannot tell. */
export type CommitEnd = 'done' | 'lost before' | 'lost after';

export class CommitGate {
  isOpen = true;
  readonly #held: Array<(end: CommitEnd) => void> = [];
  #onHeld: (() => void) | undefined;

  /** Puts the gate between a writer and its store. */
  wrap = (store: Store): Store => {
    const commit = store.commit.bind(store);
    store.commit = async (request) => {
      const end = this.isOpen ? 'done' : await this.#hold();
      if (end === 'lost before') throw lost();
      const isCommitted = await commit(request);
      if (end === 'lost after') throw lost();
      return isCommitted;
    };
    return store;
  };

  /** Resolves when a commit waits. */
  async held(): Promise<void> {
    if (this.#held.length === 0) await new Promise<void>((resolve) => (this.#onHeld = resolve));
  }

  /** Lets the commit go on that waits. */
  async end(end: CommitEnd = 'done'): Promise<void> {
    await this.held();
    this.#held.shift()?.(end);
  }

  /** Lets all go on, now and later. */
  open(): void {
    this.isOpen = true;
    for (const end of this.#held.splice(0)) end('done');
  }

  #hold(): Promise<CommitEnd> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      this.#onHeld?.();
    });
  }
}

function lost(): DatabaseError {
  return new DatabaseError('STORE_UNAVAILABLE', 'The connection was lost');
}
