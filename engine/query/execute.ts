/** Runs a query: bind the inputs, solve the clauses one after the other, find. */
import type { DatabaseError } from '../../schema/error.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { settle } from '../db/settle.ts';
import type { PullPlan } from '../pull/parse.ts';
import { parsePull } from '../pull/parse.ts';
import { must, unreachable } from '../shared/assert.ts';
import { budget, exceeded } from '../shared/budget.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import { distinct, join, project } from './relation/algebra.ts';
import type { Clause, Input, Query, Rules, Variable } from './ast.ts';
import { boundBy, nameOf, variablesOf } from './ast.ts';
import { bind } from './bind.ts';
import { solveCall } from './clauses/call.ts';
import { solveNot } from './clauses/not.ts';
import { solveOr } from './clauses/or.ts';
import { matchesOf } from './patterns/estimate.ts';
import type { Limits } from './patterns/limits.ts';
import { limitsOn } from './patterns/limits.ts';
import { solvePattern } from './patterns/pattern.ts';
import { solveRule } from './clauses/rule.ts';
import type { Context, Source } from './context.ts';
import { findAll } from './find.ts';
import { parseRules } from './parse-clauses.ts';
import { parseQuery } from './parse.ts';
import { chooseNext, expectedRows, factsOf } from './plan.ts';
import { queryError } from './query-error.ts';
import type { Column } from './relation/column.ts';
import { ROWS_PER_PAUSE } from './relation/column.ts';
import { Relation } from './relation/relation.ts';
import { STANDARD_RULES } from './standard-rules.ts';
import type { ClauseTrace } from './trace.ts';
import { Trace } from './trace.ts';

/** A database or data, in the order of `:in`. */
export type QueryInput = Db | EdnData;

const NO_PATTERNS: ReadonlyMap<Variable, PullPlan> = new Map();

/** Queries within each other. */
const MAX_QUERIES = 16;

/** The answer in the shape of the find specification; the rows of a relation are distinct. */
export function* execute(
  query: Query,
  inputs: ReadonlyArray<QueryInput>,
  trace?: Trace,
  depth = 0,
): Suspended<EdnData> {
  if (depth > MAX_QUERIES)
    throw exceeded(
      'queries',
      MAX_QUERIES,
      `The query asks itself: expected at most ${MAX_QUERIES} queries within each other`,
    );
  const sources = new Map<string, Source>();
  let patterns = NO_PATTERNS;
  const constants = new Map<Variable, EdnData>();
  let rules: Rules = STANDARD_RULES;
  let bindings = Relation.unit;
  let place = 0;
  for (const input of query.in) {
    const given = inputs[place++];
    const value = given === undefined && isScalar(input) ? null : given;
    if (value === undefined) throw missingInput(input, query.in.length, inputs.length);
    switch (input.kind) {
      case 'source':
        sources.set(
          input.name,
          isSettled(value) ? { kind: 'database', db: value } : yield* toSource(input.name, value),
        );
        break;
      case 'rules':
        rules = rulesIn(dataOf(input, value));
        break;
      case 'binding': {
        const { binding } = input;
        const data = dataOf(input, value);
        if (binding.kind === 'scalar' && isPullPattern(query, binding.name))
          patterns = new Map(patterns).set(binding.name, parsePull(data));
        else if (binding.kind !== 'scalar')
          bindings = yield* join(bindings, yield* distinct(yield* bind(binding, data)));
        else if (data !== null || !isInPattern(query, binding.name))
          constants.set(binding.name, data);
        break;
      }
      default:
        unreachable(input);
    }
  }
  const context: Context = {
    sources,
    defaultSource: '$',
    rules,
    constants,
    evaluation: undefined,
    negations: 0,
    trace,
    solve,
    query: (form, args) => execute(parseQuery(form), args, undefined, depth + 1),
  };
  if (bindings !== Relation.unit) bindings = yield* consistent(bindings, constants);
  const solved = yield* solve(context, query.where, bindings, wantedBy(query));
  const limits = budget();
  const { held } = limits;
  limits.hold(solved.bytes);
  const answer = yield* findAll(context, query, solved, patterns);
  limits.keep(held);
  return answer;
}

function isScalar(input: Input): boolean {
  return input.kind === 'binding' && input.binding.kind === 'scalar';
}

function isPullPattern({ find }: Query, name: Variable): boolean {
  return find.elements.some((element) => element.kind === 'pull' && element.pattern === name);
}

/** An input that is nil, or is not given, leaves a variable open that some pattern can bind. */
function isInPattern({ where }: Query, name: Variable): boolean {
  return where.some((clause) => clause.kind === 'pattern' && variablesOf(clause).has(name));
}

/** Several inputs may bind one variable; they have to agree. */
function* consistent(
  bindings: Relation,
  constants: ReadonlyMap<Variable, EdnData>,
): Suspended<Relation> {
  const names = bindings.variables.filter((name) => constants.has(name));
  if (names.length === 0) return bindings;
  const columns = names.map((name): Column => [constants.get(name) ?? null]);
  const agreed = yield* join(bindings, new Relation(names, columns, 1));
  return agreed.select(agreed.variables.filter((name) => !constants.has(name)));
}

const wantedByQuery = new WeakMap<Query, ReadonlySet<Variable>>();

