/** Solves clauses one after the other, each with the bindings that those before it left. */
import { budget } from '../shared/budget.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Clause, Variable } from './language/ast.ts';
import { variablesOf } from './language/ast.ts';
import { factsOf } from './clause-facts.ts';
import { solveCall } from './clauses/call.ts';
import { solveNot } from './clauses/not.ts';
import { solveOr } from './clauses/or.ts';
import { solveRule } from './clauses/rule.ts';
import type { Context } from './context.ts';
import { matchesOf } from './patterns/estimate.ts';
import { solvePattern } from './patterns/pattern.ts';
import type { Step } from './plan.ts';
import { Plan } from './plan.ts';
import { join, project } from './relation/algebra.ts';
import { ROWS_PER_PAUSE } from './relation/column.ts';
import { Relation } from './relation/relation.ts';
import type { ClauseTrace } from './trace.ts';
import { Trace } from './trace.ts';

/** Of what the clauses bind, only the wanted variables need be in the answer. */
export function* solve(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  wanted: ReadonlySet<Variable>,
): Suspended<Relation> {
  const { trace } = context;
  const [clause, ...more] = clauses;
  // One pattern needs no plan.
  if (clause?.kind === 'pattern' && more.length === 0 && trace === undefined)
    return yield* solvePattern(context, clause, bindings, undefined);
  const limits = budget();
  const { held } = limits;
  const own: ClauseTrace[] = [];
  trace?.conjunctions.push(own);
  const plan = new Plan(context, clauses, yield* matchesOf(context, clauses));
  let solved = bindings;
  // Who asks how it was done is shown which pattern it is that nothing matches.
  let isOver = trace === undefined && plan.isHopeless;
  while (!isOver && plan.rest.length > 0) {
    const step = yield* plan.next(solved);
    solved =
      trace === undefined
        ? yield* solveStep(context, step, solved)
        : yield* traced(context, own, step, solved);
    // What the clause held on its way is let go.
    limits.keep(held + solved.bytes);
    isOver = plan.rest.length === 0 || (solved.length === 0 && plan.isOfPatterns);
    if (isOver) break;
    const needed = neededIn(context, solved, plan.rest, wanted);
    if (needed !== undefined) solved = yield* project(solved, needed);
    if (solved.length > ROWS_PER_PAUSE) yield PAUSE;
  }
  if (plan.rest.length > 0) {
    if (trace !== undefined) own.push(...plan.rest.map(passedOver));
    solved = nothing(solved, plan.rest);
  }
  limits.keep(held);
  return solved;
}

/** Where there are no bindings patterns add none, but their variables. */
function nothing({ variables }: Relation, rest: ReadonlyArray<Clause>): Relation {
  const names = new Set(variables);
  for (const clause of rest) for (const name of variablesOf(clause)) names.add(name);
  return Relation.empty([...names]);
}

/**
 * The variables that something asks for yet: what differs by others alone is one. Undefined where those are all of them.
 */
function neededIn(
  { rules }: Context,
  { variables }: Relation,
  rest: ReadonlyArray<Clause>,
  wanted: ReadonlySet<Variable>,
): ReadonlyArray<Variable> | undefined {
  const isNeeded = (name: Variable): boolean =>
    wanted.has(name) || rest.some((clause) => factsOf(clause, rules).variables.has(name));
  return variables.every(isNeeded) ? undefined : variables.filter(isNeeded);
}

/** Works out a clause, and notes what it took and left. */
function* traced(
  context: Context,
  trace: ClauseTrace[],
  step: Step,
  bindings: Relation,
): Suspended<Relation> {
  const { clause, expected, limits } = step;
  const within = new Trace();
  const startedMs = performance.now();
  const solved = yield* solveStep({ ...context, trace: within }, step, bindings);
  const durationMs = performance.now() - startedMs;
  const after = { rows: solved.length, bound: solved.variables };
  trace.push({ clause, expected, durationMs, ...after, within });
  for (const predicate of limits?.predicates ?? []) {
    const done = new Trace();
    done.note('worked out with the pattern before');
    trace.push({ clause: predicate, expected: undefined, durationMs: 0, ...after, within: done });
  }
  return solved;
}

/** What there is to say of a clause that nothing was left for. */
function passedOver(clause: Clause): ClauseTrace {
  const within = new Trace();
  within.note('not worked out: no rows are left');
  return { clause, expected: undefined, rows: 0, bound: [], durationMs: 0, within };
}

function solveStep(
  context: Context,
  { clause, limits }: Step,
  bindings: Relation,
): Suspended<Relation> {
  switch (clause.kind) {
    case 'pattern':
      return solvePattern(context, clause, bindings, limits);
    case 'call':
      return solveCall(context, clause, bindings);
    case 'not':
      return solveNot(context, clause, bindings);
    case 'or':
      return solveOr(context, clause, bindings);
    case 'rule':
      return solveRule(context, clause, bindings);
    case 'given':
      return join(bindings, clause.relation);
  }
}
