/** What a reader in another process saw, and when. */
export interface Seen {
  /** Transactions, each with the time, and how often the store had been asked for more than a version by then. */
  readonly transactions: Array<readonly [tx: number, at: number, storeReads: number]>;
  /** Messages of the bare channel by their numbers, each with the time. */
  readonly bare: Array<readonly [number: number, at: number]>;
}

export const BARE_CHANNEL = 'bare';

/** On a clock that all processes of a machine share. */
export function nanoseconds(): number {
  return Number(process.hrtime.bigint());
}
