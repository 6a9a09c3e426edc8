/** What happened: the transactions of a database, and all that was ever said of one entity. */
import type { Command } from 'commander';
import { DatabaseError } from '../../schema/error.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Connection } from '../../services/connection/connection.ts';
import type { Datom, Db, TimePoint } from '../../services/database-values.ts';
import { TX0, datoms, history, pullMany } from '../../services/database-values.ts';
import type { LoggedTransaction } from '../../services/versions/transactions.ts';
import { transactions } from '../../services/versions/transactions.ts';
import { addDatabaseCommand, branchOption, limitOption, outputOption } from './guide.ts';
import { readDatum } from './input.ts';
import { instantOf, parsePoint, withDatabase } from './opened.ts';
import type { Row } from './output.ts';
import { first } from './output.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

export function addPast(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'log', {
    summary: 'lists transactions, the newest first',
    details:
      'Each with its time, how many datoms it wrote, what it says of itself, and the commit that ends with it. An import brings transactions without what they wrote.',
    examples: [
      'datahike-gateway log people --limit 10',
      'datahike-gateway log people \'[:person/name "Ada"]\'',
      'datahike-gateway log people --from 2026-01-01 --to 2026-02-01 --changes --output json',
    ],
  })
    .argument('[entity]', 'only those that said something of it: an id, ident or lookup ref')
    .option('--from <point>', 'from a transaction or a time on', parsePoint)
    .option('--to <point>', 'up to a transaction or a time, inclusive', parsePoint)
    .option('--reverse', 'the oldest first')
    .option('-p, --changes', 'also what each asserted and retracted: [e a v added]')
    .addOption(branchOption())
    .addOption(limitOption('transactions'))
    .addOption(outputOption())
    .action(inSession(line, showLog));
  addDatabaseCommand(program, 'history', {
    summary: 'shows all that was ever said of an entity, by transaction',
    examples: [
      'datahike-gateway history people 3',
      'datahike-gateway history people \'[:person/email "ada@example.com"]\' --output json',
    ],
  })
    .argument('<entity>', 'an id, ident or lookup ref such as [:person/name "Ada"]')
    .addOption(branchOption())
    .addOption(outputOption())
    .action(inSession(line, showHistory));
}

interface LogOptions {
  readonly from?: TimePoint;
  readonly to?: TimePoint;
  readonly reverse?: boolean;
  readonly changes?: boolean;
  readonly branch?: string;
  readonly limit?: number;
}

async function showLog(
  session: Session,
  database: string,
  entity: string | undefined,
  options: LogOptions,
): Promise<void> {
  const { changes: hasChanges = false, limit = Infinity } = options;
  const columns = ['tx', 'instant', 'datoms', 'meta', 'commit', ...(hasChanges ? ['changes'] : [])];
  await withDatabase(session, database, options.branch, async (connection) => {
    const found = first(limit, transactionsOf(connection, entity, options));
    async function* rows(): AsyncGenerator<Row, void> {
      const db = connection.db();
      for await (const { tx, instant, meta, changes, commit } of found) {
        session.signal.throwIfAborted();
        const row = [tx, instant, changes?.length ?? null, meta, commit ?? null];
        yield hasChanges ? [...row, changes?.map((each) => changeOf(db, each)) ?? null] : row;
      }
    }
    await session.print({ columns, rows: rows(), as: 'map' });
  });
}

interface Told {
  readonly tx: number;
  readonly instant: Date | null;
  /** What the transaction says of itself. */
  readonly meta: EdnMap;
  /** What it did; undefined where the log does not say, as after an import. */
  readonly changes: ReadonlyArray<Datom> | undefined;
  readonly commit: string | undefined;
}

/** So many transactions are read together. */
const PAGE = 256;

async function* transactionsOf(
  connection: Connection,
  entity: string | undefined,
  { from, to, reverse = false }: LogOptions,
): AsyncGenerator<Told, void> {
  const db = connection.db();
  const first = Math.max(TX0 + 1, from === undefined ? 0 : await firstFrom(db, from));
  const end = Math.min(db.maxTx + 1, to === undefined ? Infinity : await endAfter(db, to));
  const touching = entity === undefined ? undefined : await transactionsTouching(db, entity);
  const wanted = touching?.filter((tx) => tx >= first && tx < end);
  const count = wanted?.length ?? Math.max(0, end - first);
  for (let done = 0; done < count; done += PAGE) {
    const size = Math.min(PAGE, count - done);
    const start = reverse ? done : count - done - size;
    const page = wanted?.slice(start, start + size) ?? range(first + start, size);
    const told = await tell(connection, db, page);
    yield* reverse ? told : told.toReversed();
  }
}

