/** The envelope of every stored block: version, checksum, body. */
import { DatabaseError } from '../../schema/error.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { checksum } from './checksum.ts';
import { FORMAT_VERSION } from './format-version.ts';

const BODY_START = 5;

export function sealBlock(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writeBlock(writer, write);
  return writer.take();
}

/** A block among other things. */
export function writeBlock(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  writer.byte(FORMAT_VERSION);
  const place = writer.reserveUint32();
  write(writer);
  writer.fillUint32(place, checksum);
}

/**
 * What a block says, read from the start of its body.
 *
 * @throws STORE_CORRUPT where the checksum does not hold, a newer version wrote the block, or it does not say what it should
 */
export function readBlock<T>(bytes: Uint8Array, read: (body: ByteReader) => T): T {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== FORMAT_VERSION)
    throw corrupt(`Expected a stored block of format version ${FORMAT_VERSION}, got ${version}`);
  if (reader.uint32() !== checksum(bytes, BODY_START))
    throw corrupt('The checksum of a stored block does not hold');
  try {
    return read(reader);
  } catch (error) {
    throw error instanceof DatabaseError ? error : corrupt('A stored block cannot be read', error);
  }
}

export function corrupt(message: string, cause?: unknown): DatabaseError {
  return new DatabaseError('STORE_CORRUPT', message, cause === undefined ? {} : { cause });
}
