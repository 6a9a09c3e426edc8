/**
 * The envelope of every stored block: version, checksum, body. The checksum of a block that has an address is salted with it, so that a
 * sound block in the place of another one is found out.
 */
import { DatabaseError } from '../../schema/error.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { checksum } from './checksum.ts';
import { ADDRESSED_VERSION, UNADDRESSED_VERSION } from './format-version.ts';

const BODY_START = 5;

/**
 * A block as bytes.
 *
 * @param address where it will be stored, for a block that has an address
 */
export function sealBlock(write: (writer: ByteWriter) => void, address?: number): Uint8Array {
  const writer = new ByteWriter();
  writeBlock(writer, write, address);
  return writer.take();
}

/** A block among other things. */
export function writeBlock(
  writer: ByteWriter,
  write: (writer: ByteWriter) => void,
  address?: number,
): void {
  writer.byte(address === undefined ? UNADDRESSED_VERSION : ADDRESSED_VERSION);
  const place = writer.reserveUint32();
  write(writer);
  writer.fillUint32(place, checksum, saltOf(address));
}

/**
 * What a block says, read from the start of its body.
 *
 * @param address where it is stored, for a block that has an address
 * @throws STORE_CORRUPT where the checksum does not hold, which is also so for a block of another address, a newer version wrote the block, or
 * it does not say what it should
 */
export function readBlock<T>(
  bytes: Uint8Array,
  read: (body: ByteReader) => T,
  address?: number,
): T {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== ADDRESSED_VERSION && version !== UNADDRESSED_VERSION)
    throw corrupt(
      `Expected a stored block of a format version up to ${ADDRESSED_VERSION}, got ${version}: a newer release wrote it, or it is damaged`,
    );
  const salt = version === ADDRESSED_VERSION ? saltOf(address) : 0;
  if (reader.uint32() !== checksum(bytes, BODY_START, salt))
    throw corrupt(
      salt === 0
        ? 'The checksum of a stored block does not hold'
        : 'The checksum of a stored block does not hold at its address: it is damaged, or belongs to another one',
    );
  try {
    return read(reader);
  } catch (error) {
    throw error instanceof DatabaseError ? error : corrupt('A stored block cannot be read', error);
  }
}

const WORD = 2 ** 32;
/** Odd and large, so that the salts of one epoch are far from those of the next. */
const SPREAD = 0x9e3779b1;

/** An address has up to 53 bits, a salt 32: those of one epoch all differ. What has no address has no salt. */
function saltOf(address = 0): number {
  return ((address | 0) + Math.imul(Math.floor(address / WORD), SPREAD)) | 0;
}

export function corrupt(message: string, cause?: unknown): DatabaseError {
  return new DatabaseError('STORE_CORRUPT', message, cause === undefined ? {} : { cause });
}
