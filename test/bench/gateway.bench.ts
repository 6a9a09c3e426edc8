/**
 * GraphQL over the same music in the same PostgreSQL: our gateway against PostGraphile 5, one process each, 32 connections. The two take turns, and
 * both have to give the same answers before anything is timed.
 */
import { createServers } from '../support/servers.ts';
import type { AskedShape } from './gateway/agreement.ts';
import { compareAnswers } from './gateway/agreement.ts';
import type { MusicServers } from './gateway/servers.ts';
import { REQUEST_HEADERS, startBareServer, startMusicServers } from './gateway/servers.ts';
import type { Shape } from './gateway/shapes.ts';
import { SHAPES } from './gateway/shapes.ts';
import type { MeasuredShape } from './gateway/table.ts';
import { HEADER, gatewayFigures, measuredLines, othersLine } from './gateway/table.ts';
import type { Report } from './harness.ts';
import type { Asked, LoadOptions, Measured } from './load/load.ts';
import { LoadGenerator } from './load/load.ts';

interface Extent {
  readonly scale: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

type Load = Omit<LoadOptions, 'seconds'>;

/** What all shapes are measured with. */
interface Means {
  readonly generator: LoadGenerator;
  readonly postgresPid: number | undefined;
  readonly extent: Extent;
}

interface Pair {
  readonly ours: Measured;
  readonly theirs: Measured;
}

/** Of the machine, by processes that have no part in this; what is measured beside more of them says little. */
const MAX_OTHERS = 0.12;

const WHOLE: Extent = { scale: 1, rounds: 5, seconds: 4, warmUpSeconds: 5 };
const QUICK: Extent = { scale: 0.1, rounds: 2, seconds: 1, warmUpSeconds: 1 };

/**
 * Prints the figures of each shape as it is measured.
 *
 * @param only names of shapes; all where there are none
 */
export async function gatewayBench(
  only: ReadonlyArray<string>,
  { isQuick }: { readonly isQuick: boolean },
): Promise<Report> {
  const unknown = only.find((name) => !SHAPES.some((shape) => shape.name === name));
  if (unknown !== undefined) throw new Error(`There is no shape ${unknown}`);
  const extent = isQuick ? QUICK : WHOLE;
  const servers = createServers();
  const generator = await LoadGenerator.start();
  let music: MusicServers | undefined;
  try {
    music = await startMusicServers(await servers.postgresUrl(), extent.scale);
    const [postgres] = await servers.started();
    const wanted = SHAPES.filter(({ name }) => only.length === 0 || only.includes(name));
    const results: MeasuredShape[] = [];
    console.log(HEADER);
    for (const asked of await compareAll(wanted, music)) {
      const measured = await measureShape(asked, music, {
        generator,
        postgresPid: postgres?.pid,
        extent,
      });
      console.log(measuredLines(measured).join('\n'));
      results.push(measured);
    }
    console.log(othersLine(results));
    return { results, figures: () => gatewayFigures(results) };
  } finally {
    await generator.end();
    await music?.stop();
    await servers.stop();
  }
}

/** Of all of them before the first is timed: it also is what makes the servers warm. */
async function compareAll(
  shapes: ReadonlyArray<Shape>,
  { music, urls }: MusicServers,
): Promise<AskedShape[]> {
  const asked: AskedShape[] = [];
  for (const shape of shapes) asked.push(await compareAnswers(shape, shape.variables(music), urls));
  return asked;
}

async function measureShape(
  { shape, ours, theirs }: AskedShape,
  servers: MusicServers,
  means: Means,
): Promise<MeasuredShape> {
  const { name, what } = shape;
  const { postgresPid } = means;
  const headers = REQUEST_HEADERS;
  const load = (side: 'ours' | 'theirs', asked: Asked): Load => {
    const [url, serverPid] = [servers.urls[side], servers[side].pid];
    return { name: `${side}, ${name}`, url, headers, asked, serverPid, postgresPid };
  };
  const pairs = await measurePairs(load('ours', ours), load('theirs', theirs), means);
  const sizes = { ours: mean(ours.sizes), theirs: mean(theirs.sizes) };
  const bare = await measureBare(sizes.ours, ours.bodies, means);
  return {
    ...{ name, what, sizes, bare },
    ours: pairs.map((pair) => pair.ours),
    theirs: pairs.map((pair) => pair.theirs),
  };
}

/** In turns. Where other processes disturb a round there is one more, at most as many again, and those that were disturbed least count. */
async function measurePairs(
  us: Load,
  them: Load,
  { generator, extent: { rounds, seconds, warmUpSeconds } }: Means,
): Promise<ReadonlyArray<Pair>> {
  await generator.measure({ ...us, seconds: warmUpSeconds });
  await generator.measure({ ...them, seconds: warmUpSeconds });
  const pairs: Pair[] = [];
  const isEnough = (): boolean =>
    pairs.length >= 2 * rounds ||
    pairs.filter((pair) => !(disturbance(pair) > MAX_OTHERS)).length >= rounds;
  while (!isEnough()) {
    const ours = await generator.measure({ ...us, seconds });
    const theirs = await generator.measure({ ...them, seconds });
    pairs.push({ ours, theirs });
  }
  return pairs.sort((a, b) => disturbance(a) - disturbance(b)).slice(0, rounds);
}

/** The part of the machine that went elsewhere; NaN where it is not known. */
function disturbance({ ours, theirs }: Pair): number {
  return Math.max(ours.others, theirs.others);
}

/** What a server cannot be faster than that does nothing but answer. */
async function measureBare(
  sizeBytes: number,
  bodies: ReadonlyArray<string>,
  { generator, extent: { seconds, warmUpSeconds } }: Means,
): Promise<Measured> {
  const server = await startBareServer(sizeBytes);
  const load: Load = {
    name: 'bare node:http',
    url: server.url,
    headers: REQUEST_HEADERS,
    asked: { bodies, sizes: [sizeBytes] },
    serverPid: server.pid,
  };
  try {
    await generator.measure({ ...load, seconds: Math.min(1, warmUpSeconds) });
    return await generator.measure({ ...load, seconds });
  } finally {
    await server.end('SIGTERM');
  }
}

function mean(values: ReadonlyArray<number>): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