function range(from: number, length: number): ReadonlyArray<number> {
  return Array.from({ length }, (_, i) => from + i);
}

/** Transactions by their numbers, which go up. */
async function tell(
  connection: Connection,
  db: Db,
  txs: ReadonlyArray<number>,
): Promise<ReadonlyArray<Told>> {
  const [first = 0, last = -1] = [txs[0], txs.at(-1)];
  const isRun = last - first + 1 === txs.length;
  const ranges = isRun
    ? [{ from: first, to: last + 1 }]
    : txs.map((tx) => ({ from: tx, to: tx + 1 }));
  const logged = new Map<number, LoggedTransaction>();
  for (const each of ranges)
    for await (const found of transactions(connection, each)) logged.set(found.tx, found);
  const said = await pullMany(db, [sym('*')], txs);
  return txs.map((tx, i) => {
    const meta = new Map(said[i] ?? []);
    const at = meta.get(TX_INSTANT);
    const instant = at instanceof Date ? at : null;
    meta.delete(TX_INSTANT);
    meta.delete(ID);
    const { txData, commit } = logged.get(tx) ?? {};
    // One that has a time has said at least that.
    const changes = instant !== null && txData?.length === 0 ? undefined : txData;
    return { tx, instant, meta, changes, commit: commit?.id };
  });
}

const TX_INSTANT = kw('db/txInstant');
const ID = kw('db/id');

async function firstFrom(db: Db, point: TimePoint): Promise<number> {
  return typeof point === 'number' ? point : place(db, (at) => at >= point);
}

async function endAfter(db: Db, point: TimePoint): Promise<number> {
  return typeof point === 'number' ? point + 1 : place(db, (at) => at > point);
}

/** The first transaction whose time fulfils what all later times do as well. */
async function place(db: Db, isAfter: (at: Date) => boolean): Promise<number> {
  let [low, high] = [TX0 + 1, db.maxTx + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await instantOf(db, middle);
    if (at === null)
      throw new DatabaseError(
        'BAD_USER_INPUT',
        `Expected the number of a transaction, got a time: the database does not know when transaction ${middle} was`,
      );
    if (isAfter(at)) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function transactionsTouching(db: Db, entity: string): Promise<ReadonlyArray<number>> {
  const found = new Set((await allOf(db, entity)).map(({ tx }) => tx));
  return Array.from(found).sort((a, b) => a - b);
}

/** Whatever was said of an entity. @throws ENTITY_NOT_FOUND where nothing ever was */
async function allOf(db: Db, entity: string): Promise<ReadonlyArray<Datom>> {
  const ref = readDatum(entity, 'entity');
  const all: Datom[] = [];
  for await (const datom of datoms(history(db), 'eavt', ref)) all.push(datom);
  if (all.length > 0) return all;
  throw new DatabaseError('ENTITY_NOT_FOUND', `Nothing was ever said of ${entity}`);
}

async function showHistory(
  session: Session,
  database: string,
  entity: string,
  { branch }: { readonly branch?: string },
): Promise<void> {
  await withDatabase(session, database, branch, async (connection) => {
    const db = connection.db();
    const all = await allOf(db, entity);
    // What a transaction ends comes before what it begins.
    const inOrder = all.toSorted((a, b) => a.tx - b.tx || Number(a.added) - Number(b.added));
    const instants = new Map<number, Date | null>();
    for (const { tx } of inOrder) if (!instants.has(tx)) instants.set(tx, await instantOf(db, tx));
    const rows = inOrder.map((datom): Row => {
      const [, a, v, added] = changeOf(db, datom);
      return [datom.tx, instants.get(datom.tx) ?? null, a, v, added];
    });
    await session.print({ columns: ['tx', 'instant', 'a', 'v', 'added'], rows, as: 'map' });
  });
}

/** What a transaction did, with the name of the attribute. */
function changeOf(
  { schema }: Pick<Db, 'schema'>,
  { e, a, v, added, attribute }: Datom,
): readonly [e: EdnData, a: EdnData, v: EdnData, added: boolean] {
  return [e, schema.identOfNumber(a) ?? attribute, v, added];
}
