/** The values of a pattern's variables, collected from rows that match it. */
import type { EdnData, Value } from '../../../schema/value.ts';
import { Keyword } from '../../../schema/keyword.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { budget } from '../../shared/budget.ts';
import { attributeName } from '../../datom/attribute-number.ts';
import type { Bound, Columns } from '../../datom/columns.ts';
import type { Variable } from '../language/ast.ts';
import type { Column, Rows } from '../relation/column.ts';
import { ColumnBuffer, IntegerBuffer } from '../relation/column.ts';
import type { Traits } from '../relation/relation.ts';
import type { Piece } from '../relation/piecewise.ts';
import { PiecewiseColumn, appendPiece } from '../relation/piecewise.ts';
import type { HeldColumn } from '../relation/relation.ts';
import { Relation } from '../relation/relation.ts';
import type { Access, Part } from './components.ts';
import { PARTS } from './components.ts';
import type { EntityMerge } from './entity-merge.ts';
import { isWithin } from './limits.ts';
import type { Way } from './way.ts';

type RowTest = (keys: Columns, row: number) => boolean;

/** Rows `lo <= i < hi` of a chunk. */
interface Run {
  readonly keys: Columns;
  readonly lo: number;
  readonly hi: number;
}

export class Matches {
  length = 0;
  readonly #variables: Variable[] = [];
  /** What the values of each variable are. */
  readonly #parts: Part[] = [];
  /** Whether values are expected to be integers. */
  readonly #hasIntegers: boolean;
  readonly #tests: RowTest[] = [];
  /** Whether retractions are no matches. */
  readonly #isPresent: boolean;
  /** All there is so far, while it is not much and whole runs; nothing is copied before somebody asks for it. */
  readonly #runs: Run[] = [];
  /** All there is, from where it is more. */
  #buffers: ReadonlyArray<ColumnBuffer> | undefined;
  #rows: IntegerBuffer | undefined;

  /** `access`: what the index has made sure of. `known`: variables whose values whoever asks has, and has made sure of. */
  constructor(way: Way, access: Access, known: ReadonlyArray<Variable>) {
    const { db, terms, fixed, attribute, limits } = way;
    const { prefix, isLimited } = access;
    for (let place = 0; place < terms.length; place++) {
      const term = terms[place]!;
      if (term.kind !== 'variable') continue;
      const part = PARTS[place]!;
      const first = firstPlaceOf(term.name, terms);
      if (first < place) this.#tests.push(sameParts(PARTS[first]!, part));
      else if (!known.includes(term.name)) {
        this.#variables.push(term.name);
        this.#parts.push(part);
      }
    }
    this.#hasIntegers = attribute?.valueType === 'long' || attribute?.valueType === 'ref';
    this.#addTests(fixed, prefix);
    // An index has NaN among the numbers.
    const isExact =
      isLimited && attribute?.valueType !== 'double' && attribute?.valueType !== 'float';
    if (limits !== undefined && !isExact)
      this.#tests.push((keys, row) => isWithin(limits, keys.v[row]!));
    const added = terms[4];
    if (added?.kind === 'constant')
      this.#tests.push((keys, row) => keys.isAdded(row) === added.value);
    this.#isPresent = db.window?.history !== true;
  }

