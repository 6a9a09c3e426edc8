/** Items as EDN, one on a line: see `schema/wire/exact-edn.ts`. A lone surrogate is escaped, as UTF-8 has none. */
import type { EdnData } from '../../engine/index.ts';
import { readEdn } from '../../engine/index.ts';
import { EXACT_TAGS, printExactEdn } from '../../schema/wire/exact-edn.ts';
import type { ItemFormat, ItemScanner, ItemWriter } from './item-format.ts';
import { MAX_DEPTH } from './item-format.ts';

export const EDN_FORMAT: ItemFormat = {
  createWriter: () => new EdnItemWriter(),
  createScanner: () => new LineScanner(),
  read: readLines,
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NEWLINE = 0x0a;

class EdnItemWriter implements ItemWriter {
  #text = '';

  get sizeBytes(): number {
    return this.#text.length;
  }

  write(item: EdnData): void {
    this.#text += `${printExactEdn(item)}\n`;
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    return bytes;
  }
}

class LineScanner implements ItemScanner {
  endOfItem(chunk: Uint8Array, from: number): number {
    return chunk.indexOf(NEWLINE, from) + 1 || -1;
  }
}

function* readLines(bytes: Uint8Array): Iterable<EdnData> {
  const text = UTF8.decode(bytes);
  const options = { maxDepth: MAX_DEPTH, hasTypedNumbers: true, tags: EXACT_TAGS };
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    yield readEdn(text.slice(from, end), options);
    from = end + 1;
  }
}
