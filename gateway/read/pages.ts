/** A page of rows. */
import type { Row } from './query/list-query.ts';
import type { PageRequest } from './query/page.ts';

export interface Page {
  readonly rows: ReadonlyArray<Row>;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export const EMPTY_PAGE: Page = { rows: [], hasNextPage: false, hasPreviousPage: false };

/** The page of each parent; a list of a type has the one parent undefined. */
export type PageOf = (parent: number | undefined) => Page;

/** The page in rows that are one more than it has, where there is one more; in the order in which they were read. */
export function cutPage(rows: ReadonlyArray<Row>, page: PageRequest, hasOpposite: boolean): Page {
  const hasMore = rows.length > page.size;
  const kept = hasMore ? rows.slice(0, page.size) : rows;
  return page.backwards
    ? { rows: kept.toReversed(), hasNextPage: hasOpposite, hasPreviousPage: hasMore }
    : { rows: kept, hasNextPage: hasMore, hasPreviousPage: hasOpposite };
}
