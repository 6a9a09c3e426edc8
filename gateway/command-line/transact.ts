/** Writing: transactions out of a text, each of them durable before the next is sent. */
import type { Command } from 'commander';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';
import type { TransactRequest, TransactResult } from '../../services/connection/writer-port.ts';
import { createLocalReader } from '../../services/reader/local-reader.ts';
import type { Connection } from '../../services/connection/connection.ts';
import { addDatabaseCommand, branchOption, inputFormatOption, outputOption } from './guide.ts';
import type { InputFormat, Source } from './input.ts';
import { openSource, readDatum, readTransactions } from './input.ts';
import { withDatabase, withWriter } from './opened.ts';
import type { Row } from './output.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

export function addTransact(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'transact', {
    summary: 'writes transactions',
    details:
      'Each vector (or array) of transaction data is one transaction, and so is each map {:tx-data [...] :tx-meta {...}}. They are written one after the other; where one is refused, those before it stay.\n\nThe writer that is alive writes them; where there is none, this command is the writer for as long as it takes.',
    examples: [
      'datahike-gateway transact people people.edn',
      'echo \'[{:person/name "Ada"}]\' | datahike-gateway transact people',
      'echo \'[{"person/name": "Ada"}]\' | datahike-gateway transact people',
      'datahike-gateway transact people people.edn --dry-run',
      'datahike-gateway transact people import.edn --key import-7 --meta \'{:import/source "crm"}\'',
    ],
  })
    .argument('[file]', 'EDN or JSON; standard input where it is left out, or is -')
    .addOption(inputFormatOption())
    .option('--meta <map>', 'what the transactions say of themselves: an EDN map')
    .option(
      '--key <key>',
      'an idempotency key: sent again, a transaction is not written twice. The second one of a text has /2 after it, and so on',
    )
    .option('--dry-run', 'tries, and writes nothing')
    .addOption(branchOption())
    .addOption(outputOption())
    .action(inSession(line, transact));
}

interface TransactOptions extends TextOptions {
  readonly dryRun?: boolean;
  readonly branch?: string;
}

/** How a text becomes requests. */
interface TextOptions {
  readonly format?: InputFormat | undefined;
  readonly meta?: string;
  readonly key?: string;
}

type Send = (request: TransactRequest) => Promise<TransactResult>;

const COLUMNS = ['tx', 'instant', 'datoms', 'tempids'];

async function transact(
  session: Session,
  database: string,
  file: string | undefined,
  options: TransactOptions,
): Promise<void> {
  const source = await openSource(file, session.terminal.input, session.signal);
  const write = async (send: Send): Promise<void> => {
    const written = transactAll(session, source, options, send);
    const rows = withoutEnding(written);
    try {
      await session.print({ columns: COLUMNS, rows, as: 'map', isPrompt: true });
    } finally {
      // Where nobody reads what is printed any more, the rest is still to be written.
      for await (const _ of written);
    }
  };
  await withDatabase(session, database, options.branch, (connection) =>
    options.dryRun === true
      ? write(trial(connection))
      : withWriter(session, database, connection, (writer) =>
          write((request) => writer.transact(request)),
        ),
  );
  if (options.dryRun === true) session.say('Nothing was written: this was a dry run');
}

/** The same items for a consumer that may stop early without ending what makes them. */
async function* withoutEnding<T>(items: AsyncIterator<T, void>): AsyncGenerator<T, void> {
  for (;;) {
    const next = await items.next();
    if (next.done === true) return;
    yield next.value;
  }
}

/**
 * Sends the transactions of a text one after the other; gives a row for each that was written.
 *
 * @throws as the writer, with the place of the transaction, and how many were written before it
 */
export async function* transactAll(
  { signal }: Pick<Session, 'signal'>,
  source: Source,
  { format, meta, key }: TextOptions,
  send: Send,
): AsyncGenerator<Row, void> {
  const said = meta === undefined ? undefined : metaOf(meta);
  let count = 0;
  for await (const { where, txData, txMeta } of readTransactions(source, format)) {
    signal.throwIfAborted();
    count++;
    const request: TransactRequest = {
      txData,
      ...(said === undefined && txMeta === undefined
        ? {}
        : { txMeta: new Map([...(said ?? []), ...(txMeta ?? [])]) }),
      ...(key === undefined ? {} : { key: count === 1 ? key : `${key}/${count}` }),
    };
    const result = await send(request).catch((error: unknown) => {
      throw refused(error, where, count - 1);
    });
    const { tx, instant, datomCount, tempids } = result;
    yield [tx, instant, datomCount, tempids];
  }
  if (count === 0)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `${source.name}: Expected a transaction such as [{:person/name "Ada"}], got nothing`,
    );
}

/** Applies transactions to what is there, one after the other, and writes none of them. */
function trial(connection: Connection): Send {
  let snapshot = createLocalReader(connection).current();
  return async (request) => {
    const tried = await snapshot.with(request);
    ({ snapshot } = tried);
    return tried.result;
  };
}

function metaOf(text: string): ReadonlyMap<EdnData, EdnData> {
  const map = readDatum(text, '--meta');
  if (map instanceof Map) return map as ReadonlyMap<EdnData, EdnData>;
  throw new DatabaseError('BAD_USER_INPUT', `--meta: Expected an EDN map, got ${text}`);
}

function refused(error: unknown, where: string, before: number): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { code, message, kind, data } = error;
  const those = before === 1 ? 'the one before it was' : `the ${before} before it were`;
  const stays = before === 0 ? '' : ` (${those} written)`;
  return new DatabaseError(code, `${where}: ${message}${stays}`, {
    ...(kind === undefined ? {} : { kind }),
    data,
    cause: error,
  });
}
