/**
 * Rules that every query may call without bringing them: intervals `[from, to)` against each other, and transactions by the time for which
 * they are valid (`:db.valid/from`, `:db.valid/to`). Rules of the query go before those of the same name.
 */
import { readEdn } from '../../../schema/edn-read.ts';
import type { Rules } from './ast.ts';
import { parseRules } from './parse-clauses.ts';

/** How the interval a b stands to the interval c d. */
const INTERVALS: Readonly<Record<string, string>> = {
  overlaps: '[(< ?a ?d)] [(< ?c ?b)]',
  equals: '[(= ?a ?c)] [(= ?b ?d)]',
  contains: '[(<= ?a ?c)] [(>= ?b ?d)]',
  'strictly-contains': '[(< ?a ?c)] [(> ?b ?d)]',
  precedes: '[(<= ?b ?c)]',
  'strictly-precedes': '[(< ?b ?c)]',
  'immediately-precedes': '[(= ?b ?c)]',
  meets: '[(= ?b ?c)]',
  succeeds: '[(>= ?a ?d)]',
  'strictly-succeeds': '[(> ?a ?d)]',
  'immediately-succeeds': '[(= ?a ?d)]',
  starts: '[(= ?a ?c)] [(< ?b ?d)]',
  'started-by': '[(= ?a ?c)] [(> ?b ?d)]',
  finishes: '[(= ?b ?d)] [(> ?a ?c)]',
  'finished-by': '[(= ?b ?d)] [(< ?a ?c)]',
};

/** A transaction without an end is valid for ever. */
const WINDOW = `
  [?tx :db.valid/from ?start]
  [(get-else $ ?tx :db.valid/to #inst "9999-12-31T23:59:59.999Z") ?end]`;

/** How the window of a transaction stands to a point or another window. */
const WINDOWS: Readonly<Record<string, string>> = {
  'valid-at ?tx ?at': '[(<= ?start ?at)] [(< ?at ?end)]',
  'valid-between ?tx ?from ?to': '[(< ?start ?to)] [(< ?from ?end)]',
  'period-overlaps? ?tx ?from ?to': '[(< ?start ?to)] [(< ?from ?end)]',
  'valid-during ?tx ?from ?to': '[(<= ?from ?start)] [(<= ?end ?to)]',
};

/** Every argument that a rule only compares is bound before its clauses; those that stand for themselves need a clause to stand in. */
const BODIES: ReadonlyArray<string> = [
  ...Object.entries(INTERVALS).map(
    ([name, tests]) => `[(interval-${name}? ?a ?b ?c ?d) ${named(tests)} ${tests}]`,
  ),
  ...Object.entries(WINDOWS).map(([head, tests]) => `[(${head}) ${WINDOW} ${tests}]`),
];

function named(tests: string): string {
  const missing = ['?a', '?b', '?c', '?d'].filter((name) => !tests.includes(name));
  return missing.map((name) => `[(identity ${name}) _]`).join(' ');
}

export const STANDARD_RULES: Rules = parseRules(readEdn(`[${BODIES.join('\n')}]`));
