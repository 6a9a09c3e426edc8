/** One fact. */
import type { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import { attributeName } from './attribute-number.ts';

/** Transaction ids start above this; entity ids start at 1. */
export const TX0 = 536_870_912;

/** The largest entity or transaction id; columns hold 32-bit integers. */
export const MAX_ID = 2_147_483_647;

/** `[e a v tx added]`. */
export class Datom {
  readonly e: number;
  /** The number of the attribute, see `attribute-number.ts`. */
  readonly a: number;
  readonly v: Value;
  readonly tx: number;
  readonly added: boolean;

  constructor(e: number, a: number, v: Value, tx: number, added: boolean) {
    this.e = e;
    this.a = a;
    this.v = v;
    this.tx = tx;
    this.added = added;
  }

  /** What names the attribute: its ident, or its entity where the database was made with `attribute-refs?`. */
  get attribute(): Keyword | number {
    return attributeName(this.a);
  }
}
