/** All entities of several databases in one order, however many there are: of each database a window of places, and the next one when that is used up. */
import type { OperationContext } from '../http/context.ts';
import { withTimeAnew } from '../http/context.ts';
import { inParts, WINDOW } from '../read/entity-lines.ts';
import { List, NO_PARENTS } from '../read/list.ts';
import type { Row } from '../read/query/list-query.ts';
import type { Order } from '../read/query/order.ts';
import type { FoundRow, ReadRows, RowsAsked } from './found-rows.ts';
import { NO_ORDER, originIn, writeRows } from './found-rows.ts';
import { RowMerge } from './merge-rows.ts';
import { failureIn, scopesOf } from './set-scopes.ts';
import { chosen } from './set-view.ts';
import { someAtATime } from './some-at-a-time.ts';

/** The fewest places that are asked for in one database, however many databases there are. */
const MIN_WINDOW = 100;

/** How many rows are handed on together. */
const BATCH = 500;

export interface RowLinesRequest extends RowsAsked {
  readonly context: OperationContext;
  readonly readerOf: (database: string) => ReadRows;
  /** Takes note of rows that are read now. */
  readonly charge: (rows: number) => void;
  /** What could not be read since it was asked last is thrown. */
  readonly throwFailure: () => void;
}

/** Some lines at a time; `first` has no bound here. @throws BAD_USER_INPUT, and what reading a database throws */
export async function* readRowLines(request: RowLinesRequest): AsyncGenerator<string, void> {
  const { context, given, at, readerOf, charge, throwFailure, type } = request;
  yield* inParts(windowsOf(request), async (part) => {
    charge(part.length);
    const now = withTimeAnew(context);
    const open = scopesOf(now, given.asOf);
    const databases = Array.from(new Set(part.map(({ database }) => database)));
    const opened = await someAtATime(databases, async (database) => {
      return [database, await open(database, type.name)] as const;
    });
    const texts = await writeRows(now, at, { rows: part, scopes: new Map(opened) }, readerOf);
    throwFailure();
    return texts.map((text) => `${text}\n`).join('');
  });
}

/** The rows of one database from a place on. */
interface Window {
  readonly order: Order;
  readonly rows: ReadonlyArray<Row>;
  /** The cursor that the next window begins after; undefined where there is none. */
  readonly after: string | undefined;
}

async function* windowsOf(request: RowLinesRequest): AsyncGenerator<ReadonlyArray<FoundRow>, void> {
  const { set, given } = request;
  const databases = chosen(set, given);
  let skipped = given.offset ?? 0;
  let left = given.first ?? Infinity;
  const even = Math.max(MIN_WINDOW, Math.floor(WINDOW / Math.max(1, databases.length)));
  const size = Math.min(even, skipped + left);
  const windows = Array.from(
    await someAtATime(databases, (database) => readWindow(request, database, size)),
  );
  const merge = new RowMerge(windows[0]?.order ?? NO_ORDER);
  for (const [list, { rows }] of windows.entries()) merge.add(list, rows);
  let batch: FoundRow[] = [];
  while (left > 0) {
    const next = merge.next();
    if (next === undefined) break;
    const { list, row, isLast } = next;
    const database = databases[list] ?? '';
    if (skipped > 0) skipped--;
    else {
      batch.push({ database, entity: row.entity });
      left--;
    }
    const after = windows[list]?.after;
    if (isLast && after !== undefined) {
      const window = await readWindow(request, database, size, after);
      windows[list] = window;
      merge.add(list, window.rows);
    }
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

async function readWindow(
  { context, given, type }: RowLinesRequest,
  database: string,
  size: number,
  after: string | null = null,
): Promise<Window> {
  try {
    const scope = await scopesOf(withTimeAnew(context), given.asOf)(database, type.name);
    const list = { ...given, first: null, offset: null, after };
    const opened = await List.open(scope, originIn(scope, type), list, size);
    const page = (await opened.pages(NO_PARENTS, true))(undefined);
    const { entities, positionAt, hasNextPage } = page;
    const rows = entities.map((entity, place) => ({
      parent: undefined,
      entity,
      values: () => positionAt(place).values,
    }));
    const end = hasNextPage ? opened.cursorOf(positionAt(entities.length - 1)) : undefined;
    return { order: opened.order, rows, after: end };
  } catch (error) {
    throw failureIn(database, error);
  }
}
