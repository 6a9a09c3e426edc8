/** What identifies a commit, as bytes: part of segments and of root records. */
import type { ByteReader, ByteWriter } from '../codec/bytes.ts';
import type { CommitInfo } from '../db/db.ts';

export function encodeCommit({ id, parents }: CommitInfo, writer: ByteWriter): void {
  writer.string(id);
  writer.varint(parents.length);
  for (const parent of parents) writer.string(parent);
}

export function decodeCommit(reader: ByteReader): CommitInfo {
  const id = reader.string();
  const parents = Array.from({ length: reader.varint() }, () => reader.string());
  return { id, parents };
}
