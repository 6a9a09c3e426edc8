/**
 * Queries over the world in PostgreSQL: what each costs a process that was just started and has no node in memory, what it reads from the
 * store, and what it costs the next time.
 */
import type { Db, EdnData } from '../../engine/index.ts';
import { asOf, history, q, readEdn } from '../../engine/index.ts';
import { createServers } from '../support/servers.ts';
import type { Report } from './harness.ts';
import { markdownTable, measuredOn } from './performance-doc.ts';
import { microseconds } from './query/goals.ts';
import { median } from './query/measure.ts';
import type { WorldQuestion } from './world/questions.ts';
import { WORLD_QUESTIONS } from './world/questions.ts';
import type { StoredWorld } from './world/stored-world.ts';
import { storeWorld } from './world/stored-world.ts';

const COLD_ROUNDS = 5;

/** How long a question is asked again with all it needs in memory, at least so often. */
const WARM_MS = 300;
const WARM_ROUNDS = 5;

interface WorldAnswer {
  readonly name: string;
  readonly rows: number;
  readonly connectMicros: number;
  readonly coldMicros: number;
  readonly warmMicros: number;
  /** Round trips to the store when cold; the nodes of all together. */
  readonly roundTrips: number;
  readonly nodesRead: number;
}

export async function worldQueriesBench(): Promise<Report> {
  const servers = createServers();
  try {
    const world = await storeWorld(await servers.postgresUrl());
    try {
      const answers: WorldAnswer[] = [];
      for (const question of WORLD_QUESTIONS) {
        const answer = await answerOf(question, world);
        console.log(answerLine(answer));
        answers.push(answer);
      }
      return { results: answers, figures: () => figuresOf(answers, world) };
    } finally {
      await world.drop();
    }
  } finally {
    await servers.stop();
  }
}

async function answerOf(question: WorldQuestion, world: StoredWorld): Promise<WorldAnswer> {
  const { store } = world;
  const connecting: number[] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  let rows = 0;
  let reads = { roundTrips: 0, nodesRead: 0 };
  for (let round = 0; round < COLD_ROUNDS; round++) {
    const [connectMicros, connection] = await timed(() => world.connectCold());
    const ask = askOf(question, connection.db(), world.importedTx);
    store.reset();
    const [coldMicros, found] = await timed(ask);
    reads = { roundTrips: store.roundTrips, nodesRead: store.nodesRead };
    rows = found.length;
    connecting.push(connectMicros);
    cold.push(coldMicros);
    if (round === COLD_ROUNDS - 1) {
      const endsAt = performance.now() + WARM_MS;
      while (warm.length < WARM_ROUNDS || performance.now() < endsAt)
        warm.push((await timed(ask))[0]);
      if (store.roundTrips > reads.roundTrips)
        throw new Error(`${question.name}: read from the store when warm`);
    }
    await connection.release();
  }
  return {
    name: question.name,
    rows,
    connectMicros: median(connecting),
    coldMicros: median(cold),
    warmMicros: median(warm),
    ...reads,
  };
}

function askOf(
  { query, rules, inputs = [], view }: WorldQuestion,
  db: Db,
  importedTx: number,
): () => Promise<ReadonlyArray<EdnData>> {
  const seen = view === 'before' ? asOf(db, importedTx) : view === 'history' ? history(db) : db;
  const parsedRules = rules === undefined ? [] : [readEdn(rules)];
  return async () => {
    const found = await q(query, seen, ...parsedRules, ...inputs);
    if (!Array.isArray(found) || found.length === 0) throw new Error(`Nothing found: ${query}`);
    return found as ReadonlyArray<EdnData>;
  };
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [micros: number, found: T]> {
  const startedAt = performance.now();
  const found = await work();
  return [(performance.now() - startedAt) * 1_000, found];
}

function answerLine({ name, rows, coldMicros, warmMicros, ...reads }: WorldAnswer): string {
  const { roundTrips, nodesRead } = reads;
  return (
    `${name}: ${rows} rows\n  cold ${microseconds(coldMicros)} ` +
    `(${roundTrips} round trips, ${nodesRead} nodes), warm ${microseconds(warmMicros)}`
  );
}

function figuresOf(answers: ReadonlyArray<WorldAnswer>, world: StoredWorld): string {
  const { serverVersion, datomCount, importMs } = world;
  const rate = (datomCount / importMs).toFixed(0);
  const connectMicros = median(answers.map((answer) => answer.connectMicros));
  const imported = `The import of ${datomCount.toLocaleString('en')} datoms took ${microseconds(importMs * 1_000)}, which is ${rate},000 in a second`;
  return [
    measuredOn(`PostgreSQL ${serverVersion.split(' ')[0]} on the same machine`),
    `${imported}; opening the database takes ${microseconds(connectMicros)}.`,
    '',
    markdownTable(
      ['query', 'rows', 'cold', 'round trips', 'nodes', 'warm'],
      answers.map(({ name, rows, coldMicros, warmMicros, roundTrips, nodesRead }, i) => [
        `${i + 1}. ${name}`,
        rows,
        microseconds(coldMicros),
        roundTrips,
        nodesRead,
        microseconds(warmMicros),
      ]),
    ),
    '',
    'The same in Datalog:',
    ...WORLD_QUESTIONS.map(asMarkdown),
  ].join('\n');
}

function asMarkdown({ name, query, rules, inputs }: WorldQuestion, index: number): string {
  const given =
    inputs === undefined
      ? ''
      : `, with ${inputs.map((input) => `\`${JSON.stringify(input)}\``).join(' and ')}`;
  const code = rules === undefined ? query : `${query}\n;; where % is\n${rules}`;
  return `\n${index + 1}. ${name}${given}:\n\n\`\`\`clojure\n${code}\n\`\`\``;
}
