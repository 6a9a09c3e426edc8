/** A pattern by one seek for each distinct binding of what an index can be searched by. */
import type { EdnData } from '../../../schema/value.ts';
import { advance } from '../../datom/chunk-cursor.ts';
import type { Bound } from '../../datom/columns.ts';
import { prefetch } from '../../db/prefetch.ts';
import { scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../ast.ts';
import { join, project } from '../relation/algebra.ts';
import { IntegerBuffer } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import type { Part } from './components.ts';
import { answersBeside } from './beside.ts';
import { accessTo, namedEntity } from './components.ts';
import { Matches } from './matches.ts';
import type { Way } from './way.ts';
import { isRef, nothing } from './way.ts';

/** Which bound variables of a pattern an index can be searched by. */
export interface SeekKey {
  readonly variables: ReadonlyArray<Variable>;
  readonly parts: ReadonlyArray<Part>;
}

export function seekKey(
  { db, terms, fixed: { e, a, v } }: Way,
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

/** So few reads are not worth to be prepared together. */
const FEW = 2;

/** The bindings beside the answers to their questions. */
export function* seekAll(way: Way, key: SeekKey, bindings: Relation): Suspended<Relation> {
  const { db, terms } = way;
  const questions = yield* project(bindings, key.variables);
  const bounds: Array<Bound | undefined> = [];
  for (let row = 0; row < questions.length; row++) {
    bounds.push(yield* boundOf(way, key, questions.row(row)));
    if (row % 512 === 511) yield PAUSE;
  }
  const present = bounds.filter((bound) => bound !== undefined);
  const [first] = present;
  if (first === undefined) return nothing(terms, bindings);
  const { order, prefix } = accessTo(db, first);
  if (present.length > FEW) yield* prefetch(db, order, present);
  const matches = new Matches(way, prefix, key.variables, questions.length);
  const asked = new IntegerBuffer();
  for (const [row, bound] of bounds.entries()) {
    if (bound === undefined) continue;
    const rows = scan(db, order, accessTo(db, bound).range);
    while (yield* advance(rows)) matches.addRange(rows.keys, rows.lo, rows.hi, bound.v);
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

/** The constants of a pattern with the values of one binding; undefined where no datom can match. */
function* boundOf(
  { db, fixed, attribute }: Way,
  { parts }: SeekKey,
  values: ReadonlyArray<EdnData>,
): Suspended<Bound | undefined> {
  let bound = fixed;
  for (const [i, part] of parts.entries()) {
    const value = values[i]!;
    const isEntity = part === 'e' || isRef(attribute);
    const component = isEntity ? yield* namedEntity(db, value) : value;
    if (component === null) return undefined;
    bound = { ...bound, [part]: component };
  }
  return bound;
}
