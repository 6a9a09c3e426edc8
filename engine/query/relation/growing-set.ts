/** A relation that grows: tells what of that which is added is new. */
import { budget } from '../../shared/budget.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../variable.ts';
import { take } from './algebra.ts';
import { concat } from './column.ts';
import { Relation } from './relation.ts';
import { RowCodes } from './row-codes.ts';

export class GrowingSet {
  readonly variables: ReadonlyArray<Variable>;
  length = 0;
  readonly #codes: RowCodes;
  readonly #parts: Relation[] = [];
  /** How many of the parts were taken as new. */
  #taken = 0;

  constructor(variables: ReadonlyArray<Variable>) {
    this.variables = variables;
    this.#codes = new RowCodes(variables.length);
  }

  /** The columns have the order of the variables, whatever the relation calls them; the rows need not be distinct. */
  *add(relation: Relation): Suspended<void> {
    const added = relation.rename(this.variables);
    const rows = this.variables.length === 0 ? this.#first(added) : yield* this.#new(added);
    if (rows.length === 0) return;
    const part = yield* take(added, rows);
    this.#parts.push(part);
    this.length += rows.length;
    budget().checkRows(this.length);
    budget().hold(part.bytes);
  }

  /** All rows. */
  all(): Relation {
    const whole = this.#join(this.#parts);
    // What was put together once need not be again.
    if (this.#taken === this.#parts.length && this.#parts.length > 1) {
      this.#parts.splice(0, this.#parts.length, whole);
      this.#taken = 1;
    }
    return whole;
  }

  /** The rows that came since this was asked before. */
  takeNew(): Relation {
    const fresh = this.#join(this.#parts.slice(this.#taken));
    this.#taken = this.#parts.length;
    return fresh;
  }

  #first({ length }: Relation): Int32Array {
    return new Int32Array(this.length === 0 && length > 0 ? 1 : 0);
  }

  *#new({ columns, length }: Relation): Suspended<Int32Array> {
    let next = this.#codes.count;
    const codes = yield* this.#codes.assign(columns, length);
    const rows = new Int32Array(this.#codes.count - next);
    for (let row = 0, count = 0; count < rows.length; row++) {
      if (codes[row] !== next) continue;
      rows[count++] = row;
      next++;
    }
    return rows;
  }

  #join(parts: ReadonlyArray<Relation>): Relation {
    const [first] = parts;
    if (first === undefined) return Relation.empty(this.variables);
    if (parts.length === 1) return first;
    const columns = this.variables.map((_, place) =>
      concat(parts.map((part) => part.columns[place]!)),
    );
    return new Relation(
      this.variables,
      columns,
      parts.reduce((length, part) => length + part.length, 0),
    );
  }
}
