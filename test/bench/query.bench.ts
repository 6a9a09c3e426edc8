/**
 * What queries cost, warm, with the whole answer as rows in arrays: the questions of DataScript's and Datahike's benchmarks, against a loop
 * written for each of them (the floor), SQLite in memory, and DataScript. The answers of all are compared before they are timed.
 */
import type { Report } from './harness.ts';
import { compareAnswers } from './query/answers.ts';
import { loadGraph, loadPeople } from './query/datasets.ts';
import { GRAPHS } from './query/follows.ts';
import type { Measured } from './query/goals.ts';
import { goalsOf } from './query/goals.ts';
import { measureInTurns } from './query/measure.ts';
import type { Ask, Dataset, Question, Side } from './query/question.ts';
import { SIDES } from './query/question.ts';
import { HEADER, goalLine, measuredLine, queryFigures } from './query/table.ts';

/**
 * Prints a line for each question as it is measured, then the goals.
 *
 * @param only names of questions; all where there are none
 */
export async function queryBench(only: ReadonlyArray<string>): Promise<Report> {
  console.log(HEADER);
  const measured: Measured[] = [];
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    only.length === 0 || only.includes(name);
  const measureAll = async (dataset: Dataset): Promise<void> => {
    for (const question of dataset.questions.filter(isWanted)) {
      const found = await measure(question, dataset);
      console.log(measuredLine(found));
      measured.push(found);
    }
    await dataset.close();
  };
  if (only.length === 0 || only.some((name) => !GRAPHS.some((graph) => graph.name === name)))
    await measureAll(await loadPeople());
  for (const graph of GRAPHS.filter(isWanted)) await measureAll(await loadGraph(graph));
  const unknown = only.find((name) => !measured.some((found) => found.name === name));
  if (unknown !== undefined) throw new Error(`There is no question ${unknown}`);
  const goals = goalsOf(measured);
  console.log(['', ...goals.map(goalLine)].join('\n'));
  return { results: [...measured, ...goals], figures: () => queryFigures(measured) };
}

async function measure(question: Question, { asks }: Dataset): Promise<Measured> {
  const asked: Array<readonly [side: Side, ask: Ask]> = [];
  for (const side of SIDES) {
    const ask = asks[side](question);
    if (ask !== undefined) asked.push([side, ask]);
  }
  const rows = await compareAnswers(question, asked);
  const rounds = await measureInTurns(asked.map(([, ask]) => ask));
  const { name, kind } = question;
  const roundMicros = Object.fromEntries(asked.map(([side], i) => [side, rounds[i]]));
  return { name, kind, rows, roundMicros };
}
