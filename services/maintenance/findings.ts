/** What a look at everything that is stored found. */

export interface Fault {
  readonly what: 'node' | 'index' | 'trees' | 'commit' | 'segment' | 'root';
  /** The address of a node, the id of a commit, a transaction, or the name of an index or branch. */
  readonly where: number | string;
  readonly why: string;
  /** The index that a node is of, such as `current eavt`. */
  readonly index?: string;
}

export class Findings {
  nodes = 0;
  segments = 0;
  commits = 0;
  /** Transactions that a purge took something out of. */
  purged = 0;
  /** Whether a commit names the trees of the root. */
  isAnchored = false;
  readonly faults: Fault[] = [];
  readonly #onFault: ((fault: Fault) => void) | undefined;

  constructor(onFault?: (fault: Fault) => void) {
    this.#onFault = onFault;
  }

  add(fault: Fault): void {
    this.faults.push(fault);
    this.#onFault?.(fault);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
