/** How a query was worked out, as plain data. */

export interface Plan {
  readonly clauses: ReadonlyArray<ExplainedClause>;
  /** Of the answer. */
  readonly rows: number;
  readonly durationMs: number;
}

export interface ExplainedClause {
  /** As it was written, as EDN. */
  readonly clause: string;
  /** How it was worked out: `scan of avet where a is :city/name and v is "Bern"`. */
  readonly how: ReadonlyArray<string>;
  /** How often it was worked out, once but in rules: what follows is of all times together. */
  readonly times: number;
  /** How many rows the planner expected after it; undefined where it cannot tell, as of alternatives and rules. */
  readonly expected: number | undefined;
  readonly rows: number;
  readonly durationMs: number;
  /** The variables that were bound after it. */
  readonly bound: ReadonlyArray<string>;
  /** The conjunctions within it. */
  readonly branches: ReadonlyArray<ReadonlyArray<ExplainedClause>>;
  /** What was asked of rules for it. */
  readonly rules: ReadonlyArray<ExplainedRule>;
}

export interface ExplainedRule {
  /** As it is called: `(way ?from ?to)`, on another source `($old way ?from ?to)`. */
  readonly rule: string;
  /** Its parameters whose values were asked for; with none of them all its answers were found. */
  readonly asked: ReadonlyArray<string>;
  readonly rounds: number;
  readonly questions: number;
  readonly answers: number;
}
