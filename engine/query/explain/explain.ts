/** Explains a query: works it out, and tells for each clause in which order, how, and with how many rows that was. */
import { printEdn } from '../../../schema/edn-print.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PagedQuery } from '../language/parsed.ts';
import type { QueryInput } from '../execute.ts';
import { execute } from '../execute.ts';
import type { ExplainedClause, ExplainedRule, Plan } from './explanation.ts';
import { printPlan } from './print-plan.ts';
import type { ClauseTrace, RuleTrace } from '../trace.ts';
import { Trace } from '../trace.ts';

/** Plain data; as text it is a list for people to read. */
export class Explanation implements Plan {
  readonly clauses: ReadonlyArray<ExplainedClause>;
  readonly rows: number;
  readonly durationMs: number;

  constructor({ clauses, rows, durationMs }: Plan) {
    this.clauses = clauses;
    this.rows = rows;
    this.durationMs = durationMs;
  }

  toString(): string {
    return printPlan(this);
  }
}

export function* explainQuery(
  { query, page }: PagedQuery,
  inputs: ReadonlyArray<QueryInput>,
): Suspended<Explanation> {
  const trace = new Trace();
  const startedMs = performance.now();
  const answer = yield* execute(query, inputs, page, trace);
  const durationMs = performance.now() - startedMs;
  const isRows = query.find.kind === 'relation' || query.find.kind === 'collection';
  const rows = isRows && Array.isArray(answer) ? answer.length : Number(answer !== null);
  const [[first, ...others] = []] = explained(trace.conjunctions);
  // What was tried before.
  const clauses = first && [{ ...first, how: [...trace.notes, ...first.how] }, ...others];
  return new Explanation({ clauses: clauses ?? [], rows, durationMs });
}

/** What was worked out again and again, as rules are, is told once: conjunctions of the same clauses in one order are one. */
function explained(
  conjunctions: ReadonlyArray<ReadonlyArray<ClauseTrace>>,
): ReadonlyArray<ReadonlyArray<ExplainedClause>> {
  const same = new Map<string, Array<ReadonlyArray<ClauseTrace>>>();
  for (const conjunction of conjunctions) {
    const key = conjunction.map(({ clause }) => printEdn(clause.form)).join('\n');
    const others = same.get(key);
    if (others === undefined) same.set(key, [conjunction]);
    else others.push(conjunction);
  }
  return Array.from(same.values(), (times) =>
    (times[0] ?? []).map((_, place) =>
      explainedClause(times.flatMap((conjunction) => conjunction[place] ?? [])),
    ),
  );
}

/** One clause, each time that it was worked out. */
function explainedClause(times: ReadonlyArray<ClauseTrace>): ExplainedClause {
  const [first] = times;
  const expected = times.map((one) => one.expected);
  return {
    clause: first?.clause.kind === 'given' ? 'what is known' : printEdn(first?.clause.form ?? null),
    how: [...new Set(times.flatMap(({ within }) => within.notes))],
    times: times.length,
    expected: expected.includes(undefined) ? undefined : sum(expected),
    rows: sum(times.map(({ rows }) => rows)),
    durationMs: sum(times.map(({ durationMs }) => durationMs)),
    bound: first?.bound ?? [],
    branches: explained(times.flatMap(({ within }) => within.conjunctions)),
    rules: times.flatMap(({ within }) => within.rules.map(explainedRule)),
  };
}

function explainedRule(rule: RuleTrace): ExplainedRule {
  const { name, source, head, asked, rounds, questionCount, answerCount } = rule;
  const called = [...(source === '$' ? [] : [source]), name, ...head].join(' ');
  return { rule: `(${called})`, asked, rounds, questions: questionCount, answers: answerCount };
}

function sum(numbers: ReadonlyArray<number | undefined>): number {
  return numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
}
