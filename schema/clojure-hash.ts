/**
 * The order in which Clojure walks a set of keywords. Datahike takes attributes in it where it says nothing of an order, and what it reports
 * of a transaction shows it. Reference: `clojure.lang.Keyword/hasheq`, `Murmur3`, and the tries of `PersistentHashMap`.
 */
import type { Keyword } from './keyword.ts';

/** Keywords, in the order of a hash set that holds them. */
export function inHashOrder<T>(items: ReadonlyArray<T>, keyOf: (item: T) => Keyword): T[] {
  const hashed = items.map((item) => ({ item, hash: hashKeyword(keyOf(item)) }));
  return hashed.sort((a, b) => compareHashes(a.hash, b.hash)).map(({ item }) => item);
}

/** Distinct entities, in the order of a hash set that holds a call `[operation entity]` for each. */
export function callsInHashOrder(operation: Keyword, entities: Iterable<number>): number[] {
  const head = (Math.imul(31, 1) + hashKeyword(operation)) | 0;
  const hashed = Array.from(new Set(entities), (entity) => {
    const ordered = (Math.imul(31, head) + hashLong(entity)) | 0;
    return { entity, hash: finish(mix(0, mixKey(ordered)), 2) };
  });
  return hashed.sort((a, b) => compareHashes(a.hash, b.hash)).map(({ entity }) => entity);
}

/** A trie is walked by five bits of the hash at each level, the lowest ones first. */
function compareHashes(a: number, b: number): number {
  for (let shift = 0; shift < 32; shift += 5) {
    const difference = ((a >>> shift) & 31) - ((b >>> shift) & 31);
    if (difference !== 0) return difference;
  }
  return 0;
}

const GOLDEN = 0x9e3779b9;

function hashKeyword({ namespace, name }: Keyword): number {
  const seed = hashChars(name);
  const hash = namespace === '' ? 0 : javaHash(namespace);
  const symbol = seed ^ ((hash + GOLDEN + (seed << 6) + (seed >> 2)) | 0);
  return (symbol + GOLDEN) | 0;
}

/** `String.hashCode`. */
function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** `Murmur3.hashLong`, of an integer from 0 to 2^53. */
function hashLong(value: number): number {
  if (value === 0) return 0;
  const low = mix(0, mixKey(value | 0));
  return finish(mix(low, mixKey(Math.floor(value / 2 ** 32) | 0)), 8);
}

/** `Murmur3.hashUnencodedChars`: 32-bit Murmur3 over UTF-16 code units, two at a time. */
function hashChars(text: string): number {
  let hash = 0;
  for (let i = 1; i < text.length; i += 2) {
    const pair = text.charCodeAt(i - 1) | (text.charCodeAt(i) << 16);
    hash = mix(hash, mixKey(pair));
  }
  if (text.length % 2 === 1) hash ^= mixKey(text.charCodeAt(text.length - 1));
  return finish(hash, 2 * text.length);
}

function mixKey(key: number): number {
  return Math.imul(rotate(Math.imul(key, 0xcc9e2d51), 15), 0x1b873593);
}

function mix(hash: number, key: number): number {
  return (Math.imul(rotate(hash ^ key, 13), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
