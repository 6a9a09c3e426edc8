/** What has to be bound before a clause can be worked out, and what it binds then. */
import type { Clause, RuleClause, Rules, Variable } from './ast.ts';
import { argumentsOf, boundBy, nameOf, variablesOf } from './ast.ts';

/** Variables that have to be bound before a clause can be worked out. */
export function inputsOf(clause: Clause, rules: Rules): ReadonlySet<Variable> {
  switch (clause.kind) {
    case 'pattern':
    case 'given':
      return new Set();
    case 'rule':
      return inputsOfCall(clause, needsOf(rules));
    case 'call':
      return new Set(argumentsOf(clause));
    case 'not':
      return variablesOf(clause);
    case 'or': {
      const seen = variablesOf(clause);
      const open = clause.branches.flatMap((branch) => openInputs(branch, rules));
      return new Set([...clause.required, ...open].filter((name) => seen.has(name)));
    }
  }
}

/** Variables that a clause can bind. */
export function outputsOf(clause: Clause, rules: Rules): ReadonlySet<Variable> {
  switch (clause.kind) {
    case 'not':
      return new Set();
    case 'call':
      return new Set(boundBy(clause.binding));
    default: {
      const inputs = inputsOf(clause, rules);
      return new Set([...variablesOf(clause)].filter((name) => !inputs.has(name)));
    }
  }
}

/** Inputs of clauses that none of these clauses binds. */
export function openInputs(clauses: ReadonlyArray<Clause>, rules: Rules): Variable[] {
  const bound = new Set(clauses.flatMap((clause) => [...outputsOf(clause, rules)]));
  return clauses.flatMap((clause) =>
    [...inputsOf(clause, rules)].filter((name) => !bound.has(name)),
  );
}

/** The places of the parameters of each rule that its clauses only look at. */
type Needs = Map<string, ReadonlySet<number>>;

const needsByRules = new WeakMap<Rules, Needs>();

/** Worked out by repetition, as rules call each other: at first no rule needs anything, and what one needs another may need too. */
function needsOf(rules: Rules): Needs {
  const known = needsByRules.get(rules);
  if (known !== undefined) return known;
  const needs: Needs = new Map();
  needsByRules.set(rules, needs);
  for (let before = -1, now = 0; before !== now; now = sizeOf(needs)) {
    before = now;
    for (const [name, branches] of rules) {
      const places = new Set(needs.get(name));
      for (const { head, required, clauses } of branches)
        for (const variable of [...required, ...openInputs(clauses, rules)])
          if (head.includes(variable)) places.add(head.indexOf(variable));
      needs.set(name, places);
    }
  }
  return needs;
}

function sizeOf(needs: Needs): number {
  return [...needs.values()].reduce((size, places) => size + places.size, 0);
}

function inputsOfCall({ name, arguments: terms }: RuleClause, needs: Needs): Set<Variable> {
  const places = needs.get(name);
  return new Set(terms.flatMap((term, place) => (places?.has(place) === true ? nameOf(term) : [])));
}
