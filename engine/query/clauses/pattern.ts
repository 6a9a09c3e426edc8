/**
 * Data patterns `[e a v tx added]`. A pattern is answered by one scan with what is constant in it, joined by hash; or, where few
 * bindings stand against many datoms, by one seek for each distinct binding.
 */
import { Keyword } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, Value } from '../../../schema/value.ts';
import { valueEquals, valueKey } from '../../../schema/value-key.ts';
import type { ValueKey } from '../../../schema/value-key.ts';
import { attributeName } from '../../datom/attribute-number.ts';
import { advance, prefixRange } from '../../datom/chunk-cursor.ts';
import type { Bound, Columns } from '../../datom/columns.ts';
import { MAX_ID } from '../../datom/datom.ts';
import type { IndexOrder } from '../../datom/index-order.ts';
import { requireEntity, resolveEntity } from '../../db/lookup.ts';
import { prefetch } from '../../db/prefetch.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRows, scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause, Term, Variable } from '../ast.ts';
import type { Context } from '../context.ts';
import { sourceOf } from '../context.ts';
import { checkRows, combine, join, project } from '../algebra.ts';
import { Relation } from '../relation.ts';

type Part = 'e' | 'a' | 'v' | 'tx' | 'added';

const PARTS: ReadonlyArray<Part> = ['e', 'a', 'v', 'tx', 'added'];

/** A seek costs about as much as scanning so many datoms. */
const SEEK_COST = 12;

export function* solvePattern(
  context: Context,
  given: PatternClause,
  bindings: Relation,
): Suspended<Relation> {
  const source = sourceOf(context, given.source);
  if (source.kind === 'tuples') return yield* join(bindings, matchTuples(given, source.tuples));
  const { db } = source;
  const clause = withGivenAttribute(context, given, bindings);
  const fixed = yield* constantsOf(db, clause);
  if (fixed === undefined) return Relation.empty(union(bindings.variables, variablesIn(clause)));
  const scanCost = yield* countRows(db, ...rangeFor(db, fixed));
  const key = seekKey(db, clause, fixed, bindings);
  if (key !== undefined) {
    const questions = yield* project(bindings, key.variables);
    if (questions.length * SEEK_COST < scanCost)
      return yield* seekAll(context, db, clause, fixed, key, bindings, questions);
  }
  const resolved = yield* resolvedBindings(context, db, clause, bindings);
  const found = yield* scanAll(db, clause, fixed);
  if (resolved === bindings) return yield* join(bindings, found);
  return yield* joinResolved(bindings, resolved, found);
}

/** An attribute that is a single input names it as a constant does, also where attributes are entities. */
function withGivenAttribute(
  { scalars }: Context,
  clause: PatternClause,
  bindings: Relation,
): PatternClause {
  const a = clause.terms[1];
  if (a?.kind !== 'variable' || !scalars.has(a.name) || !bindings.has(a.name)) return clause;
  const [value = null] = bindings.column(a.name);
  return { ...clause, terms: clause.terms.with(1, { kind: 'constant', value }) };
}

/** Names the row of the bindings that a joined row came from. */
const ROW = 'row';

/** A join by the ids that values stand for; the values stay in the answer. */
function* joinResolved(
  bindings: Relation,
  resolved: Relation,
  found: Relation,
): Suspended<Relation> {
  const rows = Array.from({ length: bindings.length }, (_, row) => row);
  const numbered = new Relation(
    [...resolved.variables, ROW],
    [...resolved.columns, rows],
    bindings.length,
  );
  const joined = yield* join(numbered, found);
  const added = joined.variables.filter((name) => name !== ROW && !bindings.has(name));
  const rowsOfBindings = joined.column(ROW) as ReadonlyArray<number>;
  return yield* combine(bindings, joined.select(added), rowsOfBindings, [...rowsOfBindings.keys()]);
}

/** How many datoms the constants of a pattern leave; what the planner goes by. */
export function* estimatePattern(context: Context, clause: PatternClause): Suspended<number> {
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples') return source.tuples.length;
  const fixed = yield* constantsOf(source.db, clause);
  return fixed === undefined ? 0 : yield* countRows(source.db, ...rangeFor(source.db, fixed));
}

/** The constants of a pattern as components of an index; undefined where they can match nothing. */
function* constantsOf(db: SettledDb, { terms }: PatternClause): Suspended<Bound | undefined> {
  const [e, a, v, tx] = terms.map((term) => (term.kind === 'constant' ? term.value : undefined));
  const number = a === undefined ? undefined : attributeOf(db, a);
  if (number === null) return undefined;
  const entity = e === undefined ? undefined : yield* entityFor(db, e);
  if (entity === null) return undefined;
  const attribute = number === undefined ? undefined : db.schema.attribute(number);
  const isRef = attribute?.valueType === 'ref';
  const value = v === undefined ? undefined : isRef ? yield* entityFor(db, v) : v;
  if (value === null || (tx !== undefined && typeof tx !== 'number')) return undefined;
  return { e: entity, a: number, v: value as Value | undefined, tx };
}

