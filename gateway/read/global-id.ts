/** The `id` of an entity in the API: database and entity id, nothing of its type, so that it is the same under every type. */
import { DatabaseError } from '../../schema/error.ts';

export function encodeId(database: string, entity: number): string {
  return Buffer.from(`${database}:${entity}`).toString('base64url');
}

/** As {@link encodeId} for many entities of one database. What is the same in all of them is encoded once. */
export function idEncoder(database: string): (entity: number) => string {
  const bytes = Buffer.from(`${database}:`);
  const whole = bytes.length - (bytes.length % 3);
  const head = bytes.subarray(0, whole).toString('base64url');
  const rest = bytes.subarray(whole).toString('latin1');
  return (entity) => head + base64Url(rest + entity);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Of a text of bytes, without padding; for short ones faster than a buffer. */
function base64Url(text: string): string {
  let encoded = '';
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i;
    const bits =
      (text.charCodeAt(i) << 16) |
      (left > 1 ? text.charCodeAt(i + 1) << 8 : 0) |
      (left > 2 ? text.charCodeAt(i + 2) : 0);
    encoded += DIGITS.charAt(bits >>> 18) + DIGITS.charAt((bits >>> 12) & 63);
    if (left > 1) encoded += DIGITS.charAt((bits >>> 6) & 63);
    if (left > 2) encoded += DIGITS.charAt(bits & 63);
  }
  return encoded;
}

/** @throws BAD_USER_INPUT where the text is no id of this database */
export function decodeId(database: string, id: string): number {
  const { database: owner, entity } = parseId(id);
  if (owner === database) return entity;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `The id '${shorten(id)}' belongs to the database '${shorten(owner)}', not to '${database}'`,
  );
}

/** As {@link decodeId} where several databases are asked the same: the id of another one names no entity of this one. */
export function decodeIdAmong(database: string, id: string): number {
  const { database: owner, entity } = parseId(id);
  return owner === database ? entity : NOWHERE;
}

const NOWHERE = 0;

function parseId(id: string): { readonly database: string; readonly entity: number } {
  const text = Buffer.from(id, 'base64url').toString('utf8');
  const colon = text.lastIndexOf(':');
  const entity = text.slice(colon + 1);
  if (
    colon < 0 ||
    !/^\d{1,15}$/.test(entity) ||
    encodeId(text.slice(0, colon), Number(entity)) !== id
  ) {
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `'${shorten(id)}' is not an id; use one that the API has given`,
    );
  }
  return { database: text.slice(0, colon), entity: Number(entity) };
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
