/** Growing byte buffer and its reader. Integers are little-endian base-128 varints, signed ones zigzag, up to 2^53. */
import { DatabaseError } from '../../schema/error.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Buffers that no writer uses now: most of what is written is short, and to allocate is half of its cost. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MAX_SPARE = 8;
const SPARE_BYTES = 16_384;

/** Texts up to this length are written unit by unit where they are ASCII, which costs less than a call of the encoder. */
const SHORT_TEXT = 64;

export class ByteWriter {
  #bytes = spare.pop() ?? new Uint8Array(SPARE_BYTES);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A safe integer that is not negative. */
  varint(value: number): void {
    this.#reserve(8);
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    this.#bytes[this.#length++] = value;
  }

  /** An integer with |value| <= 2^53 - 1: the sign first, so that no bit of a large one is lost. */
  signed(value: number): void {
    const magnitude = Math.abs(value);
    const low = magnitude % 64;
    const rest = Math.floor(magnitude / 64);
    const head = low * 2 + (value < 0 ? 1 : 0);
    if (rest === 0) {
      // One byte: sign, six bits, no continuation.
      this.byte(head);
    } else {
      this.byte(head | 0x80);
      this.varint(rest);
    }
  }

  float64(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#setUint32(this.#length, value);
    this.#length += 4;
  }

  /** Leaves room for a uint32 that is known when what follows it is written; gives its place. */
  reserveUint32(): number {
    this.uint32(0);
    return this.#length - 4;
  }

  /** Fills the room at a place with what is made of all that was written after it, and of a salt. */
  fillUint32(
    place: number,
    valueOf: (written: Uint8Array, start: number, salt: number) => number,
    salt = 0,
  ): void {
    const start = place + 4;
    this.#setUint32(place, valueOf(this.#bytes.subarray(0, this.#length), start, salt));
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What another writer wrote, which nothing can be written with afterwards. */
  append(other: ByteWriter): void {
    const length = other.#length;
    this.#reserve(length);
    const from = other.#bytes;
    if (length > SHORT_TEXT) this.#bytes.set(from.subarray(0, length), this.#length);
    else for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = from[i]!;
    this.#length += length;
    other.#giveBack();
  }

  get length(): number {
    return this.#length;
  }

  /** UTF-8; or code units where the text has a lone surrogate, which UTF-8 cannot hold. The lowest bit of the length tells. */
  string(text: string): void {
    if (text.length <= SHORT_TEXT && this.#tryAscii(text)) return;
    if (text.isWellFormed()) {
      const bytes = encoder.encode(text);
      this.varint(bytes.length * 2);
      this.raw(bytes);
    } else {
      this.varint(text.length * 2 + 1);
      for (let i = 0; i < text.length; i++) this.varint(text.charCodeAt(i));
    }
  }

  /** What was written; nothing can be written afterwards. */
  take(): Uint8Array {
    const taken = copyOf(this.#bytes, this.#length);
    this.#giveBack();
    return taken;
  }

  #giveBack(): void {
    if (this.#bytes.length === SPARE_BYTES && spare.length < MAX_SPARE) spare.push(this.#bytes);
    this.#bytes = NONE;
    this.#length = 0;
  }

  #setUint32(at: number, value: number): void {
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value >>> 16;
    this.#bytes[at + 3] = value >>> 24;
  }

  #tryAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(2 + length);
    const start = this.#length;
    this.varint(length * 2);
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        return false;
      }
      this.#bytes[this.#length++] = unit;
    }
    return true;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const NONE = new Uint8Array(0);

/** Short pieces share the memory of a slab: one of their own costs more than what they say. */
const SLAB_BYTES = 65_536;
const MAX_PIECE_BYTES = 2_048;
let slab = new ArrayBuffer(0);
let slabUsed = 0;

function copyOf(bytes: Uint8Array, length: number): Uint8Array {
  if (length > MAX_PIECE_BYTES) return bytes.slice(0, length);
  if (slabUsed + length > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  const piece = new Uint8Array(slab, slabUsed, length);
  slabUsed += length;
  piece.set(bytes.subarray(0, length));
  return piece;
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Another reader at the same place. */
  fork(): ByteReader {
    return new ByteReader(this.#bytes, this.#at);
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw truncated();
    return value;
  }

  varint(): number {
    const first = this.byte();
    return first < 0x80 ? first : this.#longVarint(first & 0x7f);
  }

  /** Nearly all are one byte, so that the rest is apart. */
  #longVarint(low: number): number {
    let value = low;
    let scale = 128;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  signed(): number {
    const head = this.byte();
    let magnitude = (head & 0x7f) >>> 1;
    if (head >= 0x80) magnitude += this.varint() * 64;
    return (head & 1) === 1 ? -magnitude : magnitude;
  }

  // Most of a node are columns of small integers, which are read in one go: with nothing but integers of 32 bits in between, which is what a
  // processor is fast with.

  /** Fills a column with the sums of signed integers. */
  sums(column: Int32Array): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let sum = 0;
    for (let i = 0; i < column.length; i++) {
      const head = bytes[at];
      if (head === undefined) throw truncated();
      if (head < 0x80) {
        at++;
        const sign = -(head & 1) | 0;
        sum = (sum + ((head >>> 1) ^ sign) - sign) | 0;
      } else {
        this.#at = at;
        sum = (sum + this.signed()) | 0;
        at = this.#at;
      }
      column[i] = sum;
    }
    this.#at = at;
  }

  /** Fills a column with runs: which of the values, and how often. @throws STORE_CORRUPT where there is no such value, or the runs are too long */
  runs(column: Int32Array, values: Int32Array): void {
    for (let start = 0; start < column.length;) {
      const place = this.varint();
      const end = start + this.varint();
      if (place >= values.length || end > column.length) throw badRun();
      const value = values[place]!;
      // Most runs are short, and a call costs more.
      for (; start < end; start++) column[start] = value;
    }
  }

  float64(): number {
    return this.#view(8).getFloat64(0, true);
  }

  uint32(): number {
    const [bytes, at] = [this.#bytes, this.#at];
    this.#at += 4;
    if (this.#at > bytes.length) throw truncated();
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    return (low | (bytes[at + 3]! << 24)) >>> 0;
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** A reader of the bytes that {@link ByteWriter.bytes} wrote. */
  section(): ByteReader {
    return new ByteReader(this.bytes());
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw truncated();
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  /** All that is left, a view. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at);
  }

  string(): string {
    const head = this.varint();
    const length = Math.floor(head / 2);
    if (head % 2 === 0) return decoder.decode(this.raw(length));
    return Array.from({ length }, () => String.fromCharCode(this.varint())).join('');
  }

  #view(length: number): DataView {
    const part = this.raw(length);
    return new DataView(part.buffer, part.byteOffset, length);
  }
}

function badRun(): DatabaseError {
  return new DatabaseError('STORE_CORRUPT', 'Expected runs that fill a column of a stored block');
}

function truncated(): DatabaseError {
  return new DatabaseError('STORE_CORRUPT', 'Expected more bytes in a stored block');
}
