/** What has to be bound before a clause can be worked out, and what it binds then. */
import type { Clause, OrClause, RuleClause, Rules, Variable } from './language/ast.ts';
import { argumentsOf, boundBy, nameOf, variablesOf } from './language/ast.ts';

/** Variables that have to be bound before a clause can be worked out. */
export function inputsOf(clause: Clause, rules: Rules): ReadonlySet<Variable> {
  return needsOf(rules).inputsOf(clause);
}

/** Variables that a clause can bind. */
export function outputsOf(clause: Clause, rules: Rules): ReadonlySet<Variable> {
  return needsOf(rules).outputsOf(clause);
}

/** Inputs of clauses that none of these clauses binds. */
export function openInputs(clauses: ReadonlyArray<Clause>, rules: Rules): Variable[] {
  return needsOf(rules).openInputs(clauses);
}

const needsByRules = new WeakMap<Rules, Needs>();

/** Worked out by repetition, as rules call each other: at first no rule needs anything, and what one needs another may need too. */
function needsOf(rules: Rules): Needs {
  let needs = needsByRules.get(rules);
  if (needs !== undefined) return needs;
  needs = new Needs(new Map());
  for (let next = needs.next(rules); next.size > needs.size; next = needs.next(rules)) needs = next;
  needsByRules.set(rules, needs);
  return needs;
}

/** What clauses need where it is known what rules do. Each clause is looked through once, however deep clauses enclose each other. */
class Needs {
  readonly #places: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #inputs = new WeakMap<Clause, ReadonlySet<Variable>>();

  /** `places`: of each rule, those of the parameters that its clauses only look at. */
  constructor(places: ReadonlyMap<string, ReadonlySet<number>>) {
    this.#places = places;
  }

  /** How many parameters rules need. */
  get size(): number {
    return [...this.#places.values()].reduce((size, places) => size + places.size, 0);
  }

  /** What rules need where those that they call need this. */
  next(rules: Rules): Needs {
    const places = new Map<string, ReadonlySet<number>>();
    for (const [name, branches] of rules) {
      const needed = branches.flatMap(({ head, required, clauses }) =>
        [...required, ...this.openInputs(clauses)].map((variable) => head.indexOf(variable)),
      );
      places.set(name, new Set(needed.filter((place) => place >= 0)));
    }
    return new Needs(places);
  }

  inputsOf(clause: Clause): ReadonlySet<Variable> {
    let inputs = this.#inputs.get(clause);
    if (inputs === undefined) this.#inputs.set(clause, (inputs = this.#findInputs(clause)));
    return inputs;
  }

  outputsOf(clause: Clause): ReadonlySet<Variable> {
    switch (clause.kind) {
      case 'not':
        return new Set();
      case 'call':
        return new Set(boundBy(clause.binding));
      default: {
        const inputs = this.inputsOf(clause);
        return new Set([...variablesOf(clause)].filter((name) => !inputs.has(name)));
      }
    }
  }

  #findInputs(clause: Clause): ReadonlySet<Variable> {
    switch (clause.kind) {
      case 'pattern':
      case 'given':
        return new Set();
      case 'rule':
        return this.#inputsOfCall(clause);
      case 'call':
        return new Set(argumentsOf(clause));
      case 'not':
        return variablesOf(clause);
      case 'or': {
        const seen = variablesOf(clause);
        const needed = clause.branches.flatMap((branch) => this.openInputs(branch));
        return new Set(
          [...clause.required, ...needed, ...this.#leftOpen(clause)].filter((name) =>
            seen.has(name),
          ),
        );
      }
    }
  }

  /** What one branch binds and another does not is bound for all only where it was before. */
  #leftOpen({ branches }: OrClause): Variable[] {
    const bound = branches.map(
      (branch) => new Set(branch.flatMap((clause) => [...this.outputsOf(clause)])),
    );
    const some = new Set(bound.flatMap((names) => [...names]));
    return [...some].filter((name) => !bound.every((names) => names.has(name)));
  }

  /** Inputs of clauses that none of these clauses binds. */
  openInputs(clauses: ReadonlyArray<Clause>): Variable[] {
    const bound = new Set(clauses.flatMap((clause) => [...this.outputsOf(clause)]));
    return clauses.flatMap((clause) =>
      [...this.inputsOf(clause)].filter((name) => !bound.has(name)),
    );
  }

  #inputsOfCall({ name, arguments: terms }: RuleClause): Set<Variable> {
    const places = this.#places.get(name);
    return new Set(
      terms.flatMap((term, place) => (places?.has(place) === true ? nameOf(term) : [])),
    );
  }
}
