/**
 * What a purge leaves to do once it is committed. The new base trees do not hold the purged facts any more; the log and the old nodes still
 * do. Until they are gone the root record names a list of the facts, by hashes that tell nothing, so that whoever writes the branch next can
 * finish what a crash cut short.
 */
import { printEdn } from '../../schema/edn-print.ts';
import { readBlock, sealBlock } from '../codec/block.ts';
import { contentHash } from '../codec/hash.ts';
import type { Datom } from '../datom/datom.ts';
import { datomOf } from '../novelty/change.ts';
import type { Change, PurgedFacts } from '../novelty/change.ts';
import { must } from '../shared/assert.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { readNamed } from '../store/store-errors.ts';
import type { Store, StoredNode } from '../store/store.ts';
import { encodeSegment, readSegment } from './segment.ts';

/** Purged facts, each as a hash. */
export type FactHashes = ReadonlySet<string>;

const HASH_BYTES = 16;
/** As many as fit a node. */
const HASHES_PER_NODE = 400;

/** The list of what was purged, as nodes to store. */
export function encodeFacts(
  purged: ReadonlyArray<PurgedFacts>,
  newAddress: () => number,
): StoredNode[] {
  const all = [...new Set(purged.map(hashOf))].sort();
  return Array.from({ length: Math.ceil(all.length / HASHES_PER_NODE) }, (_, i) => {
    const hashes = all.slice(i * HASHES_PER_NODE, (i + 1) * HASHES_PER_NODE);
    const address = newAddress();
    const bytes = sealBlock((writer) => {
      writer.varint(hashes.length);
      for (const hash of hashes) writer.string(hash);
    }, address);
    return { address, bytes };
  });
}

/**
 * The facts of the nodes that list them.
 *
 * @throws STORE_CORRUPT where one is missing or damaged; it names database and address
 */
export async function readFacts(
  store: Store,
  addresses: ReadonlyArray<number>,
): Promise<FactHashes> {
  const blocks = await store.read(addresses);
  const hashes = addresses.flatMap((address, i) =>
    readNamed(store.id, address, () =>
      decodeFacts(must(blocks[i], 'a block for each address'), address),
    ),
  );
  return new Set(hashes);
}

function decodeFacts(bytes: Uint8Array, address: number): string[] {
  return readBlock(
    bytes,
    (reader) => Array.from({ length: reader.varint() }, () => reader.string()),
    address,
  );
}

/** A segment of the log without what it says of some facts; undefined where it says nothing of them. */
export function* scrubSegment(
  bytes: Uint8Array,
  facts: FactHashes,
): Suspended<Uint8Array | undefined> {
  const segment = yield* readSegment(bytes);
  const changes: Change[] = [];
  for (const [i, change] of segment.changes.entries()) {
    if (!isPurged(datomOf(change), facts)) changes.push(change);
    if (i % CHANGES_PER_PAUSE === CHANGES_PER_PAUSE - 1) yield PAUSE;
  }
  if (changes.length === segment.changes.length) return undefined;
  return yield* encodeSegment({ ...segment, changes, isPurged: true });
}

/** A few milliseconds of work. */
const CHANGES_PER_PAUSE = 128;

/** Whether a fact is on the list, in any of the ways in which it may be there. */
function isPurged({ e, attribute, v, tx, added }: Datom, facts: FactHashes): boolean {
  return (
    facts.has(hashOf([e, null, null])) ||
    facts.has(hashOf([e, attribute, null])) ||
    facts.has(hashOf([e, attribute, v])) ||
    facts.has(hashOf([null, attribute, v])) ||
    facts.has(hashOf([e, attribute, v, tx, added]))
  );
}

function hashOf(facts: PurgedFacts): string {
  const hash = contentHash(printEdn(facts)).subarray(0, HASH_BYTES);
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
