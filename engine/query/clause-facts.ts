/** What is known of a clause before it meets any data. */
import type { Clause, Rules, Variable } from './language/ast.ts';
import { variablesOf } from './language/ast.ts';
import { inputsOf, outputsOf } from './inputs.ts';

export interface ClauseFacts {
  readonly variables: ReadonlySet<Variable>;
  /** Variables that have to be bound before. */
  readonly inputs: ReadonlyArray<Variable>;
  /** Variables that it can bind. */
  readonly outputs: ReadonlySet<Variable>;
}

const factsByRules = new WeakMap<Rules, WeakMap<Clause, ClauseFacts>>();

/** Looked up once for each clause and set of rules: clauses are parsed once. */
export function factsOf(clause: Clause, rules: Rules): ClauseFacts {
  let known = factsByRules.get(rules);
  if (known === undefined) factsByRules.set(rules, (known = new WeakMap()));
  let facts = known.get(clause);
  if (facts === undefined) {
    facts = {
      variables: variablesOf(clause),
      inputs: [...inputsOf(clause, rules)],
      outputs: outputsOf(clause, rules),
    };
    known.set(clause, facts);
  }
  return facts;
}
