/** Bindings to the answer: projection, aggregates, pulls, maps, order and limits, in the shape that `:find` asks for. */
import type { EdnData, Value } from '../../../schema/value.ts';
import { compareValues } from '../../datom/value-order.ts';
import { requireEntity } from '../../db/lookup.ts';
import type { PullPlan } from '../../pull/parse.ts';
import { pullMany } from '../../pull/pull-levels.ts';
import { must } from '../../shared/assert.ts';
import { budget } from '../../shared/budget.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { aggregate } from './aggregate.ts';
import type { Grouping } from './fold.ts';
import { foldGroups } from './fold.ts';
import type { RowGroups } from '../relation/algebra.ts';
import { firstOfEach, project, rowsByCode } from '../relation/algebra.ts';
import type { Column, Rows } from '../relation/column.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import type { FindElement, OrderKey, Page, Query, Variable } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { databaseOf } from '../context.ts';
import type { Piece } from '../relation/piecewise.ts';
import type { Relation } from '../relation/relation.ts';
import { RowCodes } from '../relation/row-codes.ts';
import { sorted } from './sort.ts';

export type Row = EdnData[];

/** `patterns`: pull patterns that came in as inputs, by name. */
export function* findAll(
  context: Context,
  query: Query,
  page: Page,
  bindings: Relation,
  patterns: ReadonlyMap<string, PullPlan>,
): Suspended<EdnData> {
  if (bindings.length === 0) return shaped([], query);
  const elements = query.find.elements.map((element) => withInputs(context, element, bindings));
  const found = yield* project(bindings, openNames(context, query));
  const hasAggregate = elements.some(({ kind }) => kind === 'aggregate');
  let rows = hasAggregate
    ? yield* aggregateRows(elements, new Answers(context, found))
    : yield* rowsOfDistinct(context, query.find.elements, found);
  if (query.orderBy.length > 0) {
    const wanted = page.limit === undefined ? undefined : page.offset + page.limit;
    rows = yield* inOrder(query, rows, wanted);
  }
  return yield* answerWith(context, query, rowsOn(page, rows), patterns);
}

/** The rows of a page as the answer: with what is pulled, and in the shape that is asked for. */
export function* answerWith(
  context: Context,
  query: Query,
  rows: Row[],
  patterns: ReadonlyMap<string, PullPlan>,
): Suspended<EdnData> {
  const { elements } = query.find;
  if (elements.some(({ kind }) => kind === 'pull'))
    yield* pullInto(context, elements, rows, patterns);
  return shaped(rows, query);
}

/** Rows without aggregates, one for each of some distinct bindings of {@link openNames}. */
export function* rowsOfDistinct(
  context: Context,
  elements: ReadonlyArray<FindElement>,
  bindings: Relation,
): Suspended<Row[]> {
  const answers = new Answers(context, bindings);
  const columns = elements.map(({ name }) => answers.column(name));
  return yield* rowsOf(columns, bindings.length);
}

/** Rows, or the first so many, in the order that is asked for. */
export function inOrder(query: Query, rows: Row[], count: number | undefined): Suspended<Row[]> {
  return sorted(rows, compareBy(query.orderBy), count);
}

/** The variables whose distinct values are the answer, but for single inputs. */
export function openNames({ constants }: Context, query: Query): ReadonlyArray<Variable> {
  const names = namesIn(query);
  return constants.size === 0 ? names : names.filter((name) => !constants.has(name));
}

const namesByQuery = new WeakMap<Query, ReadonlyArray<Variable>>();

/** The variables whose distinct values are the answer. */
function namesIn(query: Query): ReadonlyArray<Variable> {
  let names = namesByQuery.get(query);
  if (names === undefined) {
    names = [...new Set([...query.find.elements.map(({ name }) => name), ...query.with])];
    namesByQuery.set(query, names);
  }
  return names;
}

