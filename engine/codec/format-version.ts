/**
 * The versions of stored blocks; the first byte of each says its own.
 *
 * 1  Columns of datoms with varints and a text dictionary, xxHash32 over all after the checksum. Records and segments of the log, which have
 *    no address, are written so; nodes were.
 * 2  The same, and xxHash32 is seeded with the address of the block: the checksum of a node holds in no other place. Nodes are written so.
 */
export const UNADDRESSED_VERSION = 1;
export const ADDRESSED_VERSION = 2;
