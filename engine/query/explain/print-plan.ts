/** How a query was worked out, for people to read. */
import type { ExplainedClause, ExplainedRule, Plan } from './explanation.ts';

/**
 *     2 rows in 0.31 ms
 *     1. [?c :city/people ?p]: 3 rows of 3 expected, 0.05 ms
 *        scan of aevt where a is :city/people
 *     2. (not [?c :city/name "Bern"]): 2 rows of at most 3 expected …
 */
export function printPlan({ clauses, rows, durationMs }: Plan): string {
  return [`${counted(rows, 'row')} in ${milliseconds(durationMs)}`, ...linesOf(clauses)].join('\n');
}

const INDENT = '   ';

function linesOf(clauses: ReadonlyArray<ExplainedClause>): string[] {
  return clauses.flatMap((clause, place) => [
    `${place + 1}. ${clause.clause}: ${figuresOf(clause)}`,
    ...detailsOf(clause).map((line) => INDENT + line),
  ]);
}

function figuresOf({ rows, expected, times, durationMs }: ExplainedClause): string {
  return [
    counted(rows, 'row') + (expected === undefined ? '' : ` (${number(expected)} expected)`),
    ...(times === 1 ? [] : [`${number(times)} times`]),
    milliseconds(durationMs),
  ].join(', ');
}

function detailsOf({ how, rules, branches }: ExplainedClause): string[] {
  const isOnly = branches.length === 1;
  return [
    ...how,
    ...rules.map(ruleLine),
    ...branches.flatMap((branch, place) => [
      ...(isOnly ? [] : [`branch ${place + 1}`]),
      ...linesOf(branch).map((line) => (isOnly ? line : INDENT + line)),
    ]),
  ];
}

function ruleLine({ rule, asked, rounds, questions, answers }: ExplainedRule): string {
  const what = asked.length === 0 ? 'all of it' : `by ${asked.join(' ')}`;
  return `${rule} asked ${what}: ${[
    counted(questions, 'question'),
    counted(answers, 'answer'),
    counted(rounds, 'round'),
  ].join(', ')}`;
}

function counted(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`;
}

function number(count: number): string {
  return Math.round(count).toLocaleString('en');
}

function milliseconds(durationMs: number): string {
  return `${durationMs.toFixed(2)} ms`;
}
