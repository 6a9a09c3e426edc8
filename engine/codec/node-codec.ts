/** A tree node to bytes and back. Values are decoded when they are first looked at. */
import type { Columns } from '../datom/columns.ts';
import type { Branch, Node } from '../tree/node.ts';
import { readBlock, sealBlock } from './block.ts';
import type { ByteWriter } from './bytes.ts';
import { decodeColumns, encodeColumns } from './columns-codec.ts';

export function encodeNode(node: Node<Columns>): Uint8Array {
  return sealBlock((writer) => {
    writer.byte(node.kind === 'leaf' ? 0 : node.level);
    if (node.kind === 'branch') encodeChildren(node, writer);
    encodeColumns(node.keys, writer);
  });
}

/** @throws STORE_CORRUPT */
export function decodeNode(bytes: Uint8Array): Node<Columns> {
  return readBlock(bytes, (reader) => {
    const level = reader.byte();
    if (level === 0) return { kind: 'leaf', keys: decodeColumns(reader) };
    const count = reader.varint();
    const addresses = new Float64Array(count);
    const counts = new Float64Array(count);
    for (let i = 0, previous = 0; i < count; i++) {
      addresses[i] = previous += reader.signed();
      counts[i] = reader.varint();
    }
    return { kind: 'branch', level, keys: decodeColumns(reader), addresses, counts };
  });
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
