/** The paging arguments of a list: defaults, limits, and which way to read. */
import { DatabaseError } from '../../../schema/error.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../../generate/page-sizes.ts';
import type { ListArguments } from '../../select/selection.ts';

export interface PageRequest {
  readonly size: number;
  readonly offset: number;
  /** `last`: the page is the end of the list. */
  readonly backwards: boolean;
  readonly after: string | undefined;
  readonly before: string | undefined;
}

/** @throws BAD_USER_INPUT */
export function parsePage(list: ListArguments, defaultSize = DEFAULT_PAGE): PageRequest {
  const first = sizeAt('first', list.first);
  const last = sizeAt('last', list.last);
  if (first !== undefined && last !== undefined) {
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'first and last exclude each other; give one of them',
    );
  }
  return {
    size: first ?? last ?? defaultSize,
    offset: offsetAt(list.offset),
    backwards: last !== undefined,
    after: list.after ?? undefined,
    before: list.before ?? undefined,
  };
}

function sizeAt(name: string, size: number | null | undefined): number | undefined {
  if (size === null || size === undefined) return undefined;
  if (Number.isInteger(size) && size >= 0 && size <= MAX_PAGE) return size;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `${name} must be a whole number from 0 to ${MAX_PAGE}, got ${size}; read more with the next pages`,
  );
}

function offsetAt(offset: number | null | undefined): number {
  if (offset === null || offset === undefined) return 0;
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new DatabaseError('BAD_USER_INPUT', `offset must be a whole number from 0, got ${offset}`);
}
