/**
 * The version of every stored block, its first byte.
 *
 * 1  Columns of datoms with varints and a text dictionary, xxHash32 over all after the checksum.
 */
export const FORMAT_VERSION = 1;
