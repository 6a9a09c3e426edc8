/**
 * Lookup refs as arguments of rules. Where a parameter stands for nothing but entities, the rule is asked about the entity's id, which is an
 * integer among integers. Anywhere else the rule may want the lookup ref as the value that it is.
 */
import type { SettledDb } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Context } from '../context.ts';
import type {
  Clause,
  PatternClause,
  RuleBranch,
  RuleClause,
  Rules,
  Term,
  Variable,
} from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import { isLookupRef, namedEntity } from '../patterns/components.ts';
import { isRef } from '../patterns/way.ts';

/** What `$` is called in rules, whatever source they are called on. */
const OWN_SOURCE = '$';

/** The call with ids for the lookup refs among its constants, as far as they name entities. */
export function* withEntityIds(context: Context, clause: RuleClause): Suspended<RuleClause> {
  if (!clause.arguments.some(isNamed)) return clause;
  const name = clause.source === OWN_SOURCE ? context.defaultSource : clause.source;
  const source = context.sources.get(name);
  if (source?.kind !== 'database') return clause;
  const terms: Term[] = [];
  for (const [place, term] of clause.arguments.entries())
    terms.push(
      isNamed(term) && new EntityUses(context.rules, source.db).isEntity(clause.name, place)
        ? { kind: 'constant', value: (yield* namedEntity(source.db, term.value)) ?? term.value }
        : term,
    );
  return { ...clause, arguments: terms };
}

function isNamed(term: Term): term is Extract<Term, { readonly kind: 'constant' }> {
  return term.kind === 'constant' && isLookupRef(term.value);
}

/** Tells whether one parameter stands for entities of a database and for nothing else. */
class EntityUses {
  readonly #rules: Rules;
  readonly #db: SettledDb;
  /** Parameters that are looked at already: a rule that calls itself says nothing new about them. */
  readonly #seen = new Set<string>();

  constructor(rules: Rules, db: SettledDb) {
    this.#rules = rules;
    this.#db = db;
  }

  isEntity(rule: string, place: number): boolean {
    const parameter = `${place} ${rule}`;
    if (this.#seen.has(parameter)) return true;
    this.#seen.add(parameter);
    return (this.#rules.get(rule) ?? []).every(({ head, clauses }: RuleBranch) =>
      clauses.every((clause) => this.#isEntityIn(clause, head[place]!)),
    );
  }

  #isEntityIn(clause: Clause, name: Variable): boolean {
    if (!variablesOf(clause).has(name)) return true;
    switch (clause.kind) {
      case 'pattern':
        return clause.source === OWN_SOURCE && this.#isEntityOf(clause, name);
      case 'rule':
        return (
          clause.source === OWN_SOURCE &&
          clause.arguments.every((term, i) => !isOf(term, name) || this.isEntity(clause.name, i))
        );
      case 'not':
        return clause.clauses.every((inner) => this.#isEntityIn(inner, name));
      case 'or':
        return clause.branches.flat().every((inner) => this.#isEntityIn(inner, name));
      case 'call':
      case 'given':
        return false;
    }
  }

  /** Whether a variable of a pattern stands where entities do only: in front, or as the value of a reference. */
  #isEntityOf({ terms }: PatternClause, name: Variable): boolean {
    const { schema } = this.#db;
    const [, a] = terms;
    const number = a?.kind === 'constant' ? schema.numberFor(a.value) : undefined;
    const isReference = number !== undefined && isRef(schema.attribute(number));
    return terms.every((term, i) => !isOf(term, name) || i === 0 || (i === 2 && isReference));
  }
}

function isOf(term: Term, name: Variable): boolean {
  return term.kind === 'variable' && term.name === name;
}
