/** A relation that grows round by round: what is added becomes known with the next round, in which it is fresh. */
import { must } from '../../shared/assert.ts';
import { budget } from '../../shared/budget.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Variable } from '../variable.ts';
import { ROWS_PER_PAUSE } from './column.ts';
import type { IntegerColumns } from './integer-rows.ts';
import { IntegerRows, integersOf } from './integer-rows.ts';
import { Relation } from './relation.ts';
import { ValueRows } from './value-rows.ts';

export class GrowingSet {
  readonly variables: ReadonlyArray<Variable>;
  /** How many rows are known; those after them were added in this round. */
  known = 0;
  /** Where the rows begin that became known with this round. */
  freshFrom = 0;
  #rows: IntegerRows | ValueRows;

  constructor(variables: ReadonlyArray<Variable>) {
    this.variables = variables;
    this.#rows = IntegerRows.empty(variables.length);
  }

  /** The rows, while all values are integers, as entities are. */
  get integers(): IntegerRows | undefined {
    return this.#rows instanceof IntegerRows ? this.#rows : undefined;
  }

  /** Whether there are other values than integers. */
  get hasValues(): boolean {
    return this.#rows instanceof ValueRows;
  }

  get isFresh(): boolean {
    return this.freshFrom < this.known;
  }

  /** The columns have the order of the variables, whatever the relation calls them; the rows need not be distinct. */
  *add({ columns, length }: Relation): Suspended<void> {
    // Columns of no rows are of no kind.
    if (length === 0) return;
    const integers = this.#rows instanceof IntegerRows ? integersOf(columns) : undefined;
    if (integers === undefined) {
      const rows = (this.#rows = yield* valueRows(this.#rows, this.variables.length));
      yield* rows.add(columns, length);
    } else
      for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
        if (start > 0) yield PAUSE;
        yield* this.addIntegers(integers, start, Math.min(length, start + ROWS_PER_PAUSE));
      }
    budget().checkRows(this.#rows.length, this.variables.length);
  }

  /** As {@link add}, rows `from <= i < to`, no more than between two pauses, while all values are integers. */
  *addIntegers(columns: IntegerColumns, from: number, to: number): Suspended<void> {
    const rows = must(this.integers, 'rows of integers');
    if (!rows.hasRoomFor(to - from)) yield* rows.makeRoom(to - from);
    rows.add(columns, from, to);
    budget().checkRows(rows.length, this.variables.length);
  }

  /** A new round. Tells whether anything became known. @throws LIMIT_EXCEEDED where that is more than may be held */
  advance(): boolean {
    this.freshFrom = this.known;
    this.known = this.#rows.length;
    if (this.isFresh) budget().hold(this.fresh().bytes);
    return this.isFresh;
  }

  /** All rows that are known. */
  all(): Relation {
    return this.#slice(0);
  }

  /** Of these, those that were not in the round before. */
  fresh(): Relation {
    return this.#slice(this.freshFrom);
  }

  #slice(from: number): Relation {
    const columns =
      this.#rows instanceof IntegerRows
        ? this.#rows.columns.map((column) => column.subarray(from, this.known))
        : this.#rows.columns(from, this.known);
    return new Relation(this.variables, columns, this.known - from);
  }
}

function* valueRows(rows: IntegerRows | ValueRows, columnCount: number): Suspended<ValueRows> {
  if (rows instanceof ValueRows) return rows;
  const values = new ValueRows(columnCount);
  const columns = rows.columns.map((column) => column.subarray(0, rows.length));
  yield* values.add(columns, rows.length);
  return values;
}
