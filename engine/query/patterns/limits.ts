/** Predicates as bounds of an index: what they leave of the values of a pattern. */
import { isDecimal } from '../../../schema/decimal.ts';
import type { EdnData, Value } from '../../../schema/value.ts';
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { SchemaAttribute } from '../../db/schema.ts';
import type { CallClause, Clause, PatternClause, Variable } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { sourceOf, valueIn } from '../context.ts';

interface Limit {
  readonly value: Value;
  readonly inclusive: boolean;
}

/** The values between two limits, of the type of their attribute. */
export interface Limits {
  readonly from: Limit | undefined;
  readonly to: Limit | undefined;
  /** Predicates that hold for exactly these values. */
  readonly predicates: ReadonlyArray<Clause>;
  /** Whether another clause goes on with the entities, and would like to have them in their order. */
  readonly isOrderWanted: boolean;
}

/** How the value before stands to the one after it. */
const COMPARISONS: ReadonlyMap<
  string,
  { readonly isRising: boolean; readonly inclusive: boolean }
> = new Map([
  ['<', { isRising: true, inclusive: false }],
  ['<=', { isRising: true, inclusive: true }],
  ['>', { isRising: false, inclusive: false }],
  ['>=', { isRising: false, inclusive: true }],
]);

/**
 * What the predicates among some clauses leave of the values of a pattern; undefined where there are none that an index can be searched by.
 */
export function limitsOn(
  context: Context,
  pattern: PatternClause,
  clauses: ReadonlyArray<Clause>,
): Limits | undefined {
  if (!clauses.some(isPredicate)) return undefined;
  const [e, a, v] = pattern.terms;
  const source = sourceOf(context, pattern.source);
  if (source.kind === 'tuples' || a?.kind !== 'constant' || v?.kind !== 'variable')
    return undefined;
  const number = source.db.schema.numberFor(a.value);
  const attribute = number === undefined ? undefined : source.db.schema.attribute(number);
  if (attribute === undefined || context.constants.has(v.name)) return undefined;
  let limits: Pick<Limits, 'from' | 'to'> = { from: undefined, to: undefined };
  const predicates: Clause[] = [];
  for (const clause of clauses) {
    const own = isPredicate(clause) ? limitsBy(context, clause, v.name, attribute) : undefined;
    if (own === undefined) continue;
    limits = { from: tighter(limits.from, own.from, 1), to: tighter(limits.to, own.to, -1) };
    predicates.push(clause);
  }
  if (predicates.length === 0) return undefined;
  const isOrderWanted = clauses.some(
    (clause) =>
      clause !== pattern &&
      clause.kind === 'pattern' &&
      e?.kind === 'variable' &&
      clause.terms.some((term) => term.kind === 'variable' && term.name === e.name),
  );
  return { ...limits, predicates, isOrderWanted };
}

/** The values of an attribute within the limits, in the index of its values. */
export function rangeWithin(a: number, { from, to }: Limits): ScanRange {
  return {
    from:
      from === undefined ? edgeOf(a) : { bound: { a, v: from.value }, inclusive: from.inclusive },
    to: to === undefined ? edgeOf(a) : { bound: { a, v: to.value }, inclusive: to.inclusive },
  };
}

function edgeOf(a: number): NonNullable<ScanRange['from']> {
  return { bound: { a }, inclusive: true };
}

/** Whether a value is within the limits. */
export function isWithin({ from, to }: Limits, value: Value): boolean {
  // NaN is in no order with any number, though an index has it somewhere.
  if (value !== value) return false;
  const start = from === undefined ? 1 : compareValues(value, from.value);
  const end = to === undefined ? -1 : compareValues(value, to.value);
  return (
    (start > 0 || (start === 0 && from?.inclusive === true)) &&
    (end < 0 || (end === 0 && to?.inclusive === true))
  );
}

function isPredicate(clause: Clause): clause is CallClause {
  return clause.kind === 'call' && clause.binding === undefined && COMPARISONS.has(clause.function);
}

/** The limits that say the same as a predicate; undefined where there are none. */
function limitsBy(
  context: Context,
  { function: name, arguments: terms }: CallClause,
  variable: Variable,
  attribute: SchemaAttribute,
): Pick<Limits, 'from' | 'to'> | undefined {
  const comparison = COMPARISONS.get(name);
  if (comparison === undefined || terms.length < 2) return undefined;
  const { isRising, inclusive } = comparison;
  let [from, to]: Array<Limit | undefined> = [];
  for (let i = 1; i < terms.length; i++) {
    const [before, after] = [terms[i - 1]!, terms[i]!];
    const isBefore = before.kind === 'variable' && before.name === variable;
    const isAfter = after.kind === 'variable' && after.name === variable;
    const value = valueIn(context, isBefore ? after : before);
    if (isBefore === isAfter || !isOfType(value, attribute)) return undefined;
    const limit: Limit = { value, inclusive };
    if (isBefore === isRising) to = tighter(to, limit, -1);
    else from = tighter(from, limit, 1);
  }
  return { from, to };
}

/** Whether values of the attribute are in one order with a constant, the same as in the index. */
function isOfType(value: EdnData | undefined, { valueType }: SchemaAttribute): value is Value {
  switch (valueType) {
    case 'long':
    case 'double':
    case 'float':
      return typeof value === 'number' && value === value;
    case 'bigdec':
      return value !== undefined && isDecimal(value);
    case 'string':
      return typeof value === 'string';
    case 'instant':
      return value instanceof Date;
    case 'tuple':
      return Array.isArray(value);
    default:
      return false;
  }
}

/** `sign`: 1 where the greater one is the tighter one. */
function tighter(
  one: Limit | undefined,
  other: Limit | undefined,
  sign: 1 | -1,
): Limit | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const order = compareValues(one.value, other.value) * sign;
  if (order === 0) return one.inclusive ? other : one;
  return order > 0 ? one : other;
}
