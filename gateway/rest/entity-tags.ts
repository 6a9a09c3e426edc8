/**
 * Entity tags (RFC 9110): the version of an entity is all there is to know of whether it changed, and the identity of its database of whether versions
 * mean the same.
 */
import { createHash } from 'node:crypto';
import { DatabaseError } from '../../schema/error.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import { TAG } from '../http/caching.ts';

type Database = Pick<Snapshot, 'databaseId'>;

export function entityTag(database: Database, version: number): string {
  return `"v${version}-${identityOf(database)}"`;
}

/** Of a database that was set back and renewed it is another one. */
function identityOf({ databaseId }: Database): string {
  return createHash('sha256').update(databaseId).digest('base64url').slice(0, 8);
}

/**
 * The versions that `If-Match` allows, a bare `"v536870915"` among them; undefined where any is. Weak tags are never the same as what is there, and
 * neither are those of another history.
 *
 * @throws BAD_USER_INPUT
 */
export function versionsIn(database: Database, header: string): ReadonlyArray<number> | undefined {
  if (header.trim() === '*') return undefined;
  const tags = header.match(TAG) ?? [];
  if (tags.length === 0)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `If-Match must be the ETag of an entity, like ${entityTag(database, 536870915)}, or *; got ${header.slice(0, 40)}`,
    );
  const identity = identityOf(database);
  return tags.flatMap((tag) => {
    const [, version, said = identity] = /^"v(\d{1,15})(?:-([\w-]+))?"$/.exec(tag) ?? [];
    return version === undefined || said !== identity ? [] : [Number(version)];
  });
}
