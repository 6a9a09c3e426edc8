/**
 * The rows of lists: one page of a type, or a page for each of many parents with one question for all of them.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { FoldName } from '../../schema/model/folds.ts';
import type { ScalarField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { PageOptions } from '../../services/reader/reader.ts';
import type { ListArguments, Where } from '../select/selection.ts';
import type { AsOf } from './as-of.ts';
import { changedSince } from './changed-since.ts';
import type { DirectedPlan, ListPlan } from './list-plan.ts';
import { localWhere } from './foreign-keys.ts';
import { isOfOwnValues, LinkPages } from './link-pages.ts';
import type { PageOf } from './pages.ts';
import { cutRows } from './pages.ts';
import { originKey, targetOf } from './list-plan.ts';
import { basisOf, cursorWriter, decodeCursor, hashList } from './query/cursor.ts';
import type { Cursor } from './query/cursor.ts';
import type { Bounds, ListOrigin, Position, PositionSlots } from './query/list-clauses.ts';
import type { Row, RowQuery } from './query/list-query.ts';
import type { Order } from './query/order.ts';
import type { PageRequest } from './query/page.ts';
import { parsePage } from './query/page.ts';
import { shapeWhere, Slots } from './query/slots.ts';
import type { ReadScope } from './scope.ts';

/** Some folds of the values of one field. */
export interface FoldsOfField {
  readonly field: ScalarField;
  readonly folds: ReadonlyArray<FoldName>;
}

/** Beside each field the values of its folds. */
export type FoldsOf = (parent: number | undefined) => ReadonlyArray<ReadonlyArray<EdnData>>;

/** The parents of a list of a type. */
export const NO_PARENTS: ReadonlyArray<undefined> = [undefined];

/** A list that was asked for: its pages and its length, read when they are wanted. */
export class List {
  /** The scope that everything on the list's pages is read from: that of the cursor where there is one. */
  readonly scope: ReadScope;
  readonly #plan: ListPlan;
  readonly #page: PageRequest;
  readonly #slots: Slots;
  readonly #cursors: Cursors;
  readonly #hash: () => string;
  /** Whether everything of its origin is on it. */
  readonly #isWhole: boolean;
  #writeCursor: ((position: Position) => string) | undefined;

  private constructor(
    scope: ReadScope,
    plan: ListPlan,
    page: PageRequest,
    slots: Slots,
    cursors: Cursors,
    hash: () => string,
    isWhole: boolean,
  ) {
    this.scope = scope;
    this.#plan = plan;
    this.#page = page;
    this.#slots = slots;
    this.#cursors = cursors;
    this.#hash = hash;
    this.#isWhole = isWhole;
  }

  /** @throws BAD_USER_INPUT, BAD_CURSOR */
  static async open(
    scope: ReadScope,
    origin: ListOrigin,
    list: ListArguments,
    defaultSize?: number,
  ): Promise<List> {
    const page = parsePage(list, defaultSize);
    const isGoingOn = page.after !== undefined || page.before !== undefined;
    const pinned = isGoingOn ? await pin(scope, page) : scope;
    const slots = new Slots([undefined, ...scope.claims]);
    const reserved = slots.values.length;
    const asked = list.where ?? NOTHING;
    const since = list.since ?? undefined;
    const where = since === undefined ? asked : await whereChanged(pinned, origin, asked, since);
    const orderBy = list.orderBy ?? NO_ORDER;
    const localizing = localWhere(scope, targetOf(origin), where);
    const local = localizing instanceof Promise ? await localizing : localizing;
    const plan = scope.lists.of(origin, shapeWhere(local, slots), orderBy);
    let known: string | undefined;
    const hash = (): string =>
      (known ??= hashList([originKey(origin), asked, orderBy, scope.asOf ?? null, since]));
    const cursors = readCursors(page, hash, plan);
    const hasCursor = cursors.after !== undefined || cursors.before !== undefined;
    const isWhole =
      !hasCursor &&
      slots.values.length === reserved &&
      !scope.lists.rules.isRestricted &&
      isEmpty(where);
    return new List(pinned, plan, page, slots, cursors, hash, isWhole);
  }

