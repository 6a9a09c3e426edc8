/** What all clauses of one execution share. */
import type { EdnData } from '../../schema/value.ts';
import type { SettledDb } from '../db/scan.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Clause, Rules, Variable } from './ast.ts';
import { queryError } from './query-error.ts';
import type { Relation } from './relation.ts';

/** A database, or a collection of tuples. */
export type Source =
  | { readonly kind: 'database'; readonly db: SettledDb }
  | { readonly kind: 'tuples'; readonly tuples: ReadonlyArray<ReadonlyArray<EdnData>> };

export interface Context {
  readonly sources: ReadonlyMap<string, Source>;
  /** The name that the caller gave to what `$` stands for here: inside a rule called on `$b` it is `$b`. */
  readonly defaultSource: string;
  readonly rules: Rules;
  /** Variables that are single inputs: what such a one names has to exist. */
  readonly scalars: ReadonlySet<Variable>;
  /** Answers of rule calls that are being worked out, see `clauses/rule.ts`. */
  readonly tables: Map<string, RuleTable> | undefined;
  /** How many negations are being worked out, each within the one before. */
  readonly negations: number;
  /** Where it is noted what each clause took and left; undefined where nobody asked. */
  readonly trace: Trace | undefined;
  /**
   * Solves clauses together with the bindings so far. Handed on so that clauses that enclose clauses need not import the loop that
   * runs them.
   */
  readonly solve: Solve;
  /** Answers a query within the query; handed on for the same reason. */
  readonly query: (form: EdnData, inputs: ReadonlyArray<SettledDb | EdnData>) => Suspended<EdnData>;
}

export type Solve = (
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
) => Suspended<Relation>;

/** For each conjunction that was worked out, its clauses in the order in which they were. */
export type Trace = ClauseTrace[][];

export interface ClauseTrace {
  readonly clause: Clause;
  readonly durationMs: number;
  readonly rows: number;
  readonly bound: ReadonlyArray<Variable>;
  /** The conjunctions within the clause. */
  readonly inner: Trace;
}

/** What was asked of a rule with some arguments bound, and what was answered. */
export interface RuleTable {
  questions: Relation;
  answers: Relation;
}

export function sourceOf(context: Context, name: string): Source {
  const source = context.sources.get(name);
  if (source === undefined)
    throw queryError('parser/query', `Where uses unknown source vars: [${name}]`);
  return source;
}

export function databaseOf(context: Context, name: string): SettledDb {
  const source = sourceOf(context, name);
  if (source.kind === 'database') return source.db;
  throw queryError('query/where', `Expected a database as source ${name}, got a collection`);
}
