/** A tree node to bytes and back. Values are decoded when they are first looked at. */
import type { Columns } from '../datom/columns.ts';
import type { Branch, Node } from '../tree/node.ts';
import { readBlock, sealBlock } from './block.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { decodeColumns, encodeColumns } from './columns-codec.ts';
import { HASH_BYTES } from './hash.ts';

/** A node as the bytes to store at an address, and nowhere else. */
export function encodeNode(node: Node<Columns>, address: number): Uint8Array {
  return sealBlock((writer) => {
    writer.byte(node.kind === 'leaf' ? 0 : node.level);
    if (node.kind === 'branch') {
      encodeChildren(node, writer);
      encodeHashes(node, writer);
    }
    encodeColumns(node.keys, writer);
  }, address);
}

/** @throws STORE_CORRUPT, also where the bytes are those of another address */
export function decodeNode(bytes: Uint8Array, address: number): Node<Columns> {
  return readBlock(
    bytes,
    (reader) => {
      const level = reader.byte();
      if (level === 0) return { kind: 'leaf', keys: decodeColumns(reader) };
      const count = reader.varint();
      const addresses = new Float64Array(count);
      const counts = new Float64Array(count);
      for (let i = 0, previous = 0; i < count; i++) {
        addresses[i] = previous += reader.signed();
        counts[i] = reader.varint();
      }
      const hashes = decodeHashes(reader, count);
      const branch = {
        kind: 'branch',
        level,
        keys: decodeColumns(reader),
        addresses,
        counts,
      } as const;
      return hashes === undefined ? branch : { ...branch, hashes };
    },
    address,
  );
}

/** One after the other, or nothing. */
function encodeHashes({ hashes }: Branch<Columns>, writer: ByteWriter): void {
  writer.byte(hashes === undefined ? 0 : 1);
  for (const hash of hashes ?? []) writer.raw(hash);
}

function decodeHashes(reader: ByteReader, count: number): Uint8Array[] | undefined {
  if (reader.byte() === 0) return undefined;
  // Copies, so that they do not keep the bytes of the whole node.
  return Array.from({ length: count }, () => reader.raw(HASH_BYTES).slice());
}

function encodeChildren({ addresses, counts }: Branch<Columns>, writer: ByteWriter): void {
  writer.varint(addresses.length);
  for (let i = 0, previous = 0; i < addresses.length; i++) {
    const address = addresses[i]!;
    writer.signed(address - previous);
    writer.varint(counts[i]!);
    previous = address;
  }
}
