/**
 * A cursor: a position in one list at one transaction. The hash of the list's filter and order goes with it, so that a cursor cannot
 * be used where its values mean something else.
 */
import { hash } from 'node:crypto';
import { DatabaseError } from '../../../schema/error.ts';
import type { ScalarName } from '../../../schema/model/scalars.ts';
import { valueFromJson, valueToJson } from '../../../schema/model/scalars.ts';
import { isDecimal } from '../../../schema/decimal.ts';
import { printEdn } from '../../../schema/edn-print.ts';
import { readEdn } from '../../../schema/edn-read.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Position } from './list-clauses.ts';
import type { Order } from './order.ts';

/** 1: [version, basis tx, list hash, entity, ...sort values]. */
const CURSOR_VERSION = 1;

export interface Cursor {
  readonly basisTx: number;
  readonly position: Position;
}

/** Writes the cursors of one list. What all of them begin with is encoded once: spaces make it end where three bytes do, which are four letters. */
export function cursorWriter(
  basisTx: number,
  listHash: string,
  { keys }: Order,
): (position: Position) => string {
  const head = `[${CURSOR_VERSION},${basisTx},${JSON.stringify(listHash)},`;
  const begin = base64url(head.padEnd(Math.ceil(head.length / 3) * 3));
  return ({ entity, values }) => {
    let rest = String(entity);
    for (let i = 0; i < keys.length; i++)
      rest += `,${JSON.stringify(written(keys[i]!.scalar, values[i] ?? null))}`;
    return begin + base64url(`${rest}]`);
  };
}

const SCRATCH = Buffer.allocUnsafeSlow(1_024);
const MAX_BYTES_PER_UNIT = 3;

function base64url(text: string): string {
  if (text.length * MAX_BYTES_PER_UNIT > SCRATCH.length)
    return Buffer.from(text).toString('base64url');
  return SCRATCH.toString('base64url', 0, SCRATCH.write(text));
}

/** @throws BAD_CURSOR */
export function decodeCursor(text: string, listHash: string, order: Order): Cursor {
  const content = parseContent(text);
  const [version, basisTx, list, entity, ...values] = content;
  if (version !== CURSOR_VERSION || !isCount(basisTx) || !isCount(entity)) throw damaged();
  if (list !== listHash || values.length !== order.keys.length) {
    throw new DatabaseError(
      'BAD_CURSOR',
      'The cursor belongs to a list with another where, orderBy or asOf; start again without it',
    );
  }
  return { basisTx, position: { entity, values: decodeValues(values, order) } };
}

/** The transaction that a cursor is of, whatever else is wrong with it. @throws BAD_CURSOR */
export function basisOf(text: string): number {
  const [version, basisTx] = parseContent(text);
  if (version === CURSOR_VERSION && isCount(basisTx)) return basisTx;
  throw damaged();
}

/** A short text that is equal for equal lists. */
export function hashList(list: unknown): string {
  return hash('sha256', JSON.stringify(canonical(list)), 'base64url').slice(0, 16);
}

function parseContent(text: string): ReadonlyArray<unknown> {
  try {
    const content: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (Array.isArray(content)) return content;
  } catch {
    // Not ours: said below.
  }
  throw damaged();
}

function decodeValues(values: ReadonlyArray<unknown>, order: Order): ReadonlyArray<EdnData> {
  try {
    return order.keys.map((key, i) => {
      const json = values[i] ?? null;
      return json === null ? null : read(key.scalar, json);
    });
  } catch {
    throw damaged();
  }
}

/** Values that their scalar's JSON does not tell from others are written as EDN: infinities, exact numbers among floating point ones, whatever has no declared type. */
function written(scalar: ScalarName, value: EdnData): unknown {
  if (value === null || !(scalar === 'JSON' || (scalar === 'Float' && !Number.isFinite(value))))
    return valueToJson(scalar, value);
  return printEdn(value);
}

/** @throws where it is no value of the scalar */
function read(scalar: ScalarName, json: unknown): EdnData {
  if (typeof json !== 'string' || !(scalar === 'JSON' || scalar === 'Float'))
    return valueFromJson(scalar, json);
  const value = readEdn(json);
  if (scalar === 'Float' && !isNumeric(value)) throw damaged();
  return value;
}

function isNumeric(value: EdnData): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || isDecimal(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function damaged(): DatabaseError {
  return new DatabaseError('BAD_CURSOR', 'The cursor is damaged; start again without it');
}

/** Objects with their keys in order; whatever is no plain object as its text. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null)
    return typeof value === 'bigint' ? `${value}` : value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer).toString('base64');
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    return value instanceof Date ? value.toISOString() : String(value);
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, each]) => [key, canonical(each)]);
}
