/**
 * The rows of lists: one page of a type, or a page for each of many parents with one query for all of them.
 */
import { DatabaseError } from '../../../schema/error.ts';
import type { Model } from '../../../schema/model/model.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Snapshot } from '../../../services/reader/reader.ts';
import { decodeCursor, encodeCursor, hashList } from '../query/cursor.ts';
import type { Cursor } from '../query/cursor.ts';
import { decodeId } from '../global-id.ts';
import type { Bounds, ListOrigin, ListSpec } from '../query/list-clauses.ts';
import { rowQuery, segmentCountQuery, segmentsOf, totalCountQuery } from '../query/list-query.ts';
import type { QueryForm, Row, Window } from '../query/list-query.ts';
import { parseOrder, reverseOrder } from '../query/order.ts';
import type { Order } from '../query/order.ts';
import { parsePage } from '../query/page.ts';
import type { PageRequest } from '../query/page.ts';
import type { ListArguments } from '../selection.ts';

/** One consistent view from which a root field is answered. */
export interface ReadScope {
  readonly model: Model;
  readonly database: string;
  readonly snapshot: Snapshot;
  /** The database as of a transaction, for the later pages of a list. */
  readonly snapshotAt: (tx: number) => Promise<Snapshot>;
  /** What the caller said of time; a part of each cursor's list. */
  readonly asOf: unknown;
  /** Whether the snapshot is at a point that the caller named, so that cursors need not fix it. */
  readonly isPast: boolean;
}

