/**
 * A map from row keys to numbers that never pauses for long: a `Map` of JavaScript that grows copies all it has at once, which takes
 * tens of milliseconds where it has a hundred thousand keys. A large one is kept in parts, each of which grows on its own.
 */
import type { ValueKey } from '../../../schema/value-key.ts';

const PART_COUNT = 64;

/** A map of so many keys is cut into parts. */
const MAX_WHOLE = 8_192;

export class KeyMap {
  #parts: Array<Map<ValueKey, number>> = [new Map()];

  get(key: ValueKey): number | undefined {
    return this.#partOf(key).get(key);
  }

  set(key: ValueKey, value: number): void {
    const part = this.#partOf(key).set(key, value);
    if (this.#parts.length === 1 && part.size > MAX_WHOLE) this.#split(part);
  }

  #partOf(key: ValueKey): Map<ValueKey, number> {
    return this.#parts[this.#parts.length === 1 ? 0 : placeOf(key)]!;
  }

  #split(whole: ReadonlyMap<ValueKey, number>): void {
    this.#parts = Array.from({ length: PART_COUNT }, () => new Map());
    for (const [key, value] of whole) this.#partOf(key).set(key, value);
  }
}

/** How many characters of a text decide; keys of rows differ towards their ends. */
const HASHED_LENGTH = 16;

function placeOf(key: ValueKey): number {
  if (typeof key === 'number') return (Math.imul(key | 0, 0x9e3779b1) >>> 26) % PART_COUNT;
  if (typeof key !== 'string') return 0;
  let hash = key.length;
  for (let i = Math.max(0, key.length - HASHED_LENGTH); i < key.length; i++)
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 24) % PART_COUNT;
}
