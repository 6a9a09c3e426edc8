/** Columns of datoms to bytes and back: differences of integers, runs of attributes, then the values. */
import { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import {
  attributeName,
  attributeNumber,
  attributeNumberOfEntity,
} from '../datom/attribute-number.ts';
import { Columns } from '../datom/columns.ts';
import type { DecodeValues } from '../datom/columns.ts';
import { must } from '../shared/assert.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { decodeValues, encodeValues } from './value-codec.ts';

export function encodeColumns(columns: Columns, writer: ByteWriter): void {
  writer.varint(columns.length);
  encodeIntegers(columns.e, writer);
  encodeIntegers(columns.tx, writer);
  encodeAttributes(columns.a, writer);
  encodeAdded(columns, writer);
  encodeValues(columns.v, writer);
}

function encodeIntegers(column: Int32Array, writer: ByteWriter): void {
  for (let i = 0, previous = 0; i < column.length; i++) {
    const value = column[i]!;
    writer.signed(value - previous);
    previous = value;
  }
}

/** The names once, then runs of their places. */
function encodeAttributes(column: Int32Array, writer: ByteWriter): void {
  const places = new Map<number, number>();
  for (const a of column) if (!places.has(a)) places.set(a, places.size);
  writer.varint(places.size);
  for (const a of places.keys()) encodeAttribute(attributeName(a), writer);
  for (let start = 0; start < column.length;) {
    let end = start + 1;
    while (end < column.length && column[end] === column[start]) end++;
    writer.varint(must(places.get(column[start]!), 'a place for each attribute'));
    writer.varint(end - start);
    start = end;
  }
}

/** An entity id, or 0 and a name. */
function encodeAttribute(name: Keyword | number, writer: ByteWriter): void {
  writer.varint(typeof name === 'number' ? name : 0);
  if (typeof name !== 'number') writer.string(name.qualifiedName);
}

function decodeAttribute(reader: ByteReader): number {
  const id = reader.varint();
  return id === 0 ? attributeNumber(Keyword.intern(reader.string())) : attributeNumberOfEntity(id);
}

function encodeAdded(columns: Columns, writer: ByteWriter): void {
  writer.byte(columns.added === undefined ? 0 : 1);
  if (columns.added === undefined) return;
  for (let i = 0; i < columns.length; i += 8) {
    let bits = 0;
    for (let j = 0; j < 8; j++) bits |= (columns.added[i + j] ?? 0) << j;
    writer.byte(bits);
  }
}

/** Columns at the end of a block; the values stay bytes until they are first looked at. */
export function decodeColumns(reader: ByteReader): Columns {
  const length = reader.varint();
  // One piece of memory for the three.
  const integers = new Int32Array(3 * length);
  const e = integers.subarray(0, length);
  const tx = integers.subarray(length, 2 * length);
  const a = integers.subarray(2 * length);
  reader.sums(e);
  reader.sums(tx);
  decodeAttributes(reader, a);
  const added = decodeAdded(reader, length);
  const values = reader.fork();
  const decode: DecodeValues = (lo, hi) =>
    decodeValues(values.fork(), length, lo, hi) as ReadonlyArray<Value>;
  return new Columns(e, a, decode, tx, added);
}

function decodeAttributes(reader: ByteReader, column: Int32Array): void {
  const numbers = new Int32Array(reader.varint());
  for (let i = 0; i < numbers.length; i++) numbers[i] = decodeAttribute(reader);
  reader.runs(column, numbers);
}

function decodeAdded(reader: ByteReader, length: number): Uint8Array | undefined {
  if (reader.byte() === 0) return undefined;
  const added = new Uint8Array(length);
  for (let i = 0; i < length; i += 8) {
    const bits = reader.byte();
    for (let j = 0; j < 8 && i + j < length; j++) added[i + j] = (bits >>> j) & 1;
  }
  return added;
}
