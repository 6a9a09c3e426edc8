/** What was done for a query. Noted only where somebody asked, for `query-stats.ts` and `explain.ts` alike. */
import type { Clause, Rules, Variable } from './language/ast.ts';
import type { RuleEvaluation } from './clauses/rule-evaluation.ts';

/** What was done for one clause, or for all of a query. */
export class Trace {
  /** The conjunctions that were worked out, of each the clauses in the order in which they were. */
  readonly conjunctions: ClauseTrace[][] = [];
  /** How it was done: `seek in eavt by ?e`. */
  readonly notes: string[] = [];
  readonly rules: RuleTrace[] = [];

  note(how: string | undefined): void {
    if (how !== undefined) this.notes.push(how);
  }

  noteRules({ tables, rounds }: RuleEvaluation, rules: Rules): void {
    for (const { name, source, questions, answers } of tables) {
      const head = rules.get(name)?.[0]?.head ?? [];
      const asked = questions.variables.flatMap((place) => head[Number(place.slice(1))] ?? []);
      const [questionCount, answerCount] = [questions.known, answers.known];
      this.rules.push({ name, source, head, asked, rounds, questionCount, answerCount });
    }
  }
}

export interface ClauseTrace {
  readonly clause: Clause;
  /** How many rows were expected after it; undefined where nobody could tell. */
  readonly expected: number | undefined;
  readonly rows: number;
  readonly bound: ReadonlyArray<Variable>;
  readonly durationMs: number;
  readonly within: Trace;
}

/** A rule on one source, asked by the values of some of its parameters. */
export interface RuleTrace {
  readonly name: string;
  readonly source: string;
  readonly head: ReadonlyArray<Variable>;
  readonly asked: ReadonlyArray<Variable>;
  /** Of all rules that call each other together. */
  readonly rounds: number;
  readonly questionCount: number;
  readonly answerCount: number;
}
