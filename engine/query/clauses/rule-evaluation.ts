/** What rules were asked while one call is worked out, what they answered, and what is kept meanwhile. */
import type { Db } from '../../db/db.ts';
import type { PatternClause, Variable } from '../language/ast.ts';
import type { RowIndex } from '../relation/algebra.ts';
import { GrowingSet } from '../relation/growing-set.ts';
import type { IntegerRows } from '../relation/integer-rows.ts';
import type { Relation } from '../relation/relation.ts';

interface Asked {
  readonly source: string;
  readonly name: string;
  readonly parameters: ReadonlyArray<Variable>;
}

/** A rule on one source, asked with some of its parameters bound. */
export interface RuleTable {
  readonly source: string;
  readonly name: string;
  readonly questions: GrowingSet;
  readonly answers: GrowingSet;
}

/** A pattern that is met round after round: what it has cost, and all its bindings once that was more than to read them all. */
export interface KeptPattern {
  spent: number;
  relation: Relation | undefined;
  /** By the variables that the relation is searched by. */
  readonly indexes: Map<string, RowIndex>;
  /** The relation once more, where derivations search it. */
  rows: IntegerRows | undefined;
}

export class RuleEvaluation {
  rounds = 0;
  /**
   * Whether a rule was asked about lookup refs. They stay as they were given in the answers to those questions, and are of no use for others: rows of
   * one table say nothing in another one then, nor new answers anything to calls that did not ask for them.
   */
  hasLookupRefs = false;
  /** In the order in which they were asked for. */
  readonly tables: RuleTable[] = [];
  /** By source and rule. */
  readonly #tables = new Map<string, RuleTable[]>();
  readonly #patterns = new Map<Db, Map<PatternClause, KeptPattern>>();

  /** The tables in which a rule is asked on one source; others may come. */
  tablesOf(source: string, name: string): RuleTable[] {
    const key = `${source} ${name}`;
    let tables = this.#tables.get(key);
    if (tables === undefined) this.#tables.set(key, (tables = []));
    return tables;
  }

  /**
   * The table in which questions with these parameters bound are answered. Where the rule is asked for all it has anyway, that is the one, unless
   * there are lookup refs.
   */
  tableOf({ source, name, parameters }: Asked, bound: ReadonlyArray<Variable>): RuleTable {
    const tables = this.tablesOf(source, name);
    const whole = tables.find(({ questions: { variables } }) => variables.length === 0);
    const known = this.hasLookupRefs ? undefined : whole;
    let table = known ?? tables.find(({ questions }) => isSame(questions.variables, bound));
    if (table === undefined) {
      const [questions, answers] = [new GrowingSet(bound), new GrowingSet(parameters)];
      table = { source, name, questions, answers };
      tables.push(table);
      this.tables.push(table);
    }
    return table;
  }

  /** Begins a round; false where nothing came in the last one. */
  advance(): boolean {
    let hasNews = false;
    for (const { questions, answers } of this.tables) {
      if (questions.advance()) hasNews = true;
      if (answers.advance()) hasNews = true;
    }
    return hasNews;
  }

  pattern(db: Db, clause: PatternClause): KeptPattern {
    let ofDb = this.#patterns.get(db);
    if (ofDb === undefined) this.#patterns.set(db, (ofDb = new Map()));
    let kept = ofDb.get(clause);
    if (kept === undefined) {
      kept = { spent: 0, relation: undefined, indexes: new Map(), rows: undefined };
      ofDb.set(clause, kept);
    }
    return kept;
  }
}

function isSame(some: ReadonlyArray<Variable>, others: ReadonlyArray<Variable>): boolean {
  return some.length === others.length && some.every((variable, i) => variable === others[i]);
}
