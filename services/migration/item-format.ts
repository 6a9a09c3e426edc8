/** What the items of an export are written in. Both formats say the same: a stream of either comes to the same database. */
import type { EdnData } from '../../engine/index.ts';

/** Gathers items as bytes. */
export interface ItemWriter {
  /** `EdnDouble` marks a number that is to be written as no integer. */
  write(item: EdnData): void;
  /** About how many bytes wait to be taken. */
  readonly sizeBytes: number;
  /** The bytes so far; the writer is empty afterwards. */
  take(): Uint8Array;
}

/** Finds where items end in chunks that were cut anywhere. */
export interface ItemScanner {
  /**
   * The place after the item that begins at `from`, or goes on there where its end was not found in the chunk before; -1 where its end is
   * not in this chunk either.
   *
   * @throws UnreadableItem
   */
  endOfItem(chunk: Uint8Array, from: number): number;
}

export interface ItemFormat {
  createWriter(): ItemWriter;
  createScanner(): ItemScanner;
  /** The items that bytes write, one after the other. @throws whatever the format's reader throws */
  read(bytes: Uint8Array): Iterable<EdnData>;
}

/** An item that takes more is taken for damage, so that a damaged length cannot fill the memory. */
export const MAX_ITEM_BYTES = 512 * 1024 * 1024;

/** Nested collections in an item. */
export const MAX_DEPTH = 1_024;

/** Says why bytes are no item; who reads the stream knows which one. */
export class UnreadableItem extends Error {}
