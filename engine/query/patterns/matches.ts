/** The values of a pattern's variables, collected from rows that match it. */
import type { EdnData, Value } from '../../../schema/value.ts';
import { Keyword } from '../../../schema/keyword.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { budget } from '../../shared/budget.ts';
import { attributeName } from '../../datom/attribute-number.ts';
import type { Bound, Columns } from '../../datom/columns.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { PatternClause, Variable } from '../ast.ts';
import type { Column } from '../relation/column.ts';
import { IntegerBuffer, ValueBuffer } from '../relation/column.ts';
import type { Traits } from '../relation/relation.ts';
import { Relation } from '../relation/relation.ts';
import type { Part } from './components.ts';
import { PARTS, isRef } from './components.ts';
import type { EntityMerge } from './entity-merge.ts';

type RowTest = (keys: Columns, row: number) => boolean;

/** Where the values of one variable go. */
interface Output {
  readonly variable: Variable;
  readonly part: Part;
  /** Whether the values are ids: then they go to `integers`. */
  readonly isInteger: boolean;
  readonly integers: IntegerBuffer;
  readonly values: ValueBuffer;
}

export class Matches {
  length = 0;
  readonly #outputs: Output[] = [];
  readonly #tests: RowTest[] = [];
  /** Whether retractions are no matches. */
  readonly #isPresent: boolean;
  readonly #rows = new IntegerBuffer();

