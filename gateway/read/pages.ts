/** A page of a list. */
import type { Position } from './query/list-clauses.ts';
import type { Row } from './query/list-query.ts';
import type { PageRequest } from './query/page.ts';

export interface Page {
  readonly entities: ReadonlyArray<number>;
  /** Where in the list the entity at a place of the page is. */
  readonly positionAt: (place: number) => Position;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export const EMPTY_PAGE: Page = {
  entities: [],
  positionAt: () => {
    throw new Error('Expected a place on the page; it is empty');
  },
  hasNextPage: false,
  hasPreviousPage: false,
};

/** The page of each parent; a list of a type has the one parent undefined. */
export type PageOf = (parent: number | undefined) => Page;

/** The page in what was read, which is one entity more than it has where there is one more; in the order in which it was read. */
export function cutPage(
  read: ReadonlyArray<number>,
  positionAt: (place: number) => Position,
  { size, backwards }: PageRequest,
  hasOpposite: boolean,
): Page {
  const hasMore = read.length > size;
  const entities = hasMore ? read.slice(0, size) : read;
  if (!backwards)
    return { entities, positionAt, hasNextPage: hasMore, hasPreviousPage: hasOpposite };
  return {
    entities: entities.toReversed(),
    positionAt: (place) => positionAt(entities.length - 1 - place),
    hasNextPage: hasOpposite,
    hasPreviousPage: hasMore,
  };
}

/** As {@link cutPage}, in rows. */
export function cutRows(rows: ReadonlyArray<Row>, page: PageRequest, hasOpposite: boolean): Page {
  const entities = rows.map(({ entity }) => entity);
  const positionAt = (place: number): Position => ({
    values: rows[place]!.values(),
    entity: entities[place]!,
  });
  return cutPage(entities, positionAt, page, hasOpposite);
}
