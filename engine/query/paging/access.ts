/** The rows of an index that a drive goes by, with the inputs of one execution. */
import type { EdnData, Value } from '../../../schema/value.ts';
import { Keyword } from '../../../schema/keyword.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { prefixRange } from '../../datom/chunk-cursor.ts';
import type { Columns } from '../../datom/columns.ts';
import type { IndexOrder } from '../../datom/index-order.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { SettledDb } from '../../db/scan.ts';
import { scan } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, Variable } from '../language/ast.ts';
import type { Context } from '../context.ts';
import type { Limits } from '../patterns/limits.ts';
import { isWithin, limitsOn, rangeWithin } from '../patterns/limits.ts';
import { termsIn } from '../patterns/pattern.ts';
import { dependenciesOf, isDistinct } from '../patterns/traits.ts';
import type { Way } from '../patterns/way.ts';
import { wayOf } from '../patterns/way.ts';
import { distinct } from '../relation/algebra.ts';
import type { Column } from '../relation/column.ts';
import type { Dependency } from '../relation/relation.ts';
import { isDetermined, Relation } from '../relation/relation.ts';
import type { IsTogether, Span } from './batches.ts';
import { Batches } from './batches.ts';
import type { Members, Trust } from './composite.ts';
import { entitiesInStep, rangeOfTuples, trustIn } from './composite.ts';
import type { Drive } from './drives.ts';
import { ZigzagCursor } from './zigzag-cursor.ts';

type RowTest = (keys: Columns, row: number) => boolean;

/** Where the rows are, and what has to be looked at in each. */
interface IndexRows {
  readonly order: IndexOrder;
  readonly range: ScanRange;
  readonly members: ReadonlyArray<Value>;
  readonly trust: Trust;
  readonly test: RowTest | undefined;
}

export class DriveAccess {
  readonly db: SettledDb;
  readonly drive: Drive;
  /** To what {@link DriveAccess.drive} calls its pattern. */
  readonly way: Way;
  /** Those that are given of a composite tuple. */
  readonly members: ReadonlyArray<Value>;
  readonly order: IndexOrder;
  readonly range: ScanRange;
  /** Whether no two rows of the index give the same bindings. */
  readonly isDistinct: boolean;
  readonly #dependencies: ReadonlyArray<Dependency>;
  readonly #trust: Trust;
  readonly #test: RowTest | undefined;

  private constructor(drive: Drive, way: Way, rows: IndexRows) {
    const { order, range, members, trust, test } = rows;
    this.db = way.db;
    this.drive = drive;
    this.way = way;
    this.members = members;
    this.order = order;
    this.range = { from: range.from, to: range.to, isPartial: true };
    this.isDistinct = drive.isComposite || isDistinct(way);
    this.#dependencies = dependenciesOf(way);
    this.#trust = trust;
    this.#test = test;
  }

  /** What predicates leave of the values. */
  get limits(): Limits | undefined {
    return this.way.limits;
  }

  /** Undefined where the drive cannot be gone by. */
  static *open(context: Context, db: SettledDb, drive: Drive): Suspended<DriveAccess | undefined> {
    const { by, attribute, isComposite, pattern, given, rest } = drive;
    const isLimited = by !== 'entity';
    const limits = isLimited ? limitsOn(context, pattern, rest) : undefined;
    const way = yield* wayOf(db, termsIn(context, pattern), limits);
    if (way === undefined) return undefined;
    if (isComposite) {
      const members: Value[] = [];
      for (const one of given) {
        const v =
          one === pattern
            ? way.fixed.v
            : (yield* wayOf(db, termsIn(context, one), undefined))?.fixed.v;
        if (v === undefined) return undefined;
        members.push(v);
      }
      const trust = yield* trustIn(db, attribute, members);
      if (trust === undefined) return undefined;
      const range = rangeOfTuples(attribute, members, limits);
      const place = given.length;
      const test = testWithin(way, (value) => (value as Members)[place]!);
      return new DriveAccess(drive, way, { order: 'avet', range, members, trust, test });
    }
    const { number: a } = attribute;
    const { v } = way.fixed;
    const isOfValue = by === 'entity' && v !== undefined;
    const range =
      limits === undefined ? prefixRange(isOfValue ? { a, v } : { a }) : rangeWithin(a, limits);
    const test = isOfValue ? testOf(way, v) : testWithin(way, (value) => value);
    const order = by === 'entity' && !isOfValue ? 'aevt' : 'avet';
    return new DriveAccess(drive, way, { order, range, members: [], trust: 'blind', test });
  }

  /** The clauses that are left. */
  get rest(): ReadonlyArray<Clause> {
    const { rest } = this.drive;
    const predicates = this.limits?.predicates;
    return predicates === undefined ? rest : rest.filter((clause) => !predicates.includes(clause));
  }