/** The variables that an answer is made of. */
function wantedBy(query: Query): ReadonlySet<Variable> {
  let wanted = wantedByQuery.get(query);
  if (wanted === undefined) {
    const names = query.find.elements.flatMap((element) => [
      element.name,
      ...(element.kind === 'aggregate'
        ? [element.function, ...element.arguments.flatMap(nameOf)]
        : []),
    ]);
    wantedByQuery.set(query, (wanted = new Set([...query.with, ...names])));
  }
  return wanted;
}

const rulesByForm = new WeakMap<object, Rules>();

/** The rules of an input, parsed once, together with those that every query has. */
function rulesIn(data: EdnData): Rules {
  const known = typeof data === 'object' && data !== null ? rulesByForm.get(data) : undefined;
  if (known !== undefined) return known;
  const own = parseRules(typeof data === 'string' ? readEdn(data) : data);
  const rules = new Map([...STANDARD_RULES, ...own]);
  if (typeof data === 'object' && data !== null) rulesByForm.set(data, rules);
  return rules;
}

/** Solves clauses one after the other. Of what they bind, only the wanted variables need be in the answer. */
function* solve(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  wanted: ReadonlySet<Variable>,
): Suspended<Relation> {
  const limits = budget();
  const { held } = limits;
  const own: ClauseTrace[] = [];
  context.trace?.conjunctions.push(own);
  const rest = [...clauses];
  // One pattern needs no plan.
  const isPlain = clauses.length === 1 && areAllPatterns(clauses);
  const matches = isPlain ? [0] : yield* matchesOf(context, clauses);
  let solved = bindings;
  // Who asks how it was done is shown which pattern it is that nothing matches.
  const isHopeless = context.trace === undefined && !isPlain && matches.includes(0);
  let isOver = isHopeless && areAllPatterns(clauses);
  while (!isOver && rest.length > 0) {
    const next = chooseNext(context, rest, matches, solved, clauses);
    const [clause] = rest.splice(next, 1);
    matches.splice(next, 1);
    const chosen = must(clause, 'a clause that was chosen');
    // The rounds of a rule share what they read of a pattern, so there it is not narrowed.
    const limited =
      chosen.kind === 'pattern' && context.evaluation === undefined
        ? limitsOn(context, chosen, rest)
        : undefined;
    solved =
      context.trace === undefined
        ? yield* solveClause(context, chosen, solved, limited)
        : yield* traced(context, own, chosen, solved, limited);
    // What the clause held on its way is let go.
    limits.keep(held + solved.bytes);
    for (const predicate of limited?.predicates ?? []) {
      const place = rest.indexOf(predicate);
      rest.splice(place, 1);
      matches.splice(place, 1);
    }
    isOver = solved.length === 0 && areAllPatterns(rest);
    if (isOver || rest.length === 0) break;
    const needed = neededIn(context, solved, rest, wanted);
    if (needed !== undefined) solved = yield* project(solved, needed);
    if (solved.length > ROWS_PER_PAUSE) yield PAUSE;
  }
  if (rest.length > 0) {
    if (context.trace !== undefined) own.push(...rest.map(passedOver));
    solved = nothing(solved, rest);
  }
  limits.keep(held);
  return solved;
}

function areAllPatterns(clauses: ReadonlyArray<Clause>): boolean {
  return clauses.every(({ kind }) => kind === 'pattern');
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

/** Solves a clause, and notes what it took and left where somebody asked. */
function* traced(
  context: Context,
  trace: ClauseTrace[],
  clause: Clause,
  bindings: Relation,
  limits: Limits | undefined,
): Suspended<Relation> {
  const within = new Trace();
  const expected = yield* expectedRows(context, clause, bindings);
  const startedMs = performance.now();
  const solved = yield* solveClause({ ...context, trace: within }, clause, bindings, limits);
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

function solveClause(
  context: Context,
  clause: Clause,
  bindings: Relation,
  limits: Limits | undefined,
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

/** Whether a database is looked at as it is. */
function isSettled(value: QueryInput): value is Db {
  return isDb(value) && value.view === PRESENT;
}

function* toSource(name: string, value: QueryInput): Suspended<Source> {
  if (isDb(value)) return { kind: 'database', db: yield* settle(value) };
  const items =
    value instanceof EdnList
      ? value.items
      : value instanceof Set || value instanceof Map
        ? [...(value as Iterable<EdnData>)]
        : value;
  if (!Array.isArray(items))
    throw queryError(
      'query/inputs',
      `Expected a database or a collection as source ${name}, got`,
      value as EdnData,
    );
  const tuples = (items as ReadonlyArray<EdnData>).map((item) =>
    item instanceof EdnList ? item.items : (item as ReadonlyArray<EdnData>),
  );
  return { kind: 'tuples', tuples };
}

export function isDb(value: QueryInput): value is Db {
  return typeof value === 'object' && value !== null && 'novelty' in value;
}

function dataOf(input: Input, value: QueryInput): EdnData {
  if (isDb(value))
    throw queryError(
      'query/inputs',
      `Expected data as ${nameOfInput(input)}, got a database, which needs a name such as $ in :in`,
    );
  return value;
}

function missingInput(input: Input, expected: number, got: number): DatabaseError {
  return queryError(
    'query/inputs',
    `Expected ${expected} inputs as :in says, got ${got}: nothing for ${nameOfInput(input)}`,
  );
}

function nameOfInput(input: Input): string {
  switch (input.kind) {
    case 'binding':
      return boundBy(input.binding).join(' ');
    case 'rules':
      return '%';
    case 'source':
      return input.name;
  }
}
