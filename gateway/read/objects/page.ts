/** Pages of objects that are no entities, as connections: `nodes`, `edges`, `pageInfo`. */
import { DatabaseError } from '../../../schema/error.ts';
import type { ObjectPart } from '../../select/selection.ts';
import { quote } from '../json.ts';
import { cursorWriter, decodeCursor } from '../query/cursor.ts';
import { parsePage } from '../query/page.ts';
import { many, one, plain, planObject } from './object-plan.ts';
import type { ObjectFields, ObjectPlan, PlanEntities } from '../plan.ts';

export interface ObjectPage<T> {
  readonly rows: ReadonlyArray<T>;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  cursorOf(row: T): string;
  /** How many there are on all pages; asked only where it is selected. */
  readonly totalCount?: number;
}

interface Edge<T> {
  readonly row: T;
  readonly page: ObjectPage<T>;
}

/** A connection whose nodes are of one kind. */
export function planPage<T>(
  part: ObjectPart,
  fields: ObjectFields<T>,
  planEntities: PlanEntities,
): ObjectPlan<ObjectPage<T>> {
  const nodeOf = (below: ReadonlyArray<ObjectPart>): ObjectPlan<T> =>
    planObject(below, fields, planEntities);
  const edgeFields: ObjectFields<Edge<T>> = {
    cursor: () => plain(({ row, page }) => quote(page.cursorOf(row))),
    node: ({ below }) => one(nodeOf(below), ({ row }) => row),
  };
  return planObject<ObjectPage<T>>(
    part.below,
    {
      nodes: ({ below }) => many(nodeOf(below), ({ rows }) => rows),
      edges: ({ below }) =>
        many(planObject(below, edgeFields, planEntities), (page) =>
          page.rows.map((row) => ({ row, page })),
        ),
      pageInfo: ({ below }) => planObject(below, PAGE_INFO, planEntities),
      totalCount: () => plain(({ totalCount }) => String(totalCount ?? null)),
    },
    planEntities,
  );
}

const PAGE_INFO: ObjectFields<ObjectPage<unknown>> = {
  hasNextPage: () => plain(({ hasNextPage }) => String(hasNextPage)),
  hasPreviousPage: () => plain(({ hasPreviousPage }) => String(hasPreviousPage)),
  startCursor: () => plain((page) => cursorAt(page, 0)),
  endCursor: () => plain((page) => cursorAt(page, -1)),
};

function cursorAt(page: ObjectPage<unknown>, place: number): string {
  return page.rows.length === 0 ? 'null' : quote(page.cursorOf(page.rows.at(place)));
}

export interface ForwardArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** Where a page begins: after a place of a list as it was at a transaction. */
export interface Place {
  readonly basisTx: number;
  readonly place: number;
}

const IN_PLACES = { keys: [], entityDescending: false };

/** A cursor that names a place; `listHash` as in `query/cursor.ts`. */
export function encodePlace({ basisTx, place }: Place, listHash: string): string {
  return cursorWriter(basisTx, listHash, IN_PLACES)({ entity: place, values: [] });
}

/** @throws BAD_USER_INPUT, BAD_CURSOR */
export function parseForward(
  { first, after }: ForwardArguments,
  listHash: string,
  present: number,
): { readonly size: number; readonly from: Place | undefined } {
  const { size } = parsePage({ first: first ?? null });
  if (after === undefined || after === null) return { size, from: undefined };
  const { basisTx, position } = decodeCursor(after, listHash, IN_PLACES);
  if (basisTx > present)
    throw new DatabaseError(
      'BASIS_NOT_AVAILABLE',
      `The cursor is of transaction ${basisTx}, which is not known here yet; try again`,
      { data: { t: present } },
    );
  return { size, from: { basisTx, place: position.entity } };
}
