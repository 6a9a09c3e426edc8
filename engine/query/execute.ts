/** Runs a query: bind the inputs, solve the clauses one after the other, find. */
import type { DatabaseError } from '../../schema/error.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { settle } from '../db/scan.ts';
import type { PullPlan } from '../pull/parse.ts';
import { parsePull } from '../pull/parse.ts';
import { must, unreachable } from '../shared/assert.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import { join } from './algebra.ts';
import type { Clause, Input, Query, Rules } from './ast.ts';
import { boundBy } from './ast.ts';
import { bind } from './bind.ts';
import { solveCall } from './clauses/call.ts';
import { solveNot } from './clauses/not.ts';
import { solveOr } from './clauses/or.ts';
import { solvePattern } from './clauses/pattern.ts';
import { solveRule } from './clauses/rule.ts';
import type { Context, Source } from './context.ts';
import { findAll } from './find.ts';

import { parseRules } from './parse-clauses.ts';
import type { Estimates } from './plan.ts';
import { chooseNext } from './plan.ts';
import { queryError } from './query-error.ts';
import { Relation } from './relation.ts';

/** A database or data, in the order of `:in`. */
export type QueryInput = Db | EdnData;

/** The answer in the shape of the find specification; the rows of a relation are distinct. */
export function* execute(query: Query, inputs: ReadonlyArray<QueryInput>): Suspended<EdnData> {
  const sources = new Map<string, Source>();
  const patterns = new Map<string, PullPlan>();
  let rules: Rules = new Map();
  let bindings = Relation.unit;
  for (const [i, input] of query.in.entries()) {
    const value = inputs[i];
    if (value === undefined) throw missingInput(input, query.in.length, inputs.length);
    switch (input.kind) {
      case 'source':
        sources.set(input.name, yield* toSource(value));
        break;
      case 'rules':
        rules = parseRules(typeof value === 'string' ? readEdn(value) : dataOf(value));
        break;
      case 'pattern':
        patterns.set(input.name, parsePull(dataOf(value)));
        break;
      case 'binding':
        bindings = yield* join(bindings, bind(input.binding, dataOf(value)));
        break;
      default:
        unreachable(input);
    }
  }
  const context: Context = { sources, defaultSource: '$', rules, tables: undefined, solve };
  const solved = yield* solve(context, query.where, bindings);
  return yield* findAll(context, query, solved, patterns);
}

function* solve(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
): Suspended<Relation> {
  const rest = [...clauses];
  const estimates: Estimates = new Map();
  let solved = bindings;
  while (rest.length > 0) {
    const isOnlyPattern = rest.length === 1 && rest[0]?.kind === 'pattern';
    const next = isOnlyPattern ? 0 : yield* chooseNext(context, rest, solved, estimates);
    const [clause] = rest.splice(next, 1);
    solved = yield* solveClause(context, must(clause, 'a clause that was chosen'), solved);
    yield PAUSE;
  }
  return solved;
}

function solveClause(context: Context, clause: Clause, bindings: Relation): Suspended<Relation> {
  switch (clause.kind) {
    case 'pattern':
      return solvePattern(context, clause, bindings);
    case 'call':
      return solveCall(context, clause, bindings);
    case 'not':
      return solveNot(context, clause, bindings);
    case 'or':
      return solveOr(context, clause, bindings);
    case 'rule':
      return solveRule(context, clause, bindings);
  }
}

function* toSource(value: QueryInput): Suspended<Source> {
  if (isDb(value)) return { kind: 'database', db: yield* settle(value) };
  const items =
    value instanceof EdnList
      ? value.items
      : value instanceof Set || value instanceof Map
        ? [...(value as Iterable<EdnData>)]
        : value;
  if (!Array.isArray(items))
    throw queryError('query/inputs', 'Expected a database or a collection as source');
  const tuples = (items as ReadonlyArray<EdnData>).map((item) =>
    item instanceof EdnList ? item.items : (item as ReadonlyArray<EdnData>),
  );
  return { kind: 'tuples', tuples };
}

export function isDb(value: QueryInput): value is Db {
  return typeof value === 'object' && value !== null && 'novelty' in value;
}

function dataOf(value: QueryInput): EdnData {
  if (isDb(value))
    throw queryError('query/inputs', 'Expected data, got a database: name it $ in :in');
  return value;
}

function missingInput(input: Input, expected: number, got: number): DatabaseError {
  const name =
    input.kind === 'binding'
      ? boundBy(input.binding).join(' ')
      : input.kind === 'rules'
        ? '%'
        : input.name;
  return queryError(
    'query/inputs',
    `Expected ${expected} inputs as :in says, got ${got}: nothing for ${name}`,
  );
}