  /** Whether the bindings are told apart by some variables. */
  isDeterminedBy(names: ReadonlyArray<Variable>): boolean {
    return this.isDistinct && isDetermined(this.#variables, names, this.#dependencies);
  }

  /** Whether each row of the index gives bindings. */
  get isExact(): boolean {
    return this.#test === undefined && this.#trust === 'blind' && this.db.window === undefined;
  }

  /** The rows of the index that are equal to one of them in what they are in the order of. */
  rangeLike({ v, e }: Columns, row: number): ScanRange {
    const { by, attribute, given } = this.drive;
    const { number: a } = attribute;
    if (by === 'entity') return prefixRange({ a, e: e[row]! });
    const value = v[row]!;
    if (by === 'value') return prefixRange({ a, v: value });
    const members = (value as Members).slice(0, given.length + 1);
    return rangeOfTuples(attribute, members, undefined);
  }

  batches(): Batches {
    const { db, order, range, drive } = this;
    const { isReverse, isZigzag } = drive;
    const rows = isZigzag
      ? new ZigzagCursor(db, range, isReverse)
      : scan(db, order, range, isReverse);
    return new Batches(rows, isReverse, this.#isTogether());
  }

  /** Rows that have to be sorted among each other are wanted together. */
  #isTogether(): IsTogether | undefined {
    const { by, hasTies, given } = this.drive;
    if (!hasTies) return undefined;
    if (by === 'entity') return (keys, row, others, other) => keys.e[row] === others.e[other];
    if (by === 'value')
      return (keys, row, others, other) => compareValues(keys.v[row]!, others.v[other]!) === 0;
    const place = given.length;
    const memberOf = (keys: Columns, row: number): Value => (keys.v[row] as Members)[place]!;
    return (keys, row, others, other) =>
      compareValues(memberOf(keys, row), memberOf(others, other)) === 0;
  }

  /** The bindings that rows give, in their order. */
  *bindingsOf(spans: ReadonlyArray<Span>): Suspended<Relation> {
    const { drive } = this;
    const most = spans.reduce((sum, { lo, hi }) => sum + hi - lo, 0);
    let entities = new Int32Array(most);
    let values: Value[] = [];
    let count = 0;
    const hasValues = drive.v !== undefined || this.#trust === 'checked';
    for (const { keys, lo, hi, isBackward } of spans) {
      const test = keys.added === undefined ? this.#test : this.#testOfPresent();
      const all = hasValues ? keys.v : undefined;
      for (let i = 0; i < hi - lo; i++) {
        const row = isBackward ? hi - 1 - i : lo + i;
        if (test !== undefined && !test(keys, row)) continue;
        entities[count++] = keys.e[row]!;
        if (all !== undefined) values.push(all[row]!);
      }
    }
    if (count < most) entities = entities.subarray(0, count);
    if (this.#trust === 'checked') {
      const asked = drive.given.length + (drive.v === undefined ? 0 : 1);
      const places = yield* entitiesInStep(this.db, drive.attribute, entities, values, asked);
      entities = places.map((place) => entities[place]!);
      values = Array.from(places, (place) => values[place]!);
    }
    const found = this.#relation(entities, values);
    return this.isDistinct ? found : yield* distinct(found);
  }

  #testOfPresent(): RowTest {
    const test = this.#test;
    return (keys, row) => keys.isAdded(row) && (test === undefined || test(keys, row));
  }

  get #variables(): ReadonlyArray<Variable> {
    const { e, v } = this.drive;
    return v === undefined ? [e] : [e, v];
  }

  #relation(entities: Int32Array, found: ReadonlyArray<Value>): Relation {
    const { e, v, by, given, isReverse } = this.drive;
    const sortedBy = by === 'entity' && !isReverse ? e : undefined;
    const dependencies = this.#dependencies;
    const { length } = entities;
    if (v === undefined) return new Relation([e], [entities], length, { sortedBy, dependencies });
    const place = given.length;
    const values: Column =
      by === 'member' ? found.map((tuple): EdnData => (tuple as Members)[place]!) : found;
    return new Relation([e, v], [entities, values], length, { sortedBy, dependencies });
  }
}

/** A value that stands in the place of the one that is given need not be equal to it: `1` and `1M`. */
function testOf({ attribute }: Way, v: Value): RowTest | undefined {
  const type = attribute?.valueType;
  const isPlain =
    typeof v === 'number'
      ? type === 'long' || type === 'ref'
      : typeof v === 'string' || typeof v === 'boolean' || v instanceof Keyword;
  if (isPlain) return undefined;
  return (keys, row) => {
    const value = keys.v[row]!;
    return value === v || valueEquals(value, v);
  };
}

/** An index has NaN among the numbers. */
function testWithin(
  { attribute, limits }: Way,
  valueOf: (value: Value) => Value,
): RowTest | undefined {
  const isNumber = attribute?.valueType === 'double' || attribute?.valueType === 'float';
  return limits === undefined || !isNumber
    ? undefined
    : (keys, row) => isWithin(limits, valueOf(keys.v[row]!));
}
