/** What all clauses of one execution share. */
import type { EdnData } from '../../schema/value.ts';
import type { SettledDb } from '../db/scan.ts';
import { didYouMean } from '../shared/suggest.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Argument, Clause, Rules, Term, Variable } from './language/ast.ts';
import type { RuleEvaluation } from './clauses/rule-evaluation.ts';
import { queryError } from './query-error.ts';
import type { Relation } from './relation/relation.ts';
import type { Trace } from './trace.ts';

/** A database, or a collection of tuples. */
export type Source =
  | { readonly kind: 'database'; readonly db: SettledDb }
  | { readonly kind: 'tuples'; readonly tuples: ReadonlyArray<ReadonlyArray<EdnData>> };

export interface Context {
  readonly sources: ReadonlyMap<string, Source>;
  /** The name that the caller gave to what `$` stands for here: inside a rule called on `$b` it is `$b`. */
  readonly defaultSource: string;
  readonly rules: Rules;
  /** Single inputs by their variables, which are constants of this execution: no relation holds them. */
  readonly constants: ReadonlyMap<Variable, EdnData>;
  /** The rules that are being worked out. */
  readonly evaluation: RuleEvaluation | undefined;
  /** How many negations are being worked out, each within the one before. */
  readonly negations: number;
  /** Where it is noted how each clause is worked out; undefined where nobody asked. */
  readonly trace: Trace | undefined;
  /**
   * Solves clauses together with the bindings so far. Handed on so that clauses that enclose clauses need not import the loop that
   * runs them.
   */
  readonly solve: Solve;
  /** Answers a query within the query; handed on for the same reason. */
  readonly query: (form: EdnData, inputs: ReadonlyArray<SettledDb | EdnData>) => Suspended<EdnData>;
}

type Constant = Extract<Term, { readonly kind: 'constant' }>;

export type Solve = (
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  /** Of what is bound, what need be in the answer. */
  wanted: ReadonlySet<Variable>,
) => Suspended<Relation>;

export function sourceOf(context: Context, name: string): Source {
  const source = context.sources.get(name);
  if (source === undefined)
    throw queryError(
      'parser/query',
      `Where uses unknown source vars: [${name}]; expected one of :in`,
      undefined,
      didYouMean(name, context.sources.keys()),
    );
  return source;
}

export function databaseOf(context: Context, name: string): SettledDb {
  const source = sourceOf(context, name);
  if (source.kind === 'database') return source.db;
  throw queryError('query/where', `Expected a database as source ${name}, got a collection`);
}

/** A term as it is in this execution. */
export function termIn<T extends Argument>({ constants }: Context, term: T): T | Constant {
  if (term.kind !== 'variable' || !constants.has(term.name)) return term;
  return { kind: 'constant', value: constants.get(term.name) ?? null };
}

/** The value that a term has in this execution, whatever is bound; undefined where it has none. */
export function valueIn({ constants }: Context, term: Argument): EdnData | undefined {
  if (term.kind === 'constant') return term.value;
  return term.kind === 'variable' ? constants.get(term.name) : undefined;
}

/** Whether a variable has a value. */
export function isBound({ constants }: Context, bindings: Relation, name: Variable): boolean {
  return bindings.has(name) || constants.has(name);
}
