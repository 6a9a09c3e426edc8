/**
 * The base trees that a branch had before those of its root. Whenever a commit names new trees it also names a node that lists the record
 * which it replaces, with the time; the node names the one before it where they do not fit into one. So what is retained is as durable as the
 * root, and the record does not grow.
 */
import { readBlock, sealBlock } from '../codec/block.ts';
import { addressOfMissing, readNamed } from '../store/store-errors.ts';
import type { Store, StoredNode } from '../store/store.ts';
import type { RootRecord } from './record.ts';
import { decodeRecord, encodeRecord } from './record.ts';

/** Trees that were replaced. */
export interface PastTrees {
  /** By the clock of the store. */
  readonly replacedAtMs: number;
  readonly record: RootRecord;
}

interface PastNode {
  /** The node with the trees before these. */
  readonly previous: number | undefined;
  /** The oldest first. */
  readonly entries: ReadonlyArray<{ readonly replacedAtMs: number; readonly record: Uint8Array }>;
}

/** A node stays in one page of PostgreSQL. */
const MAX_NODE_BYTES = 7_000;

/** The node for a root that replaces the trees of a record now. */
export async function pastNode(
  store: Store,
  record: RootRecord,
  newAddress: () => number,
): Promise<StoredNode> {
  const { past } = record;
  const last = past === undefined ? undefined : await readNode(store, past);
  const entries = last?.entries ?? [];
  const entry = {
    replacedAtMs: await store.retention.nowMs(),
    record: encodeRecord({ ...record, past: undefined, purge: undefined }),
  };
  const address = newAddress();
  const grown = encode({ previous: last?.previous, entries: [...entries, entry] }, address);
  const bytes =
    grown.length <= MAX_NODE_BYTES ? grown : encode({ previous: past, entries: [entry] }, address);
  return { address, bytes };
}

/** A part of the list, and where it is. */
export interface PastPart {
  readonly address: number;
  /** The newest first. */
  readonly trees: ReadonlyArray<PastTrees>;
}

/**
 * The trees of a branch that were replaced after a time, the newest first, in parts. The first part is there whatever its time, because
 * the root names it.
 */
export async function* pastTrees(
  store: Store,
  { past }: RootRecord,
  keptSinceMs: number,
): AsyncGenerator<PastPart> {
  let address = past;
  while (address !== undefined) {
    const node = await readNode(store, address);
    if (node === undefined) return;
    const kept = node.entries.filter(({ replacedAtMs }) => replacedAtMs > keptSinceMs);
    if (kept.length === 0 && address !== past) return;
    const trees = kept.map((entry) => ({ ...entry, record: decodeRecord(entry.record) }));
    yield { address, trees: trees.reverse() };
    if (kept.length < node.entries.length) return;
    address = node.previous;
  }
}

/** Undefined where the node was collected, with all that are before it. */
async function readNode(store: Store, address: number): Promise<PastNode | undefined> {
  const [bytes] = await store.read([address]).catch((error: unknown) => {
    if (addressOfMissing(error) === undefined) throw error;
    return [];
  });
  return bytes && readNamed(store.id, address, () => decode(bytes, address));
}

function encode({ previous, entries }: PastNode, address: number): Uint8Array {
  return sealBlock((writer) => {
    writer.varint(previous ?? 0);
    writer.varint(entries.length);
    for (const { replacedAtMs, record } of entries) {
      writer.varint(replacedAtMs);
      writer.bytes(record);
    }
  }, address);
}

function decode(bytes: Uint8Array, address: number): PastNode {
  return readBlock(
    bytes,
    (reader) => {
      const previous = reader.varint();
      const entries = Array.from({ length: reader.varint() }, () => ({
        replacedAtMs: reader.varint(),
        record: reader.bytes(),
      }));
      return { previous: previous === 0 ? undefined : previous, entries };
    },
    address,
  );
}
