/** Bindings to the answer: projection, aggregates, pulls, maps, order and limits, in the shape that `:find` asks for. */
import type { EdnData, Value } from '../../schema/value.ts';
import type { ValueKey } from '../../schema/value-key.ts';
import { compareValues } from '../datom/value-order.ts';
import { requireEntity } from '../db/lookup.ts';
import type { PullPlan } from '../pull/parse.ts';
import { pullMany } from '../pull/pull-levels.ts';
import { must } from '../shared/assert.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { aggregate } from './aggregate.ts';
import { ROWS_PER_PAUSE, project } from './algebra.ts';
import type { FindElement, OrderKey, Query } from './ast.ts';
import type { Context } from './context.ts';
import { databaseOf } from './context.ts';
import type { Relation } from './relation.ts';
import { rowKey } from './relation.ts';
import { sorted } from './sort.ts';

type Row = EdnData[];

/** `patterns`: pull patterns that came in as inputs, by name. */
export function* findAll(
  context: Context,
  query: Query,
  bindings: Relation,
  patterns: ReadonlyMap<string, PullPlan>,
): Suspended<EdnData> {
  const elements = query.find.elements.map((element) => withInputs(element, bindings));
  const variables = [...new Set([...elements.map(({ name }) => name), ...query.with])];
  const distinct = yield* project(bindings, variables);
  const hasAggregate = elements.some(({ kind }) => kind === 'aggregate');
  let rows = hasAggregate
    ? yield* aggregateRows(elements, distinct)
    : yield* plainRows(elements, distinct);
  if (query.orderBy.length > 0) {
    const wanted = query.limit === undefined ? undefined : query.offset + query.limit;
    rows = yield* sorted(rows, compareBy(query.orderBy), wanted);
  }
  rows = page(rows, query);
  yield* pullInto(context, elements, rows, patterns);
  return shaped(rows, query);
}

function* plainRows(elements: ReadonlyArray<FindElement>, bindings: Relation): Suspended<Row[]> {
  const columns = elements.map(({ name }) => bindings.column(name));
  const rows: Row[] = [];
  for (let row = 0; row < bindings.length; row++) {
    rows.push(columns.map((column) => column[row]!));
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return rows;
}

/** An aggregate with inputs in the place of their values: `(min ?n ?x)`, `(aggregate ?f ?x)`. */
function withInputs(element: FindElement, bindings: Relation): FindElement {
  if (element.kind !== 'aggregate') return element;
  const valueOf = (name: string): EdnData =>
    bindings.has(name) ? (bindings.column(name)[0] ?? null) : null;
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

function* aggregateRows(
  elements: ReadonlyArray<FindElement>,
  bindings: Relation,
): Suspended<Row[]> {
  const keys = elements
    .filter(({ kind }) => kind !== 'aggregate')
    .map(({ name }) => bindings.column(name));
  const rowsByKey = new Map<ValueKey, number[]>();
  for (let row = 0; row < bindings.length; row++) {
    const key = rowKey(keys, row);
    const rows = rowsByKey.get(key);
    if (rows === undefined) rowsByKey.set(key, [row]);
    else rows.push(row);
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  const aggregated: Row[] = [];
  for (const rows of rowsByKey.values()) {
    aggregated.push(elements.map((element) => elementOf(element, bindings, rows)));
    yield PAUSE;
  }
  return aggregated;
}

function elementOf(element: FindElement, bindings: Relation, rows: ReadonlyArray<number>): EdnData {
  const column = bindings.column(element.name);
  if (element.kind !== 'aggregate') return column[rows[0]!]!;
  const args = element.arguments.map((term) => (term.kind === 'constant' ? term.value : null));
  return aggregate(
    element.function,
    rows.map((row) => column[row]!),
    args,
  );
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

function page<T>(rows: T[], { limit, offset }: Query): T[] {
  return limit === undefined && offset === 0
    ? rows
    : rows.slice(offset, limit === undefined ? undefined : offset + limit);
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
    for (const row of rows) ids.push(yield* requireEntity(db, row[i]!));
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
      return rows.map(toMap);
    case 'collection':
      return rows.map((row) => row[0]!);
    case 'tuple':
      return rows[0] === undefined ? null : toMap(rows[0]);
    case 'scalar':
      return rows[0]?.[0] ?? null;
  }
}
