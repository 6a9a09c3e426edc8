/** Entity tags (RFC 9110): the version of an entity is all there is to know of whether it changed. */
import { DatabaseError } from '../../schema/error.ts';
import { TAG } from '../http/caching.ts';

export function entityTag(version: number): string {
  return `"v${version}"`;
}

/** The versions that `If-Match` allows; undefined where any is. Weak tags are never the same as what is there. @throws BAD_USER_INPUT */
export function versionsIn(header: string): ReadonlyArray<number> | undefined {
  if (header.trim() === '*') return undefined;
  const tags = header.match(TAG) ?? [];
  if (tags.length === 0)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `If-Match must be the ETag of an entity, like ${entityTag(536870915)}, or *; got ${header.slice(0, 40)}`,
    );
  return tags.flatMap((tag) => (/^"v\d{1,15}"$/.test(tag) ? [Number(tag.slice(2, -1))] : []));
}
