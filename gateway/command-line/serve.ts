/** The commands that start processes, which a signal ends. */
import type { Command } from 'commander';
import type { Guide } from './guide.ts';
import { addCommand, parseCount } from './guide.ts';
import { runProcess } from './run-process.ts';
import type { CommandLine } from './session.ts';

interface Options {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly development?: boolean;
  readonly standby?: boolean;
  readonly datahike?: string;
}

type Start = 'startAll' | 'startWriterProcess' | 'startGateway';

const PAGE = 'README.md';

const PROCESSES: ReadonlyArray<readonly [name: string, start: Start, guide: Guide]> = [
  [
    'start',
    'startAll',
    {
      summary: 'runs writer, readers and gateway in one process',
      examples: [
        'datahike-gateway start --development',
        'DATABASE_URL=postgres://… DATAHIKE_GATEWAY_TOKEN=… datahike-gateway start --host 0.0.0.0',
      ],
      page: PAGE,
    },
  ],
  [
    'writer',
    'startWriterProcess',
    {
      summary: 'runs the one writer of the databases',
      details: 'Gateways, services and commands find it by its lease.',
      examples: ['datahike-gateway writer', 'datahike-gateway writer --standby'],
      page: PAGE,
    },
  ],
  [
    'gateway',
    'startGateway',
    {
      summary: 'serves GraphQL and REST over the indices; run as many as you like',
      examples: ['datahike-gateway gateway --port 4001'],
      page: PAGE,
    },
  ],
];

export function addProcesses(program: Command, { loadConfig }: CommandLine): void {
  for (const [name, start, guide] of PROCESSES) {
    const command = addCommand(program, name, guide)
      .option('--host <host>', 'where to listen for HTTP')
      .option('--port <port>', 'where to listen for HTTP; 0 is any free port', parseCount)
      .option('--development', 'the GraphiQL console and introspection')
      .action(async ({ config: file, host, port, development, standby, datahike }: Options) => {
        // A writer has a port of its own; the others are asked at that of the gateway.
        const place = name === 'writer' ? 'writer' : 'http';
        const overrides = {
          [`${place}.host`]: host,
          [`${place}.port`]: port,
          development,
          'writer.standby': standby,
          'datahike.file': datahike,
        };
        const config = loadConfig({ overrides, ...(file === undefined ? {} : { file }) });
        // The other commands start faster without HTTP and GraphQL.
        const processes = await import('../processes.ts');
        await runProcess(config, processes[start]);
      });
    // Where the writer lives elsewhere, it is waited for.
    if (start !== 'startGateway')
      command
        .option('--standby', 'waits for its turn where another writer lives')
        .option(
          '--datahike <file>',
          'the EDN file of a Datahike server, whose HTTP protocol is spoken',
        );
  }
}
