/**
 * Regular expressions, the one door to the library that runs them: a port of RE2, which needs time in proportion to the text whatever
 * the expression. What RE2 cannot run in such time (references back, looking ahead) it refuses. A pattern is its text, so that it is data
 * like any other; `re-pattern` says whether it is one.
 */
import { RE2JS } from 're2js';
import type { Matcher } from 're2js';
import type { EdnData } from '../../../schema/value.ts';
import type { DatabaseError } from '../../../schema/error.ts';
import { exceeded } from '../../shared/budget.ts';
import { queryError } from '../query-error.ts';
import type { Table } from './built-in.ts';

/** Longer patterns are refused: compiling one of this length takes milliseconds. */
const MAX_PATTERN = 500;

/** Steps that one call may take: characters by instructions of the pattern. A tenth of a second at the very worst. */
const MAX_STEPS = 5_000_000;

const MAX_COMPILED = 200;
const compiled = new Map<string, RE2JS>();

export const REGULAR_EXPRESSIONS: Table = [
  [
    're-pattern',
    (pattern) => {
      if (typeof pattern !== 'string') return undefined;
      compile(pattern);
      return pattern;
    },
  ],
  [
    're-find',
    (pattern, text) => withMatcher(pattern, text, (found) => (found.find() ? groups(found) : null)),
  ],
  [
    're-matches',
    (pattern, text) =>
      withMatcher(pattern, text, (found) => (found.matches() ? groups(found) : null)),
  ],
  ['re-seq', (pattern, text) => withMatcher(pattern, text, allMatches)],
];

function withMatcher(
  pattern: EdnData | undefined,
  text: EdnData | undefined,
  use: (found: Matcher, steps: number) => EdnData,
): EdnData | undefined {
  if (typeof pattern !== 'string' || typeof text !== 'string') return undefined;
  const expression = compile(pattern);
  const steps = expression.programSize() * text.length;
  if (steps > MAX_STEPS) throw tooMuch(pattern, text);
  return use(expression.matcher(text), steps);
}

/** What was matched; with groups, a vector of it and of each, nil for those that had no part. */
function groups(found: Matcher): EdnData {
  const whole = found.group() ?? '';
  const count = found.groupCount();
  if (count === 0) return whole;
  return [whole, ...Array.from({ length: count }, (_, i) => found.group(i + 1))];
}

/** Each search starts anew where the one before ended, and may read on to the end. */
function allMatches(found: Matcher, stepsOfOne: number): EdnData {
  const matches: EdnData[] = [];
  for (let steps = stepsOfOne; found.find(); steps += stepsOfOne) {
    matches.push(groups(found));
    if (steps > MAX_STEPS * 10)
      throw exceeded(
        'steps',
        MAX_STEPS * 10,
        `re-seq finds too many matches in so long a text, ${matches.length} and more; search a part of it`,
      );
  }
  return matches.length === 0 ? null : matches;
}

/** @throws BAD_QUERY (`query/where`) for what is no pattern, or none of RE2 */
function compile(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN)
    throw queryError(
      'query/where',
      `Expected a regular expression of at most ${MAX_PATTERN} characters, got one of ${pattern.length}`,
    );
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw queryError('query/where', `Expected a regular expression of RE2: ${reason}`, pattern);
  }
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

function tooMuch(pattern: string, text: string): DatabaseError {
  return exceeded(
    'steps',
    MAX_STEPS,
    `A text of ${text.length} characters is too long to be searched for '${pattern}'; shorten the one or the other`,
  );
}
