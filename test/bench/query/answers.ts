/** Answers of all sides in one form, to hold them against each other before anything is timed. */
import { Keyword } from '../../../engine/index.ts';
import type { Ask, Question, Side } from './question.ts';

/** Calls that are compared where their inputs differ. */
const CALLS = [0, 1, 2];

/**
 * The number of rows, which all sides have the same of as sets.
 *
 * @throws where a side answers differently, with what it has and lacks
 */
export async function compareAnswers(
  question: Question,
  asks: ReadonlyArray<readonly [side: Side, ask: Ask]>,
): Promise<number> {
  let rowCount = 0;
  for (const call of question.inputs === undefined ? [0] : CALLS) {
    let expected: ReadonlySet<string> | undefined;
    for (const [side, ask] of asks) {
      const rows = rowsOf(question, await ask(call)).map((row) => JSON.stringify(row));
      const found = new Set(rows);
      if (found.size !== rows.length)
        throw new Error(`${question.name}: ${side} gives rows more than once`);
      expected ??= found;
      const extra = rows.find((row) => !expected?.has(row));
      const missing = [...expected].find((row) => !found.has(row));
      if (extra !== undefined || missing !== undefined)
        throw new Error(
          `${question.name}: ${side} gives ${found.size} rows where ${asks[0]?.[0]} gives ${expected.size}; ` +
            `it has ${extra ?? 'nothing'} beside them and lacks ${missing ?? 'nothing'}`,
        );
      rowCount = found.size;
    }
  }
  return rowCount;
}

function rowsOf(question: Question, answer: unknown): unknown[][] {
  if (question.kind === 'pull' && !Array.isArray(answer))
    return [question.attributes.map((name) => plain(attributeOf(answer, name)))];
  if (!Array.isArray(answer))
    throw new Error(`${question.name}: Expected rows, got ${typeof answer}`);
  return answer.map((row: unknown[]) => row.map(plain));
}

function attributeOf(pulled: unknown, name: string): unknown {
  if (!(pulled instanceof Map)) return (pulled as Readonly<Record<string, unknown>>)[name];
  for (const [key, value] of pulled) if (plain(key) === name) return value;
  return undefined;
}

function plain(value: unknown): unknown {
  if (value instanceof Keyword) return value.name;
  return typeof value === 'bigint' ? Number(value) : value;
}
