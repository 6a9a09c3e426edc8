/**
 * A cursor: a position in one list at one transaction. The hash of the list's filter and order goes with it, so that a cursor cannot
 * be used where its values mean something else.
 */
import { createHash } from 'node:crypto';
import { DatabaseError } from '../../../schema/error.ts';
import { valueFromJson, valueToJson } from '../../../schema/model/scalars.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Position } from './list-clauses.ts';
import type { Order } from './order.ts';

/** 1: [version, basis tx, list hash, entity, ...sort values]. */
const CURSOR_VERSION = 1;

export interface Cursor {
  readonly basisTx: number;
  readonly position: Position;
}

export function encodeCursor(cursor: Cursor, listHash: string, order: Order): string {
  const { basisTx, position } = cursor;
  const values = order.keys.map((key, i) => valueToJson(key.scalar, position.values[i] ?? null));
  const content = [CURSOR_VERSION, basisTx, listHash, position.entity, ...values];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** @throws BAD_CURSOR */
export function decodeCursor(text: string, listHash: string, order: Order): Cursor {
  const content = parseContent(text);
  const [version, basisTx, hash, entity, ...values] = content;
  if (version !== CURSOR_VERSION || !isCount(basisTx) || !isCount(entity)) throw damaged();
  if (hash !== listHash || values.length !== order.keys.length) {
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
  return createHash('sha256')
    .update(JSON.stringify(canonical(list)))
    .digest('base64url')
    .slice(0, 16);
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
      return json === null ? null : valueFromJson(key.scalar, json);
    });
  } catch {
    throw damaged();
  }
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
