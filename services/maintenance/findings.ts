/** What a look at everything that is stored found. */

export interface Fault {
  readonly what: 'node' | 'index' | 'trees' | 'commit' | 'segment' | 'root';
  /** The address of a node, the id of a commit, a transaction, or the name of an index or branch. */
  readonly where: number | string;
  readonly why: string;
  /** The index that a node is of, such as `current eavt`. */
  readonly index?: string;
}

export interface VerifyOptions {
  /** Called for each fault, as soon as it is found. */
  readonly onFault?: (fault: Fault) => void;
  /** Called again and again with what was read until then. */
  readonly onProgress?: (read: { readonly nodes: number; readonly segments: number }) => void;
  /** Ends the reading; its reason is thrown. */
  readonly signal?: AbortSignal;
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
  readonly #options: VerifyOptions;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  add(fault: Fault): void {
    this.faults.push(fault);
    this.#options.onFault?.(fault);
  }

  /** Something more was read. @throws what the signal says where it came */
  step(): void {
    this.checkSignal();
    this.#options.onProgress?.(this);
  }

  checkSignal(): void {
    this.#options.signal?.throwIfAborted();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