function attributeOf(db: SettledDb, a: EdnData): number | null {
  return db.schema.numberFor(a) ?? null;
}

/** The entity that stands in a pattern; null for what cannot be one. */
function* entityFor(db: SettledDb, ref: EdnData): Suspended<number | null> {
  if (typeof ref === 'number')
    return Number.isInteger(ref) && ref >= 0 && ref <= MAX_ID ? ref : null;
  if (ref instanceof Keyword) return db.schema.idOf(ref) ?? null;
  const isLookupRef = Array.isArray(ref) || ref instanceof EdnList;
  return isLookupRef ? yield* requireEntity(db, ref) : null;
}

/** The index whose order lets the known components narrow a scan the most, and the range. */
function rangeFor(
  db: SettledDb,
  { e, a, v, tx }: Bound,
): [IndexOrder, ReturnType<typeof prefixRange>] {
  if (e !== undefined)
    return [
      'eavt',
      prefixRange(a === undefined ? { e } : { e, a, v, ...(v === undefined ? {} : { tx }) }),
    ];
  if (a === undefined) return ['eavt', {}];
  return v !== undefined && db.schema.isIndexed(a)
    ? ['avet', prefixRange({ a, v })]
    : ['aevt', prefixRange({ a })];
}

/** Which bound variables of a pattern an index can be searched by. */
interface SeekKey {
  readonly variables: ReadonlyArray<Variable>;
  readonly parts: ReadonlyArray<Part>;
}

function seekKey(
  db: SettledDb,
  { terms }: PatternClause,
  { e, a, v }: Bound,
  bindings: Relation,
): SeekKey | undefined {
  const boundAt = (place: number): Variable | undefined => {
    const term = terms[place];
    return term?.kind === 'variable' && bindings.has(term.name) ? term.name : undefined;
  };
  const [boundE, boundV] = [boundAt(0), boundAt(2)];
  const byValue = boundV !== undefined && v === undefined && a !== undefined;
  if (boundE !== undefined && e === undefined)
    return byValue && boundE !== boundV
      ? { variables: [boundE, boundV], parts: ['e', 'v'] }
      : { variables: [boundE], parts: ['e'] };
  if (byValue && (e !== undefined || db.schema.isIndexed(a)))
    return { variables: [boundV], parts: ['v'] };
  return undefined;
}

/** One seek for each distinct question, and its answers beside each binding that asks it. */
function* seekAll(
  context: Context,
  db: SettledDb,
  clause: PatternClause,
  fixed: Bound,
  key: SeekKey,
  bindings: Relation,
  questions: Relation,
): Suspended<Relation> {
  const bounds: Array<Bound | undefined> = [];
  for (let row = 0; row < questions.length; row++) {
    bounds.push(yield* boundOf(context, db, fixed, key, questions.row(row)));
    if (row % 512 === 511) yield PAUSE;
  }
  const present = bounds.filter((bound) => bound !== undefined);
  if (present[0] !== undefined) yield* prefetch(db, rangeFor(db, present[0])[0], present);
  const matches = new Matches(db, clause, new Set(key.variables));
  const asked: number[] = [];
  for (const [row, bound] of bounds.entries()) {
    if (bound === undefined) continue;
    const rows = scan(db, ...rangeFor(db, bound));
    while (yield* advance(rows)) matches.add(rows.keys, rows.lo, rows.hi, bound);
    while (asked.length < matches.length) asked.push(row);
    if (row % 512 === 511) yield PAUSE;
  }
  const found = matches.relation();
  const questionRows = asked.map((_, i) => i);
  return yield* join(bindings, yield* combine(questions, found, asked, questionRows));
}

/** The constants of a pattern with the values of one binding; undefined where no datom can match. */
function* boundOf(
  context: Context,
  db: SettledDb,
  fixed: Bound,
  { variables, parts }: SeekKey,
  values: ReadonlyArray<EdnData>,
): Suspended<Bound | undefined> {
  let bound = fixed;
  for (const [i, part] of parts.entries()) {
    const value = values[i]!;
    const isRef = part === 'e' || db.schema.attribute(bound.a ?? -1)?.valueType === 'ref';
    const component = isRef ? yield* namedEntity(context, db, variables[i]!, value) : value;
    if (component === null) return undefined;
    bound = { ...bound, [part]: component };
  }
  return bound;
}

/** The entity that the value of a variable names, null where it names none; a single input has to name one. */
function* namedEntity(
  context: Context,
  db: SettledDb,
  variable: Variable,
  ref: EdnData,
): Suspended<number | null> {
  if (typeof ref === 'number' || ref instanceof Keyword) return yield* entityFor(db, ref);
  const isLookupRef = Array.isArray(ref) || ref instanceof EdnList;
  if (!isLookupRef) return null;
  return context.scalars.has(variable)
    ? yield* requireEntity(db, ref)
    : ((yield* resolveEntity(db, ref)) ?? null);
}

function* scanAll(db: SettledDb, clause: PatternClause, fixed: Bound): Suspended<Relation> {
  const rows = scan(db, ...rangeFor(db, fixed));
  const matches = new Matches(db, clause, new Set());
  while (yield* advance(rows)) {
    matches.add(rows.keys, rows.lo, rows.hi, fixed);
    yield PAUSE;
  }
  return matches.relation();
}

