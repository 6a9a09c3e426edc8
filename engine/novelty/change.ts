/** What a transaction does to the indices, in the order in which it does it: the content of a log segment. */
import type { EdnData } from '../../schema/value.ts';
import { Datom } from '../datom/datom.ts';

/** A datom is an assertion; there are many, so they stand for themselves. */
export type Change = Datom | Retraction | Purge;

export interface Retraction {
  readonly kind: 'retract';
  /** The retraction: `added` is false, `tx` the transaction that retracts. */
  readonly datom: Datom;
  /** The transaction of the assertion that ends here, so that whoever applies the change need not look it up. */
  readonly assertedTx: number;
  /** False where the attribute keeps no history: then nothing of the fact remains. */
  readonly keepsHistory: boolean;
}

/** A row that is removed as if it had never been there. Never part of a segment: the log would keep what is to be forgotten. */
export interface Purge {
  readonly kind: 'purge';
  readonly datom: Datom;
  /** Where the row is. */
  readonly era: 'current' | 'temporal';
}

/** Facts that are to be forgotten: all with these parts, or one row. Null stands for any. */
export type PurgedFacts =
  | readonly [e: number | null, attribute: EdnData, v: EdnData]
  | readonly [e: number, attribute: EdnData, v: EdnData, tx: number, added: boolean];

export function isAssertion(change: Change): change is Datom {
  return change instanceof Datom;
}

export function datomOf(change: Change): Datom {
  return change instanceof Datom ? change : change.datom;
}
