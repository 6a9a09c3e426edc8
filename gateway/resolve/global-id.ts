/** The `id` of an entity in the API: database and entity id, nothing of its type, so that it is the same under every type. */
import { DatabaseError } from '../../schema/error.ts';

export function encodeId(database: string, entity: number): string {
  return Buffer.from(`${database}:${entity}`).toString('base64url');
}

/** @throws BAD_USER_INPUT where the text is no id of this database */
export function decodeId(database: string, id: string): number {
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
  if (text.slice(0, colon) !== database) {
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `The id '${shorten(id)}' belongs to the database '${shorten(text.slice(0, colon))}', not to '${database}'`,
    );
  }
  return Number(entity);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
