/** The envelope of every stored block: version, checksum, body. */
import { DatabaseError } from '../../schema/error.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { checksum } from './checksum.ts';
import { FORMAT_VERSION } from './format-version.ts';

const BODY_START = 5;

export function sealBlock(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  writer.uint32(0);
  write(writer);
  const bytes = writer.take();
  new DataView(bytes.buffer).setUint32(1, checksum(bytes, BODY_START), true);
  return bytes;
}

/**
 * A reader at the start of the body.
 *
 * @throws STORE_CORRUPT where the checksum does not hold, or a newer version wrote the block
 */
export function openBlock(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== FORMAT_VERSION)
    throw new DatabaseError(
      'STORE_CORRUPT',
      `Expected a stored block of format version ${FORMAT_VERSION}, got ${version}`,
    );
  if (reader.uint32() !== checksum(bytes, BODY_START))
    throw new DatabaseError('STORE_CORRUPT', 'The checksum of a stored block does not hold');
  return reader;
}
