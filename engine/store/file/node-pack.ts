/**
 * A pack: a file of immutable nodes that one process appends to, and any process reads.
 *
 *     pack   = 'DHGPACK1' or 'DHGPACKX', batch*
 *     batch  = 'BTCH', count u32, body bytes f64, crc of the table u32, crc of the 20 bytes before u32, table, bodies
 *     table  = count * (address f64, length u32, crc of the body u32)
 *
 * A batch that is not whole was never confirmed, so no root names its nodes: a reader stops in front of it.
 *
 * The states of a pack are in its first bytes:
 *
 *     open   -- another process is about to rewrite it -->   closed   -- its nodes are elsewhere -->   erased: zeros, removed
 *
 * A writer looks at the state after it has written a batch, and where the pack is not open any more it writes the batch anew
 * elsewhere. So who closes a pack and then copies it misses no batch that was confirmed.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Address, StoredNode } from '../store.ts';
import { readAt, writeAt } from './durable.ts';

export const PACK_MAGIC = Buffer.from('DHGPACK1', 'latin1');
const CLOSED_MAGIC = Buffer.from('DHGPACKX', 'latin1');
const BATCH_MAGIC = Buffer.from('BTCH', 'latin1');
const BATCH_HEADER_BYTES = 24;
const ENTRY_BYTES = 16;

export interface PackedNode {
  readonly address: Address;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly checksum: number;
}

export interface PackedBatch {
  readonly nodes: ReadonlyArray<PackedNode>;
  /** The offset behind the batch. */
  readonly end: number;
}

/** New: its maker has not come to the first bytes yet. */
export type PackState = 'new' | 'open' | 'closed' | 'erased';

export async function readPackState(file: FileHandle): Promise<PackState> {
  const { size } = await file.stat(); // before the first bytes: whoever makes a pack writes these first
  const magic = await readAt(file, 0, PACK_MAGIC.length);
  if (magic.equals(PACK_MAGIC)) return 'open';
  if (magic.equals(CLOSED_MAGIC)) return 'closed';
  return size > PACK_MAGIC.length ? 'erased' : 'new';
}

/** Keeps all processes from adding to a pack. */
export async function closePack(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await writeAt(file, 0, CLOSED_MAGIC);
  } finally {
    await file.close();
  }
}

/** The bytes of a batch, and where each of its nodes is when it is written at an offset. */
export function encodeBatch(
  nodes: ReadonlyArray<StoredNode>,
  offset: number,
): PackedBatch & { readonly bytes: Buffer } {
  const table = Buffer.allocUnsafe(ENTRY_BYTES * nodes.length);
  for (const [i, { address, bytes }] of nodes.entries()) {
    table.writeDoubleLE(address, ENTRY_BYTES * i);
    table.writeUInt32LE(bytes.length, ENTRY_BYTES * i + 8);
    table.writeUInt32LE(crc32(bytes), ENTRY_BYTES * i + 12);
  }
  const bodies = nodes.map(({ bytes }) => bytes);
  const bodyBytes = bodies.reduce((sum, { length }) => sum + length, 0);
  const bytes = Buffer.concat([batchHeader(nodes.length, bodyBytes, table), table, ...bodies]);
  return { nodes: packedNodes(table, offset), end: offset + bytes.length, bytes };
}

function batchHeader(count: number, bodyBytes: number, table: Buffer): Buffer {
  const header = Buffer.allocUnsafe(BATCH_HEADER_BYTES);
  BATCH_MAGIC.copy(header, 0);
  header.writeUInt32LE(count, 4);
  header.writeDoubleLE(bodyBytes, 8);
  header.writeUInt32LE(crc32(table), 16);
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20);
  return header;
}

/** The batch at an offset, or undefined where there is no whole one. */
async function readBatch(
  file: FileHandle,
  offset: number,
  fileBytes: number,
): Promise<PackedBatch | undefined> {
  const header = await readAt(file, offset, BATCH_HEADER_BYTES);
  if (header.length < BATCH_HEADER_BYTES || !header.subarray(0, 4).equals(BATCH_MAGIC)) {
    return undefined;
  }
  if (crc32(header.subarray(0, 20)) !== header.readUInt32LE(20)) return undefined;
  const tableBytes = ENTRY_BYTES * header.readUInt32LE(4);
  const end = offset + BATCH_HEADER_BYTES + tableBytes + header.readDoubleLE(8);
  if (end > fileBytes) return undefined;
  const table = await readAt(file, offset + BATCH_HEADER_BYTES, tableBytes);
  if (crc32(table) !== header.readUInt32LE(16)) return undefined;
  return { nodes: packedNodes(table, offset), end };
}

/** All whole batches from an offset on, oldest first. */
export async function* readBatches(file: FileHandle, offset: number): AsyncGenerator<PackedBatch> {
  const { size } = await file.stat();
  for (let end = offset; end < size;) {
    const batch = await readBatch(file, end, size);
    if (batch === undefined) return;
    yield batch;
    end = batch.end;
  }
}

/** The bytes of a node, or undefined where what is there is not what was written. */
export async function readPackedNode(
  file: FileHandle,
  { offset, sizeBytes, checksum }: PackedNode,
): Promise<Buffer | undefined> {
  const bytes = await readAt(file, offset, sizeBytes);
  return bytes.length === sizeBytes && crc32(bytes) === checksum ? bytes : undefined;
}

function packedNodes(table: Buffer, batchOffset: number): PackedNode[] {
  const nodes: PackedNode[] = [];
  let offset = batchOffset + BATCH_HEADER_BYTES + table.length;
  for (let entry = 0; entry < table.length; entry += ENTRY_BYTES) {
    const sizeBytes = table.readUInt32LE(entry + 8);
    const checksum = table.readUInt32LE(entry + 12);
    nodes.push({ address: table.readDoubleLE(entry), offset, sizeBytes, checksum });
    offset += sizeBytes;
  }
  return nodes;
}
