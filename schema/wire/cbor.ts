/** Data as CBOR: with the tags of IANA's registry, and objects that somebody knows as such, by the name of their kind. Lists become vectors. */
import { decode } from 'cbor2';
import { Writer } from 'cbor2/writer';
import { DatabaseError } from '../error.ts';
import { Tagged } from '../value.ts';
import type { EdnData } from '../value.ts';
import { TAG, tagReaders } from './cbor-tags.ts';
import { writeItem } from './cbor-write.ts';

export function printCbor(datum: EdnData): Uint8Array {
  const writer = new Writer();
  writeItem(datum, writer);
  return writer.read();
}

export interface CborOptions {
  /** Of objects that somebody knows: they are read as {@link Tagged}. */
  readonly tags: ReadonlySet<string>;
  /** How deep collections may nest. */
  readonly maxDepth: number;
}

/** @throws BAD_USER_INPUT for what is no CBOR, or has tags that nobody knows */
export function readCbor(bytes: Uint8Array, { tags, maxDepth }: CborOptions): EdnData {
  const readers = new Map(TAG_READERS);
  readers.set(TAG.object, ({ contents }) => objectOf(contents, tags));
  try {
    return decode<EdnData>(bytes, { ...OPTIONS, tags: readers, maxDepth });
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw refusal(`Expected CBOR: ${(error as Error).message}`);
  }
}

const TAG_READERS = tagReaders(refusal);

/** Others may write numbers in any length. */
const OPTIONS = {
  ignoreGlobalTags: true,
  preferMap: true,
  rejectUndefined: true,
  rejectSimple: true,
} as const;

function objectOf(contents: unknown, tags: ReadonlySet<string>): Tagged {
  const [name, ...held] = Array.isArray(contents) ? (contents as ReadonlyArray<EdnData>) : [];
  if (typeof name !== 'string' || !tags.has(name))
    throw refusal(`Expected an object of a kind that is known, got ${String(name)}`);
  const [only = null] = held;
  return new Tagged(name, held.length <= 1 ? only : held);
}

function refusal(message: string): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', message);
}
