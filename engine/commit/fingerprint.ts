/**
 * What a set of datoms comes to, whatever their order: the sum of two hashes of each. Two sets are compared without holding either; what is
 * damaged differs, what somebody forged need not.
 */
import { valueKey } from '../../schema/value-key.ts';
import type { Datom } from '../datom/datom.ts';
import { Datom as DatomOf } from '../datom/datom.ts';
import type { Change } from '../novelty/change.ts';
import { isAssertion } from '../novelty/change.ts';

export class Fingerprint {
  count = 0;
  #one = 0;
  #other = 0;

  add(datom: Datom, sign: 1 | -1 = 1): void {
    const text = textOf(datom);
    this.count += sign;
    this.#one = (this.#one + sign * hashOf(text, 0x811c9dc5)) | 0;
    this.#other = (this.#other + sign * hashOf(text, 0x9747b28c)) | 0;
  }

  equals(other: Fingerprint): boolean {
    return this.count === other.count && this.#one === other.#one && this.#other === other.#other;
  }
}

/** What the log says that the trees hold, of transactions after one. */
export class LogFold {
  readonly current = new Fingerprint();
  readonly temporal = new Fingerprint();
  readonly #afterTx: number;
  /** History of the transaction that is applied, to see a fact that turns more than once; see `Novelty`. */
  #turned = new Map<string, Datom>();
  #tx = -1;

  constructor(afterTx: number) {
    this.#afterTx = afterTx;
  }

  apply(change: Change): void {
    const datom = isAssertion(change) ? change : change.datom;
    if (datom.tx !== this.#tx) this.#turned = new Map();
    this.#tx = datom.tx;
    if (isAssertion(change)) {
      if (this.#turned.has(textOf(datom))) this.#forgetFlip(datom);
      this.#count(this.current, datom, 1);
      return;
    }
    if (change.kind === 'purge') return;
    const { e, a, v } = datom;
    const assertion = new DatomOf(e, a, v, change.assertedTx, true);
    this.#count(this.current, assertion, -1);
    const isTurnedAgain = change.assertedTx === datom.tx && this.#turned.has(textOf(datom));
    if (!change.keepsHistory || isTurnedAgain) return;
    for (const row of [assertion, datom]) {
      this.#turned.set(textOf(row), row);
      this.#count(this.temporal, row, 1);
    }
  }

  #forgetFlip({ e, a, v, tx }: Datom): void {
    for (const added of [true, false]) {
      const row = new DatomOf(e, a, v, tx, added);
      if (this.#turned.delete(textOf(row))) this.#count(this.temporal, row, -1);
    }
  }

  #count(sum: Fingerprint, datom: Datom, sign: 1 | -1): void {
    if (datom.tx > this.#afterTx) sum.add(datom, sign);
  }
}

function textOf({ e, a, v, tx, added }: Datom): string {
  const key = valueKey(v);
  return `${e} ${a} ${tx} ${added} ${typeof v} ${typeof key} ${String(key)}`;
}

/** FNV-1a over code units, with a last mix. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) | 0;
}
