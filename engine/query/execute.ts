/** Runs a query: bind the inputs, solve the clauses, find. */
import type { DatabaseError } from '../../schema/error.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import type { SettledDb } from '../db/scan.ts';
import { settle } from '../db/settle.ts';
import type { PullPlan } from '../pull/parse.ts';
import { parsePull } from '../pull/parse.ts';
import { unreachable } from '../shared/assert.ts';
import { budget, exceeded } from '../shared/budget.ts';
import type { Suspended } from '../shared/suspend.ts';
import { distinct, join } from './relation/algebra.ts';
import type { Input, Page, Query, Rules, Variable } from './language/ast.ts';
import { boundBy, nameOf, variablesOf } from './language/ast.ts';
import { bind } from './bind.ts';
import type { Context, Source } from './context.ts';
import { answerOf, answerWith, findAll } from './answer/find.ts';
import { LookupChain } from './lookup-chain.ts';
import { parseRules } from './language/parse-clauses.ts';
import { parseQuery } from './language/parse.ts';
import { rowsOfPage } from './paging/page.ts';
import { queryError } from './query-error.ts';
import type { Column } from './relation/column.ts';
import { Relation } from './relation/relation.ts';
import { solve } from './solve.ts';
import { STANDARD_RULES } from './language/standard-rules.ts';
import type { Trace } from './trace.ts';

/** A database or data, in the order of `:in`. */
export type QueryInput = Db | EdnData;

const NO_PATTERNS: ReadonlyMap<Variable, PullPlan> = new Map();

/** Queries within each other. */
const MAX_QUERIES = 16;

/** The answer in the shape of the find specification, of the rows of a page; the rows of a relation are distinct. */
export function* execute(
  query: Query,
  inputs: ReadonlyArray<QueryInput>,
  page: Page = query,
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
    query: (form, args) => execute(parseQuery(form), args, undefined, undefined, depth + 1),
  };
  if (bindings !== Relation.unit) bindings = yield* consistent(bindings, constants);
  else if (trace === undefined) {
    const db = presentIn(sources);
    const chain = db === undefined ? undefined : LookupChain.of(query, db.schema);
    if (db !== undefined && chain?.canRun(constants) === true)
      return answerOf(yield* chain.run(db, constants), query, page);
  }
  return yield* answerTo(context, query, page, bindings, patterns);
}

/** By a page that an index has in its order, or by working out everything. */
function* answerTo(
  context: Context,
  query: Query,
  page: Page,
  bindings: Relation,
  patterns: ReadonlyMap<Variable, PullPlan>,
): Suspended<EdnData> {
  const limits = budget();
  const { held } = limits;
  const wanted = wantedBy(query);
  const isOpen = bindings === Relation.unit;
  const rows = isOpen ? yield* rowsOfPage(context, query, page, wanted) : undefined;
  let answer: EdnData;
  if (rows !== undefined) answer = yield* answerWith(context, query, rows, patterns);
  else {
    limits.keep(held);
    const solved = yield* solve(context, query.where, bindings, wanted);
    limits.hold(solved.bytes);
    answer = yield* findAll(context, query, page, solved, patterns);
  }
  limits.keep(held);
  return answer;
}

/** The database that is asked without a name, where it is of the present. */
function presentIn(sources: ReadonlyMap<string, Source>): SettledDb | undefined {
  const source = sources.get('$');
  return source?.kind === 'database' && source.db.window === undefined ? source.db : undefined;
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