/**
 * Collects the variables of a pattern from rows that match it. `known`: variables whose values the seek has made sure of.
 */
class Matches {
  readonly #variables: Variable[] = [];
  readonly #parts: Part[] = [];
  readonly #columns: EdnData[][] = [];
  /** Pairs of parts that hold the same variable. */
  readonly #equalParts: Array<readonly [Part, Part]> = [];
  readonly #terms: ReadonlyArray<Term>;
  readonly #isHistory: boolean;
  #length = 0;

  constructor(db: SettledDb, { terms }: PatternClause, known: ReadonlySet<Variable>) {
    this.#terms = terms;
    this.#isHistory = db.window?.history === true;
    for (const [place, term] of terms.entries()) {
      const part = PARTS[place];
      if (term.kind !== 'variable' || part === undefined) continue;
      const first = terms.findIndex(
        (other) => other.kind === 'variable' && other.name === term.name,
      );
      if (first < place) this.#equalParts.push([PARTS[first]!, part]);
      else if (!known.has(term.name)) {
        this.#variables.push(term.name);
        this.#parts.push(part);
        this.#columns.push([]);
      }
    }
  }

  get length(): number {
    return this.#length;
  }

  add(keys: Columns, lo: number, hi: number, bound: Bound): void {
    for (let row = lo; row < hi; row++) {
      if (!this.#isMatch(keys, row, bound)) continue;
      for (let i = 0; i < this.#parts.length; i++)
        this.#columns[i]!.push(partOf(keys, row, this.#parts[i]!));
      this.#length++;
    }
    checkRows(this.#length);
  }

  relation(): Relation {
    return new Relation(this.#variables, this.#columns, this.#length);
  }

  #isMatch(keys: Columns, row: number, { e, a, v, tx }: Bound): boolean {
    if (e !== undefined && keys.e[row] !== e) return false;
    if (a !== undefined && keys.a[row] !== a) return false;
    if (v !== undefined && !valueEquals(keys.v[row]!, v)) return false;
    if (tx !== undefined && keys.tx[row] !== tx) return false;
    const added = this.#terms[4];
    if (added?.kind === 'constant' && added.value !== keys.isAdded(row)) return false;
    if (!this.#isHistory && !keys.isAdded(row)) return false;
    return this.#equalParts.every(([one, other]) =>
      valueEquals(partOf(keys, row, one), partOf(keys, row, other)),
    );
  }
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

/**
 * Bindings whose values stand for entities but are no ids (lookup refs and idents that came in as inputs), joined to the ids: the
 * value stays what the caller gave, the join goes by the id.
 */
function* resolvedBindings(
  context: Context,
  db: SettledDb,
  { terms }: PatternClause,
  bindings: Relation,
): Suspended<Relation> {
  const attribute = terms[1]?.kind === 'constant' ? attributeOf(db, terms[1].value) : null;
  const isRef = attribute !== null && db.schema.attribute(attribute)?.valueType === 'ref';
  let resolved = bindings;
  for (const place of isRef ? [0, 2] : [0]) {
    const term = terms[place];
    if (term?.kind !== 'variable' || !resolved.has(term.name)) continue;
    const column = resolved.column(term.name);
    if (column.every((value) => typeof value === 'number')) continue;
    const ids = new Map<ValueKey, EdnData>();
    for (const value of column) {
      const key = valueKey(value);
      if (!ids.has(key)) ids.set(key, yield* namedEntity(context, db, term.name, value));
    }
    const idColumn = column.map((value) => ids.get(valueKey(value)) ?? null);
    const columns = resolved.columns.map((other) => (other === column ? idColumn : other));
    resolved = new Relation(resolved.variables, columns, resolved.length);
  }
  return resolved;
}

/** Positional match of plain tuples, with Clojure's equality. */
function matchTuples(
  clause: PatternClause,
  tuples: ReadonlyArray<ReadonlyArray<EdnData>>,
): Relation {
  const { terms } = clause;
  const variables = variablesIn(clause);
  const places = variables.map((name) =>
    terms.findIndex((term) => term.kind === 'variable' && term.name === name),
  );
  const rows = tuples.filter(
    (tuple) =>
      tuple.length >= terms.length &&
      terms.every((term, i) => {
        if (term.kind === 'blank') return true;
        if (term.kind === 'constant') return valueEquals(term.value, tuple[i]!);
        return valueEquals(tuple[places[variables.indexOf(term.name)]!]!, tuple[i]!);
      }),
  );
  const columns = places.map((place) => rows.map((tuple) => tuple[place]!));
  return new Relation(variables, columns, rows.length);
}

function variablesIn({ terms }: PatternClause): Variable[] {
  return [...new Set(terms.flatMap((term) => (term.kind === 'variable' ? [term.name] : [])))];
}

function union(one: ReadonlyArray<Variable>, other: ReadonlyArray<Variable>): Variable[] {
  return [...new Set([...one, ...other])];
}
