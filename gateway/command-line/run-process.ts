/** The life of a process from its configuration to its last signal: start, say where it is, stop cleanly. */
import type { Config } from '../../config/config.ts';
import type { Log } from '../../services/shared/log.ts';
import { createLog } from '../../services/shared/log.ts';
import { startServices, stopOnSignals } from '../../services/shared/service.ts';
import type { RunningProcess } from '../processes.ts';

/** So many databases are named when a process starts. */
const MAX_NAMED = 10;

/** Starts what a signal ends. */
export async function runProcess(
  config: Config,
  start: (config: Config, log: Log) => Promise<RunningProcess>,
): Promise<void> {
  const log = createLog({ level: config.logLevel });
  let running: RunningProcess | undefined;
  const service = {
    name: 'process',
    start: async () => {
      running = await start(config, log);
    },
    stop: async () => running?.stop(),
  };
  stopOnSignals(await startServices([service], log), log);
  if (running !== undefined) sayWhere(running, config);
}

function sayWhere(
  { url, writerUrl, datahikeUrl }: RunningProcess,
  { development, databases }: Config,
): void {
  const lines: string[] = [];
  if (url !== undefined) {
    lines.push(`GraphQL  ${url}/graphql${development ? `   (console: ${url}/graphiql)` : ''}`);
    for (const name of databases.slice(0, MAX_NAMED)) lines.push(`REST     ${url}/v1/${name}`);
    if (databases.length > MAX_NAMED)
      lines.push(`         and ${databases.length - MAX_NAMED} more databases`);
    lines.push(`Health   ${url}/health`);
  }
  if (datahikeUrl !== undefined) lines.push(`Datahike ${datahikeUrl}`);
  if (writerUrl !== undefined) lines.push(`Writer   ${writerUrl}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
