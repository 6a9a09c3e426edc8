/** A set of row keys. Small whole numbers, as entity ids mostly are, take one bit each; everything else goes into a map. */
import type { ValueKey } from '../../schema/value-key.ts';
import { KeyMap } from './key-map.ts';

/** Larger numbers are not worth the bits up to them: 2 MiB at most. */
const MAX_BITS = 2 ** 24;

export class KeySet {
  #bits = new Uint32Array(1_024);
  readonly #others = new KeyMap();

  /** False where the key was there. */
  add(key: ValueKey): boolean {
    if (!isSmall(key)) {
      if (this.#others.get(key) !== undefined) return false;
      this.#others.set(key, 1);
      return true;
    }
    const word = key >>> 5;
    const bit = 1 << (key & 31);
    if (word >= this.#bits.length) this.#grow(word);
    if ((this.#bits[word]! & bit) !== 0) return false;
    this.#bits[word]! |= bit;
    return true;
  }

  has(key: ValueKey): boolean {
    if (!isSmall(key)) return this.#others.get(key) !== undefined;
    return ((this.#bits[key >>> 5] ?? 0) & (1 << (key & 31))) !== 0;
  }

  #grow(word: number): void {
    const larger = new Uint32Array(
      Math.min(MAX_BITS / 32, Math.max(2 * this.#bits.length, word + 1)),
    );
    larger.set(this.#bits);
    this.#bits = larger;
  }
}

function isSmall(key: ValueKey): key is number {
  return typeof key === 'number' && key >= 0 && key < MAX_BITS && Number.isInteger(key);
}
