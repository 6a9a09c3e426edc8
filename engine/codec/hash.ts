/** Content hashes: SHA-256. */
import { createHash } from 'node:crypto';

export const HASH_BYTES = 32;

/** The hash of some pieces of bytes, one after the other, as bytes. */
export function contentHash(...pieces: ReadonlyArray<Uint8Array | string>): Uint8Array {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}
