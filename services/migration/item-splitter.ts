/** Chunks that were cut anywhere to whole items. */
import type { ItemScanner } from './item-format.ts';
import { MAX_ITEM_BYTES, UnreadableItem } from './item-format.ts';

export interface WholeItems {
  readonly bytes: Uint8Array;
  /** Where each item ends in the bytes. */
  readonly ends: ReadonlyArray<number>;
  /** Why what follows is no item. */
  readonly failure: UnreadableItem | undefined;
}

export class ItemSplitter {
  readonly #scanner: ItemScanner;
  /** The start of an item whose end did not come yet. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  constructor(scanner: ItemScanner) {
    this.#scanner = scanner;
  }

  /** Whether nothing is left of an item whose end did not come. */
  get isBetweenItems(): boolean {
    return this.#partBytes === 0;
  }

  /** The items that end in a chunk, which may be used anew after they were read. */
  push(chunk: Uint8Array): WholeItems {
    const ends: number[] = [];
    let failure: UnreadableItem | undefined;
    let last = 0;
    try {
      for (let end = this.#next(chunk, 0); end >= 0; end = this.#next(chunk, end))
        ends.push((last = end));
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      failure = error;
    }
    if (last === 0) {
      this.#keep(chunk);
      return { bytes: chunk.subarray(0, 0), ends, failure: failure ?? this.#tooLarge() };
    }
    const shift = this.#partBytes;
    const bytes = this.#whole(chunk.subarray(0, last));
    this.#keep(chunk.subarray(last));
    return { bytes, ends: ends.map((end) => end + shift), failure };
  }

  #next(chunk: Uint8Array, from: number): number {
    return from < chunk.length ? this.#scanner.endOfItem(chunk, from) : -1;
  }

  #whole(end: Uint8Array): Uint8Array {
    if (this.#partBytes === 0) return end;
    const whole = Buffer.concat([...this.#parts, end]);
    this.#parts = [];
    this.#partBytes = 0;
    return whole;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part.slice());
    this.#partBytes += part.length;
  }

  #tooLarge(): UnreadableItem | undefined {
    return this.#partBytes > MAX_ITEM_BYTES
      ? new UnreadableItem(`Expected at most ${MAX_ITEM_BYTES} bytes in an item, got more`)
      : undefined;
  }
}
