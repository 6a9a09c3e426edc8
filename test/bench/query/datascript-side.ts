/** DataScript as a side of the benchmark of queries. */
import type { DataScriptDb } from '../datascript.ts';
import { ds } from '../datascript.ts';
import type { Ask, Question, QuestionPage } from './question.ts';
import { inputsOf } from './question.ts';

export function askDataScript(db: DataScriptDb): (question: Question) => Ask {
  return (question) => {
    const inputs = inputsOf(question);
    if (question.kind === 'pull') {
      const pattern = JSON.stringify(question.attributes);
      return (call) => ds.pull(db, pattern, Number(inputs(call)[0]));
    }
    const query = withStrings(question.query);
    const rules = question.rules === undefined ? [] : [withStrings(question.rules)];
    const { page } = question;
    if (page === undefined) return (call) => ds.q(query, db, ...rules, ...inputs(call));
    // It has no order: whoever wants one sorts.
    return (call) => pageOf(page, ds.q(query, db, ...rules, ...inputs(call)) as ComparableRow[]);
  };
}

type ComparableRow = ReadonlyArray<string | number>;

function pageOf({ order, limit, offset }: QuestionPage, rows: ComparableRow[]): ComparableRow[] {
  const compare = (one: ComparableRow, other: ComparableRow): number => {
    for (const [place, direction] of order) {
      const [a, b] = [one[place] ?? 0, other[place] ?? 0];
      if (a !== b) return a < b === (direction === 'asc') ? -1 : 1;
    }
    return 0;
  };
  return rows.sort(compare).slice(offset, offset + limit);
}

const NAMES = /:(number|name|last-name|sex|age|salary|follows|male|female)(?![\w-])/g;

/** DataScript's JavaScript has no keywords: its attributes and what is one of ours are strings. */
function withStrings(text: string): string {
  return text.replace(NAMES, '"$1"');
}
