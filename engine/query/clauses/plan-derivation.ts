/**
 * The order of the joins that a branch of a rule is, seen from one of its clauses or from the questions, and which column goes where. It has
 * nothing of a database in it but sizes, and is kept with the branch.
 */
import type { PatternClause, RuleBranch, RuleClause, Variable } from '../language/ast.ts';

/** Of columns; what nobody looks at has none. */
export type Names = ReadonlyArray<Variable | undefined>;

/** A pattern, or the questions, where there is no clause: what has a size and is there to be joined with. */
export interface Candidate {
  readonly clause: PatternClause | undefined;
  readonly names: Names;
  readonly size: number;
  /** Whether it has one row at most for the values of some variables. */
  readonly isDeterminedBy: (bound: ReadonlyArray<Variable>) => boolean;
}

/** All is by places of columns. */
export interface JoinPlan {
  readonly clause: PatternClause | RuleClause | undefined;
  /** Where the rows that come have the arguments of a call; -1 for what is not bound. */
  readonly asked: ReadonlyArray<number>;
  /** What has to be equal, in the rows that come and in those that are searched. */
  readonly keys: ReadonlyArray<number>;
  readonly searchedKeys: ReadonlyArray<number>;
  /** What is needed later, of the one and of the other. */
  readonly kept: ReadonlyArray<number>;
  readonly added: ReadonlyArray<number>;
}

export interface DerivationPlan {
  readonly joins: ReadonlyArray<JoinPlan>;
  /** Of the head. */
  readonly answer: ReadonlyArray<number>;
  /** What the candidates were like. */
  readonly sizes: ReadonlyArray<number>;
}

/** A plan is made anew where something has become so many times as large, or as small. */
const SHIFT = 16;

const plansByBranch = new WeakMap<RuleBranch, Map<string, DerivationPlan>>();

/**
 * The joins from rows with some names; undefined where something is not connected with the others. Made once for each key while sizes are
 * about the same.
 */
export function derivationPlan(
  key: string,
  branch: RuleBranch,
  start: Names,
  candidates: ReadonlyArray<Candidate>,
  calls: ReadonlyArray<RuleClause>,
): DerivationPlan | undefined {
  let plans = plansByBranch.get(branch);
  if (plans === undefined) plansByBranch.set(branch, (plans = new Map()));
  const known = plans.get(key);
  const isSame = known?.sizes.every((size, i) => {
    const now = candidates[i]?.size ?? 0;
    return now <= (size + 1) * SHIFT && size <= (now + 1) * SHIFT;
  });
  if (isSame === true) return known;
  const plan = planDerivation(branch, start, candidates, calls);
  if (plan !== undefined) plans.set(key, plan);
  return plan;
}

function planDerivation(
  { head }: RuleBranch,
  start: Names,
  candidates: ReadonlyArray<Candidate>,
  calls: ReadonlyArray<RuleClause>,
): DerivationPlan | undefined {
  const waiting = new Set(candidates);
  const asking = new Set(calls);
  const joins: JoinPlan[] = [];
  let names = start;
  while (waiting.size + asking.size > 0) {
    // Answers come last: the more is bound, the less is asked.
    const next = nextOf(waiting, names) ?? nextCall(asking, names);
    if (next === undefined) return undefined;
    if (next.clause?.kind === 'rule') asking.delete(next.clause);
    else waiting.delete(next as Candidate);
    const later = [...waiting].flatMap((candidate) => candidate.names);
    const join = joinOf(names, next, new Set([...head, ...later, ...[...asking].flatMap(namesOf)]));
    joins.push(join);
    names = [...at(names, join.kept), ...at(next.names, join.added)];
  }
  const answer = head.map((name) => names.indexOf(name));
  const sizes = candidates.map(({ size }) => size);
  return answer.includes(-1) ? undefined : { joins, answer, sizes };
}

/** Something to join with: a clause, or the questions, and its columns. */
type Joined = Pick<JoinPlan, 'clause'> & Pick<Candidate, 'names'>;

function at(names: Names, places: ReadonlyArray<number>): Names {
  return places.map((place) => names[place]);
}

/** Of those that share a variable with what is bound, one that makes no more rows, or else the smallest. */
function nextOf(candidates: ReadonlySet<Candidate>, names: Names): Candidate | undefined {
  const bound = names.filter((name) => name !== undefined);
  const costOf = ({ size, isDeterminedBy }: Candidate): number =>
    isDeterminedBy(bound) ? 0 : size;
  return [...candidates]
    .filter((candidate) => bound.some((name) => candidate.names.includes(name)))
    .toSorted((one, other) => costOf(one) - costOf(other))[0];
}

/** One of the calls that share a variable with what is bound. */
function nextCall(calls: ReadonlySet<RuleClause>, names: Names): Joined | undefined {
  for (const clause of calls) {
    const own = namesOf(clause);
    if (own.some((name) => name !== undefined && names.includes(name)))
      return { clause, names: own };
  }
  return undefined;
}

function joinOf(
  names: Names,
  { clause, names: own }: Joined,
  needed: ReadonlySet<Variable | undefined>,
): JoinPlan {
  const isNeeded = (name: Variable | undefined): boolean => name !== undefined && needed.has(name);
  const shared = own.filter((name) => name !== undefined && names.includes(name));
  return {
    clause,
    asked: own.map((name) => (name === undefined ? -1 : names.indexOf(name))),
    keys: shared.map((name) => names.indexOf(name)),
    searchedKeys: shared.map((name) => own.indexOf(name)),
    kept: [...names.keys()].filter((place) => isNeeded(names[place])),
    added: [...own.keys()].filter((place) => isNeeded(own[place]) && !names.includes(own[place])),
  };
}

/** Of the arguments of a call. */
export function namesOf(call: RuleClause): Names {
  return call.arguments.map((term) => (term.kind === 'variable' ? term.name : undefined));
}

/** Whether no argument has to be compared with anything. */
export function isOfVariables(call: RuleClause): boolean {
  const terms = call.arguments.filter(({ kind }) => kind !== 'blank');
  const names = terms.flatMap((term) => (term.kind === 'variable' ? [term.name] : []));
  return new Set(names).size === terms.length;
}