export interface Page {
  readonly rows: ReadonlyArray<Row>;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** A list that was asked for: its pages and its length, read when they are wanted. */
export interface List {
  /** The scope that everything on the list's pages is read from: that of the cursor where there is one. */
  readonly scope: ReadScope;
  readonly cursorOf: (row: Row) => string;
  /** The page of each parent; a list of a type has the one parent undefined. */
  readonly pages: () => Promise<(parent: number | undefined) => Page>;
  readonly totalCounts: () => Promise<(parent: number | undefined) => number>;
}

/** @throws BAD_USER_INPUT, BAD_CURSOR */
export async function openList(
  scope: ReadScope,
  origin: ListOrigin,
  list: ListArguments,
  defaultSize?: number,
): Promise<List> {
  const { model, database } = scope;
  const page = parsePage(list, defaultSize);
  const order = parseOrder(model, targetOf(origin), list.orderBy ?? []);
  const hash = hashList([
    originKey(origin),
    list.where ?? {},
    list.orderBy ?? [],
    scope.asOf ?? null,
  ]);
  const cursors = readCursors(page, hash, order);
  const pinned = await pin(scope, cursors);
  const spec: ListSpec = {
    model,
    decodeId: (id) => decodeId(database, id),
    origin,
    where: list.where ?? {},
    order,
  };
  const { snapshot } = pinned;
  return {
    scope: pinned,
    cursorOf: (row) =>
      encodeCursor({ basisTx: snapshot.basisTx, position: row.position }, hash, order),
    pages: () => readPages(snapshot, spec, page, cursors),
    totalCounts: () => readTotalCounts(snapshot, spec),
  };
}

interface Cursors {
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
}

function readCursors(page: PageRequest, hash: string, order: Order): Cursors {
  const read = (text: string | undefined): Cursor | undefined =>
    text === undefined ? undefined : decodeCursor(text, hash, order);
  return { after: read(page.after), before: read(page.before) };
}

async function pin(scope: ReadScope, { after, before }: Cursors): Promise<ReadScope> {
  const basisTx = (after ?? before)?.basisTx ?? scope.snapshot.basisTx;
  if (after !== undefined && before !== undefined && after.basisTx !== before.basisTx) {
    throw new DatabaseError('BAD_CURSOR', 'after and before come from different transactions');
  }
  if (scope.isPast || basisTx === scope.snapshot.basisTx) return scope;
  return { ...scope, snapshot: await scope.snapshotAt(basisTx) };
}

async function readPages(
  snapshot: Snapshot,
  spec: ListSpec,
  page: PageRequest,
  cursors: Cursors,
): Promise<(parent: number | undefined) => Page> {
  const [start, end] = page.backwards
    ? [cursors.before, cursors.after]
    : [cursors.after, cursors.before];
  const directed = page.backwards ? { ...spec, order: reverseOrder(spec.order) } : spec;
  const bounds = { after: start?.position, before: end?.position };
  // One more than the page tells whether there is another.
  const window = { limit: page.size + 1, offset: page.offset };
  const { origin } = spec;
  const hasOpposite = start !== undefined || page.offset > 0;
  const toPage = (rows: ReadonlyArray<Row>): Page => cutPage(rows, page, hasOpposite);
  if (origin.kind === 'type' || origin.parents.length === 1) {
    const rows = await readWindow(snapshot, directed, bounds, window);
    return () => toPage(rows);
  }
  const rowsByParent = groupByParent(await readAll(snapshot, directed, bounds));
  return (parent) =>
    toPage((rowsByParent.get(parent) ?? []).slice(page.offset, page.offset + window.limit));
}

function cutPage(rows: ReadonlyArray<Row>, page: PageRequest, hasOpposite: boolean): Page {
  const hasMore = rows.length > page.size;
  const kept = rows.slice(0, page.size);
  return page.backwards
    ? { rows: kept.reverse(), hasNextPage: hasOpposite, hasPreviousPage: hasMore }
    : { rows: kept, hasNextPage: hasMore, hasPreviousPage: hasOpposite };
}

/** Segment after segment until the window is full: nearly always the first one is enough. */
async function readWindow(
  snapshot: Snapshot,
  spec: ListSpec,
  bounds: Bounds,
  window: Window,
): Promise<ReadonlyArray<Row>> {
  const rows: Row[] = [];
  let { offset } = window;
  for (const segment of segmentsOf(spec, bounds)) {
    const limit = window.limit - rows.length;
    if (limit <= 0) break;
    const query = rowQuery(spec, segment, bounds, { limit, offset });
    const found = (await run(snapshot, query)) as ReadonlyArray<ReadonlyArray<EdnData>>;
    rows.push(...found.map(query.toRow));
    if (found.length > 0) offset = 0;
    else if (offset > 0) {
      offset -= Number((await run(snapshot, segmentCountQuery(spec, segment, bounds))) ?? 0);
    }
  }
  return rows;
}

/** Every row, for lists of many parents: each takes its own page of them. */
async function readAll(
  snapshot: Snapshot,
  spec: ListSpec,
  bounds: Bounds,
): Promise<ReadonlyArray<Row>> {
  const found = await Promise.all(
    segmentsOf(spec, bounds).map(async (segment) => {
      const query = rowQuery(spec, segment, bounds, undefined);
      const rows = (await run(snapshot, query)) as ReadonlyArray<ReadonlyArray<EdnData>>;
      return rows.map(query.toRow);
    }),
  );
  return found.flat();
}

async function readTotalCounts(
  snapshot: Snapshot,
  spec: ListSpec,
): Promise<(parent: number | undefined) => number> {
  const answer = await run(snapshot, totalCountQuery(spec));
  if (spec.origin.kind === 'type') return () => Number(answer ?? 0);
  const counts = new Map(answer as ReadonlyArray<readonly [parent: number, count: number]>);
  return (parent) => (parent === undefined ? 0 : (counts.get(parent) ?? 0));
}

function groupByParent(
  rows: ReadonlyArray<Row>,
): ReadonlyMap<number | undefined, ReadonlyArray<Row>> {
  const groups = new Map<number | undefined, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.parent) ?? [];
    group.push(row);
    groups.set(row.parent, group);
  }
  return groups;
}

function run(snapshot: Snapshot, form: QueryForm): Promise<EdnData> {
  return snapshot.q(form.query, form.inputs);
}

function targetOf(origin: ListOrigin): string | undefined {
  return origin.kind === 'type' ? origin.type.name : origin.field.target;
}

function originKey(origin: ListOrigin): unknown {
  return origin.kind === 'type'
    ? origin.type.name
    : [origin.field.kind, origin.field.attribute.ident.toString()];
}
