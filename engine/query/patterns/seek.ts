/** A pattern by one seek for each distinct binding of what an index can be searched by. */
import type { Value } from '../../../schema/value.ts';
import { missOf } from '../../datom/chunk-cursor.ts';
import type { Bound } from '../../datom/columns.ts';
import { prefetch } from '../../db/prefetch.ts';
import { countRowsNow, scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Miss, Suspended } from '../../shared/suspend.ts';
import type { Term, Variable } from '../language/ast.ts';
import { join, project } from '../relation/algebra.ts';
import { IntegerBuffer } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import { answersBeside } from './beside.ts';
import { accessTo, entityNow, namedEntity, prefetchNamed } from './components.ts';
import { Matches } from './matches.ts';
import type { Way } from './way.ts';
import { isRef, nothing } from './way.ts';

/** Which bound variables of a pattern an index can be searched by. */
export interface SeekKey {
  readonly variables: ReadonlyArray<Variable>;
  readonly e: Variable | undefined;
  readonly v: Variable | undefined;
}

export function seekKey(
  { db, terms, fixed: { e, a, v } }: Way,
  bindings: Relation,
): SeekKey | undefined {
  const boundE = e === undefined ? boundName(terms[0], bindings) : undefined;
  const boundV = a === undefined || v !== undefined ? undefined : boundName(terms[2], bindings);
  if (boundE !== undefined)
    return boundV === undefined || boundV === boundE
      ? { variables: [boundE], e: boundE, v: undefined }
      : { variables: [boundE, boundV], e: boundE, v: boundV };
  const isSearched = boundV !== undefined && (e !== undefined || db.schema.isIndexed(a!));
  return isSearched ? { variables: [boundV], e: undefined, v: boundV } : undefined;
}

function boundName(term: Term | undefined, bindings: Relation): Variable | undefined {
  return term?.kind === 'variable' && bindings.has(term.name) ? term.name : undefined;
}

/** The only binding beside the answers to its question. */
export function* seekOne(way: Way, key: SeekKey, bindings: Relation): Suspended<Relation> {
  const { db, terms } = way;
  const bound = yield* boundOf(way, key, bindings, 0);
  if (bound === undefined) return nothing(terms, bindings);
  const access = accessTo(db, bound);
  const matches = new Matches(way, access, key.variables);
  const rows = scan(db, access.order, access.range);
  for (let step = rows.next(); step !== 'done'; step = rows.next())
    if (step === 'missing') yield missOf(rows);
    else matches.addRange(rows.keys, rows.lo, rows.hi, bound.v);
  return yield* answersBeside(way, bindings, matches.relation(), new Int32Array(matches.length));
}

/** So few reads are not worth to be prepared together. */
const FEW = 2;

/** The bindings beside the answers to their questions. */
export function* seekAll(way: Way, key: SeekKey, bindings: Relation): Suspended<Relation> {
  const { db, terms } = way;
  const questions = yield* project(bindings, key.variables);
  const bounds: Array<Bound | undefined> = [];
  yield* prefetchNames(way, key, questions);
  for (let row = 0; row < questions.length; row++) {
    bounds.push(yield* boundOf(way, key, questions, row));
    if (row % 512 === 511) yield PAUSE;
  }
  const present = bounds.filter((bound) => bound !== undefined);
  const [first] = present;
  if (first === undefined) return nothing(terms, bindings);
  const access = accessTo(db, first);
  const { order } = access;
  if (present.length > FEW) yield* prefetch(db, order, present);
  const matches = new Matches(way, access, key.variables);
  const asked = new IntegerBuffer();
  for (const [row, bound] of bounds.entries()) {
    if (bound === undefined) continue;
    const rows = scan(db, order, accessTo(db, bound).range);
    for (let step = rows.next(); step !== 'done'; step = rows.next())
      if (step === 'missing') yield missOf(rows);
      else matches.addRange(rows.keys, rows.lo, rows.hi, bound.v);
    while (asked.length < matches.length) asked.push(row);
    if (row % 512 === 511) yield PAUSE;
  }
  // Where each binding asks a question of its own, the answers stand beside it.
  const isOwn = questions.length === bindings.length;
  const answers = yield* answersBeside(
    way,
    isOwn ? bindings : questions,
    matches.relation(),
    asked.view(),
  );
  return isOwn ? answers : yield* join(bindings, answers);
}

/** Brings what is asked to find the entities of the questions into memory. */
function* prefetchNames(
  { db, attribute }: Way,
  { e, v }: SeekKey,
  questions: Relation,
): Suspended<void> {
  if (e !== undefined) yield* prefetchNamed(db, questions.column(e));
  if (v !== undefined && isRef(attribute)) yield* prefetchNamed(db, questions.column(v));
}

/** So many questions stand for all of them. */
const SAMPLE = 8;

/** About how many datoms answer all questions, from what a few of them have. */
export function* expectedAnswers(way: Way, key: SeekKey, questions: Relation): Suspended<number> {
  const { db } = way;
  const step = Math.max(1, Math.floor(questions.length / SAMPLE));
  const bounds: Array<Bound | undefined> = [];
  for (let row = 0; row < questions.length; row += step)
    bounds.push(yield* boundOf(way, key, questions, row));
  for (;;) {
    const misses: Miss[] = [];
    let answers = 0;
    for (const bound of bounds) {
      if (bound === undefined) continue;
      const { order, range } = accessTo(db, bound);
      answers += countRowsNow(db, order, range, misses);
    }
    if (misses.length === 0) return (answers * questions.length) / bounds.length;
    yield misses;
  }
}

/** The constants of a pattern with the values of one binding; undefined where no datom can match. */
function* boundOf(
  { db, fixed, attribute }: Way,
  key: SeekKey,
  questions: Relation,
  row: number,
): Suspended<Bound | undefined> {
  let { e, v } = fixed;
  if (key.e !== undefined) {
    const ref = questions.column(key.e)[row]!;
    const entity = typeof ref !== 'number' ? yield* namedEntity(db, ref) : entityNow(db, ref);
    if (entity === null) return undefined;
    e = entity;
  }
  if (key.v !== undefined) {
    const value = questions.column(key.v)[row]!;
    const component = isRef(attribute) ? yield* namedEntity(db, value) : value;
    if (component === null) return undefined;
    v = component as Value;
  }
  return { e, a: fixed.a, v, tx: fixed.tx };
}
