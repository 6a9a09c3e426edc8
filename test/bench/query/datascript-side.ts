/** DataScript as a side of the benchmark of queries. */
import type { DataScriptDb } from '../datascript.ts';
import { ds } from '../datascript.ts';
import type { Ask, Question } from './question.ts';
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
    return (call) => ds.q(query, db, ...rules, ...inputs(call));
  };
}

const NAMES = /:(number|name|last-name|sex|age|salary|follows|male|female)(?![\w-])/g;

/** DataScript's JavaScript has no keywords: its attributes and what is one of ours are strings. */
function withStrings(text: string): string {
  return text.replace(NAMES, '"$1"');
}