/** The answer of a query that finds variables and has one row, or none. */
export function answerOf(row: Row | undefined, query: Query, page: Page): EdnData {
  return shaped(rowsOn(page, row === undefined ? [] : [row]), query);
}

/** The distinct bindings that the answer is made of, with the single inputs beside them. */
class Answers {
  readonly length: number;
  readonly #constants: Context['constants'];
  readonly #bindings: Relation;

  constructor({ constants }: Context, bindings: Relation) {
    this.length = bindings.length;
    this.#constants = constants;
    this.#bindings = bindings;
  }

  column(name: Variable): Column {
    if (this.#bindings.has(name)) return this.#bindings.column(name);
    const value = this.#constants.get(name);
    if (value === undefined) return this.#bindings.column(name);
    return new Array<EdnData>(this.length).fill(value);
  }

  pieces(name: Variable): ReadonlyArray<Piece> {
    if (this.#bindings.has(name)) return this.#bindings.pieces(name);
    return [{ column: this.column(name), lo: 0, hi: this.length }];
  }
}

/** What an array takes beside its values. */
const BYTES_PER_ROW = 48;

function* rowsOf(columns: ReadonlyArray<Column>, length: number): Suspended<Row[]> {
  budget().hold(length * (BYTES_PER_ROW + columns.length * 8));
  const rows = new Array<Row>(length);
  for (let start = 0; start < rows.length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    fillRows(rows, columns, start, Math.min(rows.length, start + ROWS_PER_PAUSE));
  }
  return rows;
}

/** An aggregate with inputs in the place of their values: `(min ?n ?x)`, `(aggregate ?f ?x)`. */
function withInputs(context: Context, element: FindElement, bindings: Relation): FindElement {
  if (element.kind !== 'aggregate') return element;
  const valueOf = (name: string): EdnData =>
    context.constants.get(name) ?? (bindings.has(name) ? (bindings.column(name)[0] ?? null) : null);
  return {
    ...element,
    function: element.function.startsWith('?')
      ? String(valueOf(element.function))
      : element.function,
    arguments: element.arguments.map((term) =>
      term.kind === 'variable' ? { kind: 'constant', value: valueOf(term.name) } : term,
    ),
  };
}

/** Rows of up to three columns, as most are, are written down as what they are. */
function fillRows(rows: Row[], columns: ReadonlyArray<Column>, start: number, end: number): void {
  const [a, b, c] = columns;
  if (columns.length === 1) for (let row = start; row < end; row++) rows[row] = [a![row]!];
  else if (columns.length === 2)
    for (let row = start; row < end; row++) rows[row] = [a![row]!, b![row]!];
  else if (columns.length === 3)
    for (let row = start; row < end; row++) rows[row] = [a![row]!, b![row]!, c![row]!];
  else
    for (let row = start; row < end; row++) {
      const values = new Array<EdnData>(columns.length);
      for (let i = 0; i < columns.length; i++) values[i] = columns[i]![row]!;
      rows[row] = values;
    }
}

function* aggregateRows(elements: ReadonlyArray<FindElement>, answers: Answers): Suspended<Row[]> {
  if (answers.length === 0) return [];
  const grouping = yield* groupingOf(elements, answers);
  const columns: EdnData[][] = [];
  let groups: RowGroups | undefined;
  let firsts: Rows | undefined;
  for (const element of elements) {
    const folded =
      element.kind === 'aggregate' && element.arguments.length === 0
        ? yield* foldGroups(element.function, answers.pieces(element.name), grouping)
        : undefined;
    if (element.kind !== 'aggregate') {
      firsts ??= firstOfEach(must(grouping.groupOf, 'groups by a value'), grouping.count);
      columns.push(Array.from(firsts, (row) => answers.column(element.name)[row]!));
    } else {
      if (folded === undefined)
        groups ??= rowsByCode(grouping.groupOf ?? new Int32Array(answers.length), grouping.count);
      columns.push(folded ?? (yield* eachGroup(element, answers, groups!)));
    }
  }
  return yield* rowsOf(columns, grouping.count);
}

/** Rows that agree in what is not aggregated are one group; groups are in the order in which they are met. */
function* groupingOf(elements: ReadonlyArray<FindElement>, answers: Answers): Suspended<Grouping> {
  const keys = elements
    .filter(({ kind }) => kind !== 'aggregate')
    .map(({ name }) => answers.column(name));
  const { length } = answers;
  if (keys.length === 0) return { groupOf: undefined, count: 1, length };
  const codes = new RowCodes(keys.length);
  const groupOf = yield* codes.assign(keys, length);
  return { groupOf, count: codes.count, length };
}

type Aggregated = Extract<FindElement, { readonly kind: 'aggregate' }>;

function* eachGroup(
  element: Aggregated,
  answers: Answers,
  { firsts, rows }: RowGroups,
): Suspended<EdnData[]> {
  const values: EdnData[] = [];
  for (let group = 0; group + 1 < firsts.length; group++) {
    values.push(
      yield* elementOf(element, answers, rows.subarray(firsts[group], firsts[group + 1])),
    );
    yield PAUSE;
  }
  return values;
}

function* elementOf(element: Aggregated, answers: Answers, rows: Rows): Suspended<EdnData> {
  const column = answers.column(element.name);
  const args = element.arguments.map((term) => (term.kind === 'constant' ? term.value : null));
  const values = new Array<EdnData>(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = column[rows[i]!]!;
  return yield* aggregate(element.function, values, args);
}

function compareBy(orderBy: ReadonlyArray<OrderKey>): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { index, isDescending } of orderBy) {
      const order = compareNullable(a[index]!, b[index]!);
      if (order !== 0) return isDescending ? -order : order;
    }
    return 0;
  };
}