  /** Rows `lo <= i < hi`. A value that the question of this chunk has is held against that of the row. */
  addRange(keys: Columns, lo: number, hi: number, value?: Value): void {
    const isEqual = value === undefined || this.#isPlain(value) ? undefined : equalTo(value);
    if (!this.#hasTests(keys) && isEqual === undefined) this.#append(keys, lo, hi);
    else {
      const rows = (this.#rows ??= new IntegerBuffer());
      rows.clear();
      for (let row = lo; row < hi; row++)
        if (this.#isMatch(keys, row) && (isEqual === undefined || isEqual(keys.v[row]!)))
          rows.push(row);
      this.#appendRows(keys, rows.view());
    }
    budget().checkRows(this.length, this.#parts.length);
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
    this.#appendRows(keys, merge.rows.subarray(0, merge.count));
    budget().checkRows(this.length, this.#parts.length);
  }

  relation(traits?: Traits): Relation {
    return new Relation(this.#variables, this.#columns(), this.length, traits);
  }

  #columns(): HeldColumn[] {
    const runs = this.#runs;
    const [run] = runs;
    if (this.#buffers !== undefined) return this.#buffers.map((buffer) => buffer.column());
    if (run === undefined) return this.#parts.map(() => []);
    if (runs.length === 1 && this.length <= FEW)
      return this.#parts.map((part) => columnOf(run, part));
    return this.#parts.map((part) => this.#piecewise(part));
  }

  #piecewise(part: Part): PiecewiseColumn {
    const pieces = this.#runs.map((run) => pieceOf(run, part));
    return new PiecewiseColumn(pieces, this.length, this.#hasIntegersAt(part));
  }

  /** Tests of constants that the index has not made sure of. */
  #addTests({ e, a, v, tx }: Bound, prefix: Bound): void {
    const tests = this.#tests;
    if (e !== undefined && prefix.e === undefined) tests.push((keys, row) => keys.e[row] === e);
    if (a !== undefined && prefix.a === undefined) tests.push((keys, row) => keys.a[row] === a);
    if (v !== undefined && (prefix.v === undefined || !this.#isPlain(v))) {
      const isEqual = equalTo(v);
      tests.push((keys, row) => isEqual(keys.v[row]!));
    }
    if (tx !== undefined && prefix.tx === undefined) tests.push((keys, row) => keys.tx[row] === tx);
  }

  /** Whether values that an index puts in one place are equal: `1` and `1M` stand together, and are not. */
  #isPlain(value: Value): boolean {
    return typeof value === 'number' ? this.#hasIntegers : isPlain(value);
  }

  #hasTests(keys: Columns): boolean {
    return this.#tests.length > 0 || (this.#isPresent && keys.added !== undefined);
  }

  #isMatch(keys: Columns, row: number): boolean {
    if (this.#isPresent && !keys.isAdded(row)) return false;
    for (const test of this.#tests) if (!test(keys, row)) return false;
    return true;
  }

  #append(keys: Columns, lo: number, hi: number): void {
    const run = { keys, lo, hi };
    if (this.#buffers === undefined && this.length < MAX_IN_RUNS) this.#runs.push(run);
    else {
      const buffers = this.#openBuffers();
      for (let i = 0; i < buffers.length; i++)
        appendPiece(buffers[i]!, pieceOf(run, this.#parts[i]!));
    }
    this.length += hi - lo;
  }

  #appendRows(keys: Columns, rows: Rows): void {
    const [first = 0] = rows;
    if (isRunOfRows(rows)) return this.#append(keys, first, first + rows.length);
    if (rows.length === 0) return;
    const buffers = this.#openBuffers();
    for (let i = 0; i < buffers.length; i++) appendRows(buffers[i]!, this.#parts[i]!, keys, rows);
    this.length += rows.length;
  }

  #openBuffers(): ReadonlyArray<ColumnBuffer> {
    if (this.#buffers !== undefined) return this.#buffers;
    const buffers = this.#parts.map((part) => new ColumnBuffer(this.#hasIntegersAt(part), 0));
    for (const run of this.#runs)
      for (let i = 0; i < buffers.length; i++)
        appendPiece(buffers[i]!, pieceOf(run, this.#parts[i]!));
    this.#runs.length = 0;
    return (this.#buffers = buffers);
  }

  #hasIntegersAt(part: Part): boolean {
    return part === 'e' || part === 'tx' || (part === 'v' && this.#hasIntegers);
  }
}

/** So many matches are put together in well below a millisecond. */
const MAX_IN_RUNS = 65_536;

/** So few are taken out of their run at once. */
const FEW = 64;

function firstPlaceOf(name: Variable, terms: Way['terms']): number {
  for (let place = 0; ; place++) {
    const term = terms[place]!;
    if (term.kind === 'variable' && term.name === name) return place;
  }
}

/** Whether each row is the one after that before it. */
function isRunOfRows(rows: Rows): boolean {
  for (let i = 1; i < rows.length; i++) if (rows[i] !== rows[i - 1]! + 1) return false;
  return rows.length > 0;
}

function columnOf({ keys, lo, hi }: Run, part: Part): Column {
  // A view of a typed array costs more than a value.
  if (hi - lo === 1) return [partOf(keys, lo, part)];
  if (part === 'e' || part === 'tx') return keys[part].subarray(lo, hi);
  if (part === 'v') return keys.v.slice(lo, hi);
  return Array.from({ length: hi - lo }, (_, i) => partOf(keys, lo + i, part));
}

function pieceOf(run: Run, part: Part): Piece {
  const { keys, lo, hi } = run;
  if (part === 'e' || part === 'tx') return { column: keys[part], lo, hi };
  if (part === 'v') return { column: keys.v, lo, hi };
  return { column: columnOf(run, part), lo: 0, hi: hi - lo };
}

function appendRows(buffer: ColumnBuffer, part: Part, keys: Columns, rows: Rows): void {
  if (part === 'e' || part === 'tx') buffer.appendIntegersAt(keys[part], rows, 0);
  else if (part === 'v') buffer.appendAt(keys.v, rows, 0);
  else {
    const values = Array.from(rows, (row) => partOf(keys, row, part));
    buffer.append(values, 0, values.length);
  }
}

/** Whether values of this kind are equal where an index puts them in one place. */
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
