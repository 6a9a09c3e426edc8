/** The port to the process that holds the lease: how one transaction gets there, and what may have become of it. */
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';

export interface Delivery {
  /** The address that the lease names. */
  readonly address: string;
  readonly database: string;
  readonly branch: string;
  readonly request: TransactRequest;
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** In place of an answer: nobody is at the address, so that nothing can have been written. */
export const NOT_REACHED = Symbol('not reached');

export interface WriterTransport {
  /**
   * Hands a transaction to the writer at an address.
   *
   * @throws what the writer throws; OUTCOME_UNKNOWN where it may have got the transaction and gave no answer
   */
  deliver(delivery: Delivery): Promise<TransactResult | typeof NOT_REACHED>;
}
