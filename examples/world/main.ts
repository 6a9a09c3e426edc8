/** `npm start`: everything in one process on the embedded store, with the world in it. */
import { Command, InvalidArgumentError } from 'commander';
import { Presets, SingleBar } from 'cli-progress';
import { loadConfig } from '../../config/config.ts';
import type { Config } from '../../config/config.ts';
import type { RunningProcess } from '../../gateway/processes.ts';
import { startAll } from '../../gateway/processes.ts';
import { endingOf } from '../../gateway/command-line/ending.ts';
import { runProcess } from '../../gateway/command-line/run-process.ts';
import type { Log } from '../../services/index.ts';
import { importWorld } from './import-world.ts';

interface Options {
  readonly cities?: number;
  readonly port?: number;
  readonly config?: string;
}

async function startWithWorld(
  config: Config,
  log: Log,
  maxCities?: number,
): Promise<RunningProcess> {
  const running = await startAll(config, log);
  const { value: database, release } = await running.databases.hold(config.databases[0] ?? '');
  const bar = new SingleBar(
    {
      format: 'Importing the world {bar} {value}/{total} cities, {duration_formatted}',
      noTTYOutput: true,
      notTTYSchedule: 5_000,
    },
    Presets.shades_classic,
  );
  try {
    const { reader, writer } = database;
    const onProgress = (done: number, total: number): void => {
      if (bar.isActive) bar.update(done);
      else bar.start(total, done);
    };
    const startedAt = performance.now();
    const datomCount = await importWorld({ reader, writer, maxCities, onProgress });
    bar.stop();
    release();
    if (datomCount > 0)
      process.stdout.write(
        `Imported ${datomCount} datoms in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`,
      );
    return running;
  } catch (error) {
    bar.stop();
    await running.stop();
    throw error;
  }
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number.');
}

const command = new Command('npm start --')
  .description('Serves the world: every country and 135,000 cities, imported at the first start.')
  .option('--cities <number>', 'import only so many cities', parseCount)
  .option('--port <port>', 'where to listen for HTTP', parseCount)
  .option('--config <file>', 'a JSON file with settings')
  .action(({ cities, port, config }: Options) =>
    runProcess(
      loadConfig({
        overrides: { 'http.port': port, development: true },
        ...(config === undefined ? {} : { file: config }),
      }),
      (settings, log) => startWithWorld(settings, log, cities),
    ),
  );
process.exitCode = await endingOf(() => command.parseAsync(), process.stderr);