  cursorOf(position: Position): string {
    this.#writeCursor ??= cursorWriter(this.scope.snapshot.basisTx, this.#hash(), this.#plan.order);
    return this.#writeCursor(position);
  }

  /** One page of each parent. Of an order that takes more than the index gives, places cost less where nobody asks for their positions. */
  async pages(
    parents: ReadonlyArray<number | undefined>,
    wantsPositions: boolean,
  ): Promise<PageOf> {
    const page = this.#page;
    const { origin } = this.#plan;
    if (this.#isWhole && origin.kind === 'link') {
      const { order } = this.#plan;
      const isAsStored = order.keys.length === 0 && !order.entityDescending && !page.backwards;
      const links = new LinkPages(this.scope.snapshot, origin.field, page);
      // An index has the page as it is.
      if (isAsStored) return links.asStored(parents as ReadonlyArray<number>);
      // Of one parent an index may have the page, too.
      if (parents.length > 1 && isOfOwnValues(order))
        return links.sorted(order, parents as ReadonlyArray<number>);
    }
    const [start, end] = page.backwards
      ? [this.#cursors.before, this.#cursors.after]
      : [this.#cursors.after, this.#cursors.before];
    const plan = this.#plan.directed(page.backwards);
    const bounds = { after: this.#slotsOf(start?.position), before: this.#slotsOf(end?.position) };
    const hasOpposite = start !== undefined || page.offset > 0;
    this.#slots.values[0] = parents;
    // One more than the page tells whether there is another.
    const window = { limit: page.size + 1, offset: page.offset };
    if (parents.length === 1) {
      const rows = await this.#readWindow(plan, bounds, window, wantsPositions);
      return () => cutRows(rows, page, hasOpposite);
    }
    const rowsByParent = groupByParent(await this.#readAll(plan, bounds));
    return (parent) => {
      const rows = rowsByParent.get(parent) ?? NO_ROWS;
      return cutRows(rows.slice(page.offset, page.offset + window.limit), page, hasOpposite);
    };
  }

  /** The first rows of a list of a type. */
  async first(limit: number): Promise<ReadonlyArray<Row>> {
    this.#slots.values[0] = NO_PARENTS;
    const window = { limit, offset: 0 };
    return this.#readWindow(this.#plan.directed(false), NO_BOUNDS, window, true);
  }

  get order(): Order {
    return this.#plan.order;
  }

  /** Of some entities those that a list of a type has, whatever the page. */
  async among(entities: ReadonlyArray<number>): Promise<ReadonlySet<number>> {
    const { query, inputs } = this.#plan.members;
    this.#slots.values[0] = entities;
    const found = await this.scope.snapshot.q(query, inputs(this.#slots.values));
    return new Set(found as ReadonlyArray<number>);
  }

  /** How many entities the list of each parent has. */
  async totalCounts(
    parents: ReadonlyArray<number | undefined>,
  ): Promise<(parent: number | undefined) => number> {
    const { query, inputs } = this.#plan.totalCount;
    this.#slots.values[0] = parents;
    const answer = await this.scope.snapshot.q(query, inputs(this.#slots.values));
    if (this.#plan.origin.kind === 'type') return () => Number(answer ?? 0);
    const counts = new Map(answer as ReadonlyArray<readonly [parent: number, count: number]>);
    return (parent) => (parent === undefined ? 0 : (counts.get(parent) ?? 0));
  }

  /** What the values of some fields come to, in the list of each parent: a value beside each fold, none where there is nothing to fold. */
  async folds(
    wanted: ReadonlyArray<FoldsOfField>,
    parents: ReadonlyArray<number | undefined>,
  ): Promise<FoldsOf> {
    this.#slots.values[0] = parents;
    const isLink = this.#plan.origin.kind === 'link';
    const answers = await Promise.all(
      wanted.map(async ({ field, folds }) => {
        const { query, inputs } = this.#plan.folds(field, folds);
        const rows = await this.scope.snapshot.q(query, inputs(this.#slots.values));
        return new Map(
          (rows as ReadonlyArray<ReadonlyArray<EdnData>>).map((row) =>
            isLink ? [row[0] as number | undefined, row.slice(1)] : [undefined, row],
          ),
        );
      }),
    );
    return (parent) => answers.map((answer) => answer.get(parent) ?? NO_VALUES);
  }

  /** Segment after segment until the window is full: nearly always the first one is enough. */
  async #readWindow(
    plan: DirectedPlan,
    bounds: Bounds,
    window: { readonly limit: number; readonly offset: number },
    wantsPositions: boolean,
  ): Promise<ReadonlyArray<Row>> {
    const { snapshot } = this.scope;
    const { values } = this.#slots;
    let rows: ReadonlyArray<Row> = NO_ROWS;
    let { offset } = window;
    for (const segment of plan.segments(bounds)) {
      const limit = window.limit - rows.length;
      if (limit <= 0) break;
      const rowQuery = plan.rows(segment, bounds);
      const columns = wantsPositions ? undefined : rowQuery.entityColumns;
      const found = await this.#ask(rowQuery, { limit, offset, columns });
      rows = rows.length === 0 ? found : [...rows, ...found];
      if (found.length > 0) offset = 0;
      else if (offset > 0) {
        const { query, inputs } = plan.count(segment, bounds);
        offset -= Number((await snapshot.q(query, inputs(values))) ?? 0);
      }
    }
    return rows;
  }

  /** Every row, for lists of many parents: each takes its own page of them. */
  async #readAll(plan: DirectedPlan, bounds: Bounds): Promise<ReadonlyArray<Row>> {
    const found = await Promise.all(
      plan.segments(bounds).map((segment) => this.#ask(plan.rows(segment, bounds), undefined)),
    );
    return found.flat();
  }

  async #ask(
    { query, inputs, toRow }: RowQuery,
    window: PageOptions | undefined,
  ): Promise<ReadonlyArray<Row>> {
    const found = await this.scope.snapshot.q(query, inputs(this.#slots.values), window);
    return (found as ReadonlyArray<ReadonlyArray<EdnData>>).map(toRow);
  }

  /** A position with its values in slots. */
  #slotsOf(position: Position | undefined): PositionSlots | undefined {
    if (position === undefined) return undefined;
    const slots = this.#slots;
    return {
      entity: slots.add(position.entity),
      values: position.values.map((value) => (value === null ? null : slots.add(value))),
    };
  }
}

const NOTHING = {};
const NO_BOUNDS: Bounds = { after: undefined, before: undefined };
const NO_ORDER: ReadonlyArray<never> = [];
const NO_ROWS: ReadonlyArray<Row> = [];
const NO_VALUES: ReadonlyArray<EdnData> = [];

function isEmpty(where: object): boolean {
  return Object.values(where).every((value) => value === undefined);
}

interface Cursors {
  readonly after: Cursor | undefined;
  readonly before: Cursor | undefined;
}

function readCursors(page: PageRequest, hash: () => string, { order }: ListPlan): Cursors {
  const read = (text: string | undefined): Cursor | undefined =>
    text === undefined ? undefined : decodeCursor(text, hash(), order);
  return { after: read(page.after), before: read(page.before) };
}

/** The scope at the transaction that cursors are of. */
async function pin(scope: ReadScope, { after, before }: PageRequest): Promise<ReadScope> {
  const [basisTx = scope.snapshot.basisTx, other = basisTx] = [after, before].flatMap((cursor) =>
    cursor === undefined ? [] : [basisOf(cursor)],
  );
  if (basisTx !== other)
    throw new DatabaseError('BAD_CURSOR', 'after and before come from different transactions');
  if (scope.isPast || basisTx === scope.snapshot.basisTx) return scope;
  // Whoever may not see what was reads on in what is.
  if (scope.lists.ofPast !== scope.lists) return scope;
  return { ...scope, snapshot: await scope.snapshotAt(basisTx) };
}

/** With what has changed since a point in time, up to the state that is read. */
async function whereChanged(
  scope: ReadScope,
  origin: ListOrigin,
  where: Where,
  since: AsOf,
): Promise<Where> {
  if (origin.kind !== 'type') throw new Error('Expected since of lists of a type alone');
  const changed = await changedSince(scope, origin.type, since);
  return { _and: [where, { id: { in: changed.map(scope.encodeId) } }] };
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
