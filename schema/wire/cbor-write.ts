/** EDN data as CBOR. The tags are those of `cbor-tags.ts`. */
import { defaultEncodeOptions, writeInt, writeString, writeTag } from 'cbor2/encoder';
import { Writer } from 'cbor2/writer';
import { isDecimal } from '../decimal.ts';
import type { Decimal } from '../decimal.ts';
import { printEdn } from '../edn-print.ts';
import { Keyword, Sym } from '../keyword.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from '../value.ts';
import type { EdnData, EdnMap } from '../value.ts';
import { TAG, instantOfSeconds } from './cbor-tags.ts';

const ARRAY = 4;
const MAP = 5;
const BYTES = 2;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NIL = 0xf6;
const FLOAT64 = 0xfb;
/** NaN has many encodings, of which this is the one that is written. */
const NAN_BITS = 0x7ff8_0000_0000_0000n;

/** Texts that are not well formed become their bytes in WTF-8 with a tag. */
const OPTIONS = { ...defaultEncodeOptions, wtf8: true };

export function writeItem(item: EdnData, writer: Writer): void {
  switch (typeof item) {
    case 'string':
      return writeString(item, writer, OPTIONS);
    case 'number':
      return Number.isSafeInteger(item) && !Object.is(item, -0)
        ? writeInt(item, writer)
        : writeDouble(item, writer);
    case 'bigint':
      return writeBigint(item, writer);
    case 'boolean':
      return writer.writeUint8(item ? TRUE : FALSE);
    case 'object':
      return writeObject(item, writer);
    default:
      throw new TypeError(`Expected EDN data, got ${typeof item}`);
  }
}

export function writeTagNumber(tag: number, writer: Writer): void {
  writeTag(tag, writer, OPTIONS);
}

function writeObject(
  item: Exclude<EdnData, string | number | bigint | boolean>,
  writer: Writer,
): void {
  if (item === null) return writer.writeUint8(NIL);
  if (item instanceof Keyword || item instanceof Sym) return writer.write(bytesOfName(item));
  if (Array.isArray(item)) return writeArray(item as ReadonlyArray<EdnData>, writer);
  if (item instanceof EdnDouble) return writeDouble(item.value, writer);
  if (item instanceof Date) return writeInstant(item, writer);
  if (item instanceof Uuid) {
    writeTagNumber(TAG.uuid, writer);
    return writeBytes(bytesOfHex(item.text.replaceAll('-', '')), writer);
  }
  if (isDecimal(item)) return writeDecimal(item, writer);
  if (ArrayBuffer.isView(item)) return writeNumbers(item, writer);
  if (item instanceof Set) {
    writeTagNumber(TAG.set, writer);
    return writeArray([...(item as ReadonlySet<EdnData>)], writer);
  }
  if (item instanceof Map) return writeMap(item as EdnMap, writer);
  if (item instanceof Tagged) {
    writeTagNumber(TAG.object, writer);
    return writeArray([item.tag, item.value], writer);
  }
  if (item instanceof EdnList) return writeArray(item.items, writer);
  throw new TypeError(`Expected data that a datom can hold, got ${printEdn(item)}`);
}

function writeArray(items: ReadonlyArray<EdnData>, writer: Writer): void {
  writeInt(items.length, writer, ARRAY);
  for (const item of items) writeItem(item, writer);
}

function writeMap(map: EdnMap, writer: Writer): void {
  writeInt(map.size, writer, MAP);
  for (const [key, value] of map) {
    writeItem(key, writer);
    writeItem(value, writer);
  }
}

function writeDouble(number: number, writer: Writer): void {
  writer.writeUint8(FLOAT64);
  if (Number.isNaN(number)) writer.writeBigUint64(NAN_BITS);
  else writer.writeFloat64(number);
}

/** Always as a bigint, however small, so that it is read as one. */
function writeBigint(number: bigint, writer: Writer): void {
  const isNegative = number < 0n;
  writeTagNumber(isNegative ? TAG.negativeBigint : TAG.bigint, writer);
  const hex = (isNegative ? -1n - number : number).toString(16);
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
  writeBytes(bytesOfHex(digits), writer);
}

function writeDecimal(decimal: Decimal, writer: Writer): void {
  writeTagNumber(TAG.decimal, writer);
  const digits = decimal.unscaledValue();
  const number = Number(digits);
  writeArray([-decimal.scale() + 0, Number.isSafeInteger(number) ? number : digits], writer);
}

/** Seconds, whole or with the milliseconds as a fraction; as text where no such fraction is exact enough to give them back. */
function writeInstant(instant: Date, writer: Writer): void {
  const ms = instant.getTime();
  const seconds = ms / 1_000;
  if (instantOfSeconds(seconds)?.getTime() === ms) {
    writeTagNumber(TAG.seconds, writer);
    return writeItem(seconds, writer);
  }
  writeTagNumber(TAG.instantText, writer);
  writeItem(instant.toISOString(), writer);
}

function writeNumbers(numbers: Uint8Array | Float32Array | Float64Array, writer: Writer): void {
  if (numbers instanceof Uint8Array) {
    writeTagNumber(TAG.bytes, writer);
    return writeBytes(numbers, writer);
  }
  const size = numbers.BYTES_PER_ELEMENT;
  const view = new DataView(new ArrayBuffer(numbers.length * size));
  for (const [i, number] of numbers.entries()) {
    if (size === 4) view.setFloat32(i * size, number, true);
    else view.setFloat64(i * size, number, true);
    // A NaN may carry bits of its own; which of them a platform keeps is not said.
    if (Number.isNaN(number)) {
      if (size === 4) view.setUint32(i * size, 0x7fc0_0000, true);
      else view.setBigUint64(i * size, NAN_BITS, true);
    }
  }
  writeTagNumber(size === 4 ? TAG.floats : TAG.doubles, writer);
  writeBytes(new Uint8Array(view.buffer), writer);
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

/** The writer may keep the bytes that it is given, which belong to somebody else. */
function writeBytes(bytes: Uint8Array, writer: Writer): void {
  writeInt(bytes.length, writer, BYTES);
  writer.write(new Uint8Array(bytes));
}

const namesAsBytes = new WeakMap<Keyword | Sym, Uint8Array>();

function bytesOfName(name: Keyword | Sym): Uint8Array {
  let bytes = namesAsBytes.get(name);
  if (bytes === undefined) {
    const writer = new Writer();
    writeTagNumber(TAG.name, writer);
    const text = name.toString();
    // A symbol that begins like a keyword stands in an array.
    if (name instanceof Sym && text.startsWith(':')) writeArray([text], writer);
    else writeString(text, writer, OPTIONS);
    bytes = writer.read();
    namesAsBytes.set(name, bytes);
  }
  return bytes;
}
