/** A parsed query: plain data, variables by name (`?e`), every alternative tagged by `kind`. */
import type { EdnData } from '../../../schema/value.ts';
import type { PullPlan } from '../../pull/parse.ts';
import type { Relation } from '../relation/relation.ts';
import type { Variable } from '../variable.ts';

export type { Variable } from '../variable.ts';

/** Begins the names of variables for values that a template was given; no text can name them. */
export const GIVEN = '?value ';

export type Term =
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'constant'; readonly value: EdnData }
  | { readonly kind: 'blank' };

/** An argument of a function: also a whole source. */
export type Argument = Term | { readonly kind: 'source'; readonly name: string };

export type Binding =
  | { readonly kind: 'scalar'; readonly name: Variable }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'tuple'; readonly items: ReadonlyArray<Binding> }
  | { readonly kind: 'collection'; readonly item: Binding };

export interface PatternClause {
  readonly kind: 'pattern';
  readonly source: string;
  /** `[e a v tx added]`, as many as were written. */
  readonly terms: ReadonlyArray<Term>;
  readonly form: EdnData;
}

export interface CallClause {
  /** A predicate has no binding. */
  readonly kind: 'call';
  readonly function: string;
  readonly arguments: ReadonlyArray<Argument>;
  readonly binding: Binding | undefined;
  readonly form: EdnData;
}

export interface NotClause {
  readonly kind: 'not';
  /** The variables that are unified with the outside; undefined for all that occur. */
  readonly join: ReadonlyArray<Variable> | undefined;
  readonly clauses: ReadonlyArray<Clause>;
  readonly form: EdnData;
}

export interface OrClause {
  readonly kind: 'or';
  readonly join: ReadonlyArray<Variable> | undefined;
  /** Of `join`, the variables that have to be bound outside. */
  readonly required: ReadonlyArray<Variable>;
  readonly branches: ReadonlyArray<ReadonlyArray<Clause>>;
  readonly form: EdnData;
}

export interface RuleClause {
  readonly kind: 'rule';
  readonly source: string;
  readonly name: string;
  readonly arguments: ReadonlyArray<Term>;
  readonly form: EdnData;
}

/** Bindings that are known already; never written in a query. */
export interface GivenClause {
  readonly kind: 'given';
  readonly relation: Relation;
  readonly form: EdnData;
}

export type Clause = PatternClause | CallClause | NotClause | OrClause | RuleClause | GivenClause;

export interface RuleBranch {
  readonly head: ReadonlyArray<Variable>;
  readonly required: ReadonlyArray<Variable>;
  readonly clauses: ReadonlyArray<Clause>;
}

/** Rules by name. */
export type Rules = ReadonlyMap<string, ReadonlyArray<RuleBranch>>;

export type FindElement =
  | { readonly kind: 'variable'; readonly name: Variable }
  | {
      readonly kind: 'aggregate';
      readonly function: string;
      /** What comes before the variable, such as the n of `(min n ?x)`. */
      readonly arguments: ReadonlyArray<Term>;
      readonly name: Variable;
    }
  | {
      readonly kind: 'pull';
      readonly source: string;
      readonly name: Variable;
      /** A plan, or the input that holds the pattern. */
      readonly pattern: PullPlan | Variable;
    };

export interface FindSpec {
  readonly kind: 'relation' | 'collection' | 'tuple' | 'scalar';
  readonly elements: ReadonlyArray<FindElement>;
}

export interface OrderKey {
  /** The place in the find specification. */
  readonly index: number;
  readonly isDescending: boolean;
}

export type Input =
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'rules' }
  | { readonly kind: 'binding'; readonly binding: Binding };

/** Which rows of an answer are wanted. */
export interface Page {
  /** How many at most; undefined for all. */
  readonly limit: number | undefined;
  /** How many to pass over before them. */
  readonly offset: number;
  /** How many columns each has, of rows of variables; undefined for all. The others are there to sort by. */
  readonly columns?: number | undefined;
}

/** With the page that its own form asks for. */
export interface Query extends Page {
  readonly find: FindSpec;
  readonly with: ReadonlyArray<Variable>;
  readonly in: ReadonlyArray<Input>;
  readonly where: ReadonlyArray<Clause>;
  /** Keys of the maps that rows become. */
  readonly keys: ReadonlyArray<EdnData> | undefined;
  readonly orderBy: ReadonlyArray<OrderKey>;
}

const variablesByClause = new WeakMap<Clause, ReadonlySet<Variable>>();

/** Every variable that a clause mentions, also inside of what it encloses, as far as it is seen from outside. */
export function variablesOf(clause: Clause): ReadonlySet<Variable> {
  let variables = variablesByClause.get(clause);
  if (variables === undefined) variablesByClause.set(clause, (variables = variablesIn(clause)));
  return variables;
}

function variablesIn(clause: Clause): ReadonlySet<Variable> {
  switch (clause.kind) {
    case 'pattern':
      return new Set(clause.terms.flatMap(nameOf));
    case 'rule':
      return new Set(clause.arguments.flatMap(nameOf));
    case 'given':
      return new Set(clause.relation.variables);
    case 'call':
      return new Set([...argumentsOf(clause), ...boundBy(clause.binding)]);
    case 'not':
      return new Set(clause.join ?? clause.clauses.flatMap((inner) => [...variablesOf(inner)]));
    case 'or':
      return new Set(
        clause.join ?? clause.branches.flat().flatMap((inner) => [...variablesOf(inner)]),
      );
  }
}

/** The variables that a call is made with, that for the function among them. */
export function argumentsOf(clause: CallClause): ReadonlyArray<Variable> {
  const names = clause.arguments.flatMap(nameOf);
  return clause.function.startsWith('?') ? [clause.function, ...names] : names;
}

/** The variables that a binding gives values to. */
export function boundBy(binding: Binding | undefined): ReadonlyArray<Variable> {
  switch (binding?.kind) {
    case undefined:
    case 'ignore':
      return [];
    case 'scalar':
      return [binding.name];
    case 'tuple':
      return binding.items.flatMap(boundBy);
    case 'collection':
      return boundBy(binding.item);
  }
}

export function nameOf(term: Argument): ReadonlyArray<Variable> {
  return term.kind === 'variable' ? [term.name] : [];
}