function compareNullable(a: EdnData, b: EdnData): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return compareValues(a as Value, b as Value);
}

function rowsOn({ limit, offset, columns }: Page, rows: Row[]): Row[] {
  const isAll = limit === undefined && offset === 0;
  const wanted = isAll
    ? rows
    : rows.slice(offset, limit === undefined ? undefined : offset + limit);
  return columns === undefined ? wanted : firstColumns(wanted, columns);
}

/** Rows without what follows their first columns. */
export function firstColumns(rows: ReadonlyArray<Row>, columns: number): Row[] {
  return rows.map((row) => row.slice(0, columns));
}

/** Puts what is pulled in the place of the entities, all rows of an element in one pass. */
function* pullInto(
  context: Context,
  elements: ReadonlyArray<FindElement>,
  rows: ReadonlyArray<Row>,
  patterns: ReadonlyMap<string, PullPlan>,
): Suspended<void> {
  for (const [i, element] of elements.entries()) {
    if (element.kind !== 'pull') continue;
    const { pattern } = element;
    const plan =
      typeof pattern === 'string'
        ? must(patterns.get(pattern), 'an input for the pattern')
        : pattern;
    const db = databaseOf(context, element.source);
    const ids: number[] = [];
    for (const [place, row] of rows.entries()) {
      ids.push(yield* requireEntity(db, row[i]!));
      if (place % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
    }
    const pulled = yield* pullMany(db, plan, ids);
    for (const [place, row] of rows.entries()) row[i] = pulled[place] ?? null;
  }
}

function shaped(rows: Row[], query: Query): EdnData {
  const { keys, find } = query;
  const toMap = (row: Row): EdnData =>
    keys === undefined ? row : new Map(keys.map((key, i) => [key, row[i]!]));
  switch (find.kind) {
    case 'relation':
      return keys === undefined ? rows : rows.map(toMap);
    case 'collection':
      return rows.map((row) => row[0]!);
    case 'tuple':
      return rows[0] === undefined ? null : toMap(rows[0]);
    case 'scalar':
      return rows[0]?.[0] ?? null;
  }
}
