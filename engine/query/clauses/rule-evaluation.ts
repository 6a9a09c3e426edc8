/** What rules were asked while one call is worked out, what they answered, and what is kept meanwhile. */
import type { Db } from '../../db/db.ts';
import type { PatternClause, Variable } from '../ast.ts';
import type { RowIndex } from '../relation/algebra.ts';
import { GrowingSet } from '../relation/growing-set.ts';
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
}

export class RuleEvaluation {
  rounds = 0;
  readonly tables = new Map<string, RuleTable>();
  readonly #patterns = new Map<Db, Map<PatternClause, KeptPattern>>();

  /**
   * The table in which questions with these parameters bound are answered. Where the rule is asked for all it has anyway, that is the one.
   */
  tableOf({ source, name, parameters }: Asked, bound: ReadonlyArray<Variable>): RuleTable {
    const whole = this.tables.get(keyOf(source, name, []));
    if (whole !== undefined) return whole;
    const key = keyOf(source, name, bound);
    let table = this.tables.get(key);
    if (table === undefined) {
      const [questions, answers] = [new GrowingSet(bound), new GrowingSet(parameters)];
      table = { source, name, questions, answers };
      this.tables.set(key, table);
    }
    return table;
  }

  pattern(db: Db, clause: PatternClause): KeptPattern {
    let ofDb = this.#patterns.get(db);
    if (ofDb === undefined) this.#patterns.set(db, (ofDb = new Map()));
    let kept = ofDb.get(clause);
    if (kept === undefined) {
      kept = { spent: 0, relation: undefined, indexes: new Map() };
      ofDb.set(clause, kept);
    }
    return kept;
  }
}

function keyOf(source: string, name: string, bound: ReadonlyArray<Variable>): string {
  return `${source} ${name} ${bound.join(' ')}`;
}
