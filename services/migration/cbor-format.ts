/**
 * Items as a sequence of CBOR (RFC 8949, RFC 8742). The first one carries the tag that says so; keywords and symbols are texts with the tag 39
 * as clj-cbor writes them, a colon in front of keywords. Encodings are chosen by the kind of value alone, so the same item is the same
 * bytes: integers as short as they go, other numbers in 64 bits.
 */
import { Writer } from 'cbor2/writer';
import { decodeSequence } from 'cbor2';
import type { DecodeOptions } from 'cbor2';
import type { EdnData } from '../../engine/index.ts';
import { SELF_DESCRIBED, tagReaders } from '../../schema/wire/cbor-tags.ts';
import { writeItem, writeTagNumber } from '../../schema/wire/cbor-write.ts';
import { CborScanner } from './cbor-scan.ts';
import type { ItemFormat, ItemWriter } from './item-format.ts';
import { MAX_DEPTH, UnreadableItem } from './item-format.ts';

export const CBOR_FORMAT: ItemFormat = {
  createWriter: () => new CborItemWriter(),
  createScanner: () => new CborScanner(),
  read: (bytes) => decodeSequence<EdnData>(bytes, OPTIONS),
};

const OPTIONS: DecodeOptions = {
  tags: tagReaders((message) => new UnreadableItem(message)),
  ignoreGlobalTags: true,
  preferMap: true,
  maxDepth: MAX_DEPTH,
  requirePreferred: true,
  rejectStreaming: true,
  rejectUndefined: true,
  rejectSimple: true,
};

const CHUNK_BYTES = 64 * 1024;

class CborItemWriter implements ItemWriter {
  readonly #writer = new Writer({ chunkSize: CHUNK_BYTES });
  #isStarted = false;

  get sizeBytes(): number {
    return this.#writer.length;
  }

  write(item: EdnData): void {
    if (!this.#isStarted) writeTagNumber(SELF_DESCRIBED, this.#writer);
    this.#isStarted = true;
    writeItem(item, this.#writer);
  }

  take(): Uint8Array {
    const bytes = this.#writer.read();
    this.#writer.clear();
    return bytes;
  }
}
