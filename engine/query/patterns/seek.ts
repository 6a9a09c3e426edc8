/** A pattern by one seek for each distinct binding of what an index can be searched by. */
import type { Value } from '../../../schema/value.ts';
import { missOf } from '../../datom/chunk-cursor.ts';
import type { Bound } from '../../datom/columns.ts';
import { NearRows } from '../../db/near-rows.ts';
import { prefetch } from '../../db/prefetch.ts';
import { countRowsNow, scan } from '../../db/scan.ts';
import type { SettledDb } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Miss, Suspended } from '../../shared/suspend.ts';
import type { Term, Variable } from '../language/ast.ts';
import { join, project, take } from '../relation/algebra.ts';
import type { Rows } from '../relation/column.ts';
import { IntegerBuffer } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import { answersBeside } from './beside.ts';
import type { Access } from './components.ts';
import { accessTo } from './components.ts';
import { Matches } from './matches.ts';
import type { Way } from './way.ts';
import { NO_ENTITY, entityIds, isRef, nothing } from './way.ts';

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
  const [bound] = yield* boundsOf(way, key, bindings);
  if (bound === undefined) return nothing(terms, bindings);
  const access = accessTo(db, bound);
  const matches = new Matches(way, access, key.variables);
  const rows = scan(db, access.order, access.range);
  for (let step = rows.next(); step !== 'done'; step = rows.next())
    if (step === 'missing') yield missOf(rows);
    else matches.addRange(rows.keys, rows.lo, rows.hi, bound.v);
  return yield* answersBeside(way, bindings, matches.relation(), new Int32Array(matches.length));
}

/** The bindings beside the answers to their questions. */
export function* seekAll(way: Way, key: SeekKey, bindings: Relation): Suspended<Relation> {
  const { terms } = way;
  const questions = yield* project(bindings, key.variables);
  const bounds = yield* boundsOf(way, key, questions);
  const first = bounds.find((bound) => bound !== undefined);
  if (first === undefined) return nothing(terms, bindings);
  const access = accessTo(way.db, first);
  const matches = new Matches(way, access, key.variables);
  const asked = yield* matchAll(way.db, access, bounds, matches);
  // Where each binding asks a question of its own, the answers stand beside it.
  const isOwn = questions.length === bindings.length;
  const answers = yield* answersBeside(
    way,
    isOwn ? bindings : questions,
    matches.relation(),
    asked,
  );
  return isOwn ? answers : yield* join(bindings, answers);
}

/** Collects the rows of many bounds; gives beside each match the place of its bound. */
function* matchAll(
  db: SettledDb,
  { order }: Access,
  bounds: ReadonlyArray<Bound | undefined>,
  matches: Matches,
): Suspended<Rows> {
  const asked = new IntegerBuffer();
  const near = new NearRows(db, order);
  const misses: Miss[] = [];
  let isPrepared = false;
  for (let place = 0; place < bounds.length; place++) {
    if (place % QUESTIONS_PER_PAUSE === QUESTIONS_PER_PAUSE - 1) yield PAUSE;
    const bound = bounds[place];
    if (bound === undefined) continue;
    const leaf = near.find(bound, misses);
    if (leaf !== undefined) {
      if (near.lo < near.hi) matches.addRange(leaf, near.lo, near.hi, bound.v);
    } else {
      const rows = scan(db, order, accessTo(db, bound).range);
      for (let step = rows.next(); step !== 'done'; step = rows.next())
        if (step === 'ready') matches.addRange(rows.keys, rows.lo, rows.hi, bound.v);
        else if (isPrepared) yield missOf(rows);
        else {
          // What one of them lacks, others will: all that lies before them is brought together.
          isPrepared = true;
          yield* prefetch(db, order, bounds.slice(place).filter(isPresent));
        }
      misses.length = 0;
    }
    while (asked.length < matches.length) asked.push(place);
  }
  return asked.view();
}

const QUESTIONS_PER_PAUSE = 512;

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** So many questions stand for all of them. */
const SAMPLE = 8;

/** About how many datoms answer all questions, from what a few of them have. */
export function* expectedAnswers(way: Way, key: SeekKey, questions: Relation): Suspended<number> {
  const { db } = way;
  const step = Math.max(1, Math.floor(questions.length / SAMPLE));
  const asked = new IntegerBuffer();
  for (let row = 0; row < questions.length; row += step) asked.push(row);
  const bounds = yield* boundsOf(way, key, yield* take(questions, asked.view()));
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

/** The constants of a pattern with the values of each binding; undefined where no datom can match. */
function* boundsOf(
  { db, fixed, attribute }: Way,
  key: SeekKey,
  questions: Relation,
): Suspended<ReadonlyArray<Bound | undefined>> {
  const { a, tx } = fixed;
  const entities = key.e === undefined ? undefined : yield* entityIds(db, questions.column(key.e));
  const values = key.v === undefined ? undefined : questions.column(key.v);
  const isOfRefs = isRef(attribute);
  const components = values === undefined || !isOfRefs ? values : yield* entityIds(db, values);
  const bounds: Array<Bound | undefined> = [];
  for (let row = 0; row < questions.length; row++) {
    const e = entities === undefined ? fixed.e : entities[row];
    const v = components === undefined ? fixed.v : (components[row] as Value);
    const isNobody = e === NO_ENTITY || (isOfRefs && v === NO_ENTITY);
    bounds.push(isNobody ? undefined : { e, a, v, tx });
  }
  return bounds;
}
