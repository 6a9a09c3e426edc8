/**
 * Whether clauses can be worked out a batch of bindings after the other, at a cost that goes with the rows of the batch: patterns that an
 * index is searched for, comparisons, look-ups, names of values, and what is made of these. Functions are not among them, as one that fails for some row
 * fails whatever page is asked for; nor are rules, which share their work over all rows.
 */
import type { Schema } from '../../db/schema.ts';
import { isComparison } from '../clauses/compare-rows.ts';
import type { CallClause, Clause, PatternClause, Term, Variable } from '../language/ast.ts';
import { argumentsOf, boundBy, variablesOf } from '../language/ast.ts';

/** Functions that look into a database. */
const LOOK_UPS: ReadonlySet<string> = new Set(['get-else', 'missing?']);

/** How many patterns and look-ups are worked out for each row; undefined where there is no telling. */
export function workPerRow(
  clauses: ReadonlyArray<Clause>,
  bound: ReadonlySet<Variable>,
  schema: Schema,
): number | undefined {
  const known = new Set(bound);
  let rest = [...clauses];
  let work = 0;
  while (rest.length > 0) {
    const left: Clause[] = [];
    for (const clause of rest) {
      const own = workOf(clause, known, schema);
      if (own === undefined) {
        left.push(clause);
        continue;
      }
      work += own;
      if (clause.kind !== 'not') for (const name of variablesOf(clause)) known.add(name);
    }
    if (left.length === rest.length) return undefined;
    rest = left;
  }
  return work;
}

function workOf(clause: Clause, bound: ReadonlySet<Variable>, schema: Schema): number | undefined {
  switch (clause.kind) {
    case 'pattern':
      return isSearched(clause, bound, schema) ? 1 : undefined;
    case 'call': {
      const isKnown =
        isComparison(clause.function) || LOOK_UPS.has(clause.function) || isGround(clause);
      const isTest = boundBy(clause.binding).every((name) => !bound.has(name));
      if (!isKnown || !isTest || !argumentsOf(clause).every((name) => bound.has(name)))
        return undefined;
      return LOOK_UPS.has(clause.function) ? 1 : 0;
    }
    case 'not': {
      const shared = new Set([...variablesOf(clause)].filter((name) => bound.has(name)));
      return shared.size === 0 ? undefined : workPerRow(clause.clauses, shared, schema);
    }
    case 'or': {
      const seen = variablesOf(clause);
      const shared = new Set([...seen].filter((name) => bound.has(name)));
      const branches = clause.branches.map((branch) => workPerRow(branch, shared, schema));
      return branches.reduce<number | undefined>(
        (sum, work) => (sum === undefined || work === undefined ? undefined : sum + work),
        0,
      );
    }
    case 'rule':
    case 'given':
      return undefined;
  }
}

/** Whether a value is given a name, which neither fails nor makes more rows. */
function isGround({ function: name, binding }: CallClause): boolean {
  return name === 'ground' && binding?.kind === 'scalar';
}

/** Whether an index is searched by what is bound in a pattern. */
function isSearched(
  { source, terms: [e, a, v] }: PatternClause,
  bound: ReadonlySet<Variable>,
  schema: Schema,
): boolean {
  if (a?.kind !== 'constant') return false;
  if (isBoundTerm(e, bound)) return true;
  // Another database may have other indices.
  const number = source === '$' ? schema.numberFor(a.value) : undefined;
  return (
    number !== undefined &&
    v?.kind === 'variable' &&
    isBoundTerm(v, bound) &&
    schema.isIndexed(number)
  );
}

function isBoundTerm(term: Term | undefined, bound: ReadonlySet<Variable>): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && bound.has(term.name));
}
