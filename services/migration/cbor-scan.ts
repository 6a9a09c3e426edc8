/** Where the items of a CBOR sequence end, told from their heads alone. Chunks may be cut within a head. */
import type { ItemScanner } from './item-format.ts';
import { MAX_ITEM_BYTES, UnreadableItem } from './item-format.ts';

/** The major types that a length follows. */
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/** Additional information up to this is the argument itself; then come arguments of 1, 2, 4 and 8 bytes. */
const MAX_SHORT = 23;
const MAX_LONG = 27;

export class CborScanner implements ItemScanner {
  /** How many heads the item still has, as far as is known. */
  #headsLeft = 1;
  /** How many bytes of a string are still to come. */
  #stringLeft = 0;
  /** How many bytes of an argument are still to come, and what it is so far. */
  #argumentLeft = 0;
  #argument = 0;
  #major = 0;

  endOfItem(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#stringLeft > 0) {
        const length = Math.min(this.#stringLeft, chunk.length - at);
        this.#stringLeft -= length;
        at += length;
      } else this.#take(chunk[at++] ?? 0);
      if (this.#headsLeft > 0 || this.#stringLeft > 0 || this.#argumentLeft > 0) continue;
      this.#headsLeft = 1;
      return at;
    }
    return -1;
  }

  /** Takes a byte of a head. */
  #take(byte: number): void {
    if (this.#argumentLeft > 0) {
      this.#argument = this.#argument * 256 + byte;
      if (--this.#argumentLeft === 0) this.#endHead();
      return;
    }
    this.#major = byte >> 5;
    const information = byte & 0x1f;
    if (information > MAX_LONG)
      throw new UnreadableItem(
        `Expected the head of a CBOR item with its length, got the byte 0x${byte.toString(16).padStart(2, '0')}`,
      );
    this.#argument = information <= MAX_SHORT ? information : 0;
    this.#argumentLeft = information <= MAX_SHORT ? 0 : 1 << (information - MAX_SHORT - 1);
    if (this.#argumentLeft === 0) this.#endHead();
  }

  #endHead(): void {
    const length = this.#argument;
    const hasLength = this.#major >= BYTES && this.#major <= MAP;
    if (hasLength && length > MAX_ITEM_BYTES)
      throw new UnreadableItem(
        `Expected at most ${MAX_ITEM_BYTES} bytes in an item, got ${length}`,
      );
    this.#headsLeft--;
    if (this.#major === BYTES || this.#major === TEXT) this.#stringLeft = length;
    if (this.#major === ARRAY) this.#headsLeft += length;
    if (this.#major === MAP) this.#headsLeft += 2 * length;
    if (this.#major === TAG) this.#headsLeft++;
  }
}