  /**
   * `fixed`: the constants of the pattern, `prefix`: those that the index has made sure of. `known`: variables whose values whoever asks
   * has, and has made sure of.
   */
  constructor(
    db: SettledDb,
    { terms }: PatternClause,
    fixed: Bound,
    prefix: Bound,
    known: ReadonlySet<Variable>,
  ) {
    for (const [place, term] of terms.entries()) {
      const part = PARTS[place];
      if (term.kind !== 'variable' || part === undefined) continue;
      const first = terms.findIndex(
        (other) => other.kind === 'variable' && other.name === term.name,
      );
      if (first < place) this.#tests.push(sameParts(PARTS[first]!, part));
      else if (!known.has(term.name))
        this.#outputs.push({
          variable: term.name,
          part,
          isInteger: part === 'e' || part === 'tx' || (part === 'v' && isRef(db, fixed.a)),
          integers: new IntegerBuffer(0),
          values: new ValueBuffer(),
        });
    }
    this.#tests.push(...testsOf(fixed, prefix));
    const added = terms[4];
    if (added?.kind === 'constant')
      this.#tests.push((keys, row) => keys.isAdded(row) === added.value);
    this.#isPresent = db.window?.history !== true;
  }

  /** Rows `lo <= i < hi`. A value that the question of this chunk has is held against that of the row. */
  addRange(keys: Columns, lo: number, hi: number, value?: Value): void {
    const isEqual = value === undefined || isPlain(value) ? undefined : equalTo(value);
    if (!this.#hasTests(keys) && isEqual === undefined) {
      for (const output of this.#outputs) appendRange(output, keys, lo, hi);
      this.length += hi - lo;
    } else {
      const rows = this.#rows;
      rows.clear();
      for (let row = lo; row < hi; row++)
        if (this.#isMatch(keys, row) && (isEqual === undefined || isEqual(keys.v[row]!)))
          rows.push(row);
      this.#append(keys, rows.view());
    }
    budget().checkRows(this.length, this.#outputs.length);
  }

  /** The rows of a merge; those that match stay in it. */
  addMerged(keys: Columns, merge: EntityMerge): void {
    if (this.#hasTests(keys)) {
      const { at, rows, count } = merge;
      merge.count = 0;
      for (let i = 0; i < count; i++) {
        if (!this.#isMatch(keys, rows[i]!)) continue;
        at[merge.count] = at[i]!;
        rows[merge.count++] = rows[i]!;
      }
    }
    this.#append(keys, merge.rows.subarray(0, merge.count));
    budget().checkRows(this.length, this.#outputs.length);
  }

  relation(traits?: Traits): Relation {
    return new Relation(
      this.#outputs.map(({ variable }) => variable),
      this.#outputs.map(columnOf),
      this.length,
      traits,
    );
  }

  #hasTests(keys: Columns): boolean {
    return this.#tests.length > 0 || (this.#isPresent && keys.added !== undefined);
  }

  #isMatch(keys: Columns, row: number): boolean {
    if (this.#isPresent && !keys.isAdded(row)) return false;
    for (const test of this.#tests) if (!test(keys, row)) return false;
    return true;
  }

  #append(keys: Columns, rows: Int32Array): void {
    const [first = 0] = rows;
    const isRun = isRunOfRows(rows);
    for (const output of this.#outputs)
      if (isRun) appendRange(output, keys, first, first + rows.length);
      else appendRows(output, keys, rows);
    this.length += rows.length;
  }
}

/** Whether each row is the one after that before it. */
function isRunOfRows(rows: Int32Array): boolean {
  for (let i = 1; i < rows.length; i++) if (rows[i] !== rows[i - 1]! + 1) return false;
  return rows.length > 0;
}

function columnOf({ isInteger, integers, values }: Output): Column {
  return isInteger ? integers.view() : values.values();
}

function appendRange(
  { part, isInteger, integers, values }: Output,
  keys: Columns,
  lo: number,
  hi: number,
): void {
  switch (part) {
    case 'e':
    case 'tx':
      return hi - lo === 1
        ? integers.push(keys[part][lo]!)
        : integers.append(keys[part].subarray(lo, hi));
    case 'v': {
      const { v } = keys;
      if (isInteger) for (let row = lo; row < hi; row++) integers.push(v[row] as number);
      else if (hi - lo === 1) values.push(v[lo]!);
      else values.append(v, lo, hi);
      return;
    }
    default:
      for (let row = lo; row < hi; row++) values.push(partOf(keys, row, part));
  }
}

function appendRows(
  { part, isInteger, integers, values }: Output,
  keys: Columns,
  rows: Int32Array,
): void {
  switch (part) {
    case 'e':
    case 'tx': {
      const column = keys[part];
      for (let i = 0; i < rows.length; i++) integers.push(column[rows[i]!]!);
      return;
    }
    case 'v': {
      const { v } = keys;
      if (isInteger) for (let i = 0; i < rows.length; i++) integers.push(v[rows[i]!] as number);
      else for (let i = 0; i < rows.length; i++) values.push(v[rows[i]!]!);
      return;
    }
    default:
      for (let i = 0; i < rows.length; i++) values.push(partOf(keys, rows[i]!, part));
  }
}

/** Tests of constants that the index has not made sure of. */
function testsOf({ e, a, v, tx }: Bound, prefix: Bound): RowTest[] {
  const tests: RowTest[] = [];
  if (e !== undefined && prefix.e === undefined) tests.push((keys, row) => keys.e[row] === e);
  if (a !== undefined && prefix.a === undefined) tests.push((keys, row) => keys.a[row] === a);
  if (v !== undefined && (prefix.v === undefined || !isPlain(v))) {
    const isEqual = equalTo(v);
    tests.push((keys, row) => isEqual(keys.v[row]!));
  }
  if (tx !== undefined && prefix.tx === undefined) tests.push((keys, row) => keys.tx[row] === tx);
  return tests;
}

/** Whether values that an index puts in one place are equal: `1` and `1M` stand together, and are not. */
function isPlain(value: Value): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value instanceof Keyword;
}

function equalTo(value: Value): (other: Value) => boolean {
  if (isPlain(value)) return (other) => other === value;
  return (other) => other === value || valueEquals(other, value);
}

function sameParts(one: Part, other: Part): RowTest {
  return (keys, row) => valueEquals(partOf(keys, row, one), partOf(keys, row, other));
}

function partOf(keys: Columns, row: number, part: Part): EdnData {
  switch (part) {
    case 'e':
      return keys.e[row]!;
    case 'a':
      return attributeName(keys.a[row]!);
    case 'v':
      return keys.v[row]!;
    case 'tx':
      return keys.tx[row]!;
    case 'added':
      return keys.isAdded(row);
  }
}
