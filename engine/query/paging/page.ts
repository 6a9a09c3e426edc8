/**
 * A page of an answer without the rest of it. An index gives bindings in the order that is wanted, or in any where none is; the clauses
 * that are left are worked out with a batch of them at a time, until the page is full. Whether that is less work than everything is told
 * by counts (`plan-page.ts`); where it turns out not to be, everything is worked out after all.
 */
import type { Suspended } from '../../shared/suspend.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Row } from '../answer/find.ts';
import { firstColumns, inOrder, openNames, rowsOfDistinct } from '../answer/find.ts';
import type { Context } from '../context.ts';
import type { FindElement, Page, Query, Variable } from '../language/ast.ts';
import { firstOfEach, project, take } from '../relation/algebra.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import { RowCodes } from '../relation/row-codes.ts';
import type { Batches } from './batches.ts';
import { BatchRest } from './batch-rest.ts';
import { withNamedEntities } from './named-entities.ts';
import { PageTrace } from './page-trace.ts';
import type { PagePlan } from './plan-page.ts';
import { planPage } from './plan-page.ts';

/** The rows of the page; undefined where everything has to be worked out. */
export function* rowsOfPage(
  context: Context,
  query: Query,
  page: Page,
  wanted: ReadonlySet<Variable>,
): Suspended<Row[] | undefined> {
  const { limit, offset, columns } = page;
  if (limit === undefined || limit === 0) return undefined;
  const asked = (yield* withNamedEntities(context, query)) ?? { context, query };
  const plan = yield* planPage(asked.context, asked.query, limit, offset);
  if (plan === undefined) return undefined;
  const run = new PageRun(asked.context, asked.query, plan, wanted, columns);
  return yield* run.rows(limit, offset);
}

/** A batch has so many rows at most: the work between two looks at whether it is worth it. */
const MAX_BATCH = 8_192;

/** The least that a batch has where clauses are worked out with it. */
const MIN_BATCH = 16;

class PageRun {
  readonly #context: Context;
  readonly #query: Query;
  readonly #plan: PagePlan;
  readonly #rest: BatchRest;
  readonly #names: ReadonlyArray<Variable>;
  /** The columns that are wanted. */
  readonly #columns: number | undefined;
  readonly #shown: ReadonlyArray<FindElement>;
  /** Whether rows of the index have all that is shown, and only those that belong together need more, to be sorted. */
  readonly #isShownByIndex: boolean;
  readonly #trace: PageTrace | undefined;
  /** Rows that were found in batches before, where there may be the same ones again. */
  #known: RowCodes | undefined;

  constructor(
    context: Context,
    query: Query,
    plan: PagePlan,
    wanted: ReadonlySet<Variable>,
    columns: number | undefined,
  ) {
    this.#context = context;
    this.#query = query;
    this.#plan = plan;
    this.#names = openNames(context, query);
    this.#columns = columns;
    this.#shown = query.find.elements.slice(0, columns);
    const { e, v } = plan.access.drive;
    this.#isShownByIndex =
      plan.canSkip && this.#shown.every(({ name }) => name === e || name === v);
    this.#trace = context.trace === undefined ? undefined : new PageTrace(context, plan);
    this.#rest = new BatchRest(context, plan.access, wanted, this.#trace);
  }

  *rows(limit: number, offset: number): Suspended<Row[] | undefined> {
    const batches = this.#plan.access.batches();
    const skipped = this.#plan.canSkip ? yield* batches.skip(offset) : 0;
    return yield* this.#collect(batches, offset - skipped, limit);
  }

  *#collect(batches: Batches, offset: number, limit: number): Suspended<Row[] | undefined> {
    const { access, expected, rest, most, areSeparate, canSkip } = this.#plan;
    const isWhole = rest.length === 0 && access.drive.isWhole;
    const wanted = offset + limit;
    const isOrdered = this.#query.orderBy.length > 0 && !isWhole;
    let found: Row[] = [];
    const isOneForOne = canSkip || (rest.length === 0 && areSeparate);
    let size = isOneForOne ? wanted : Math.max(MIN_BATCH, expected);
    let spent = 0;
    while (found.length < wanted) {
      const spans = yield* batches.next(Math.min(size, MAX_BATCH));
      if (spans.length === 0) {
        // Who finds nothing at all has to hear what is wrong with the query.
        if (batches.count === 0) return undefined;
        break;
      }
      const bindings = yield* access.bindingsOf(spans);
      spent += this.#plan.costOf(bindings.length);
      const rows = this.#isShownByIndex
        ? yield* this.#rowsAsFound(bindings, batches.tiesIn(spans))
        : yield* this.#rowsOf(bindings, isOrdered ? wanted - found.length : undefined);
      found = found.length === 0 ? rows : found.concat(rows);
      if (found.length < wanted && spent > most) {
        this.#trace?.giveUp(batches.count);
        return undefined;
      }
      if (bindings.length > ROWS_PER_PAUSE / 2) yield PAUSE;
      size = Math.min(2 * size, MAX_BATCH);
    }
    if (this.#trace !== undefined) yield* this.#trace.end(batches.count);
    return found.length <= limit && offset === 0 ? found : found.slice(offset, wanted);
  }

  /** The rows of the answer that some bindings lead to and none before did; `count`: so many of them at most, in order. */
  *#rowsOf(bindings: Relation, count: number | undefined): Suspended<Row[]> {
    const solved = yield* this.#rest.solve(bindings);
    if (solved.length === 0) return [];
    const distinct = yield* project(solved, this.#names);
    const fresh = this.#plan.areSeparate ? distinct : yield* this.#unknownOf(distinct);
    const { elements } = this.#query.find;
    let rows = yield* rowsOfDistinct(this.#context, elements, fresh);
    if (count !== undefined) rows = yield* inOrder(this.#query, rows, count);
    return this.#columns === undefined ? rows : firstColumns(rows, this.#columns);
  }

  /** The rows of the index as they are, but for ties: those are sorted by what is read of them alone, and stay at the places of all of them. */
  *#rowsAsFound(bindings: Relation, ties: ReadonlyArray<number>): Suspended<Row[]> {
    const rows = yield* rowsOfDistinct(this.#context, this.#shown, bindings);
    if (ties.length === 0) return rows;
    const tied = yield* take(bindings, Int32Array.from(ties));
    const sorted = yield* this.#rowsOf(tied, ties.length);
    for (const [i, place] of ties.entries()) rows[place] = sorted[i]!;
    return rows;
  }

  *#unknownOf(found: Relation): Suspended<Relation> {
    const known = (this.#known ??= new RowCodes(found.variables.length));
    const before = known.count;
    const codes = yield* known.assign(found.columns, found.length);
    if (before === 0) return found;
    const shifted = codes.map((code) => code - before);
    return yield* take(found, firstOfEach(shifted, known.count - before));
  }
}
