/** Asking databases: queries, pulls, and their indices as they are. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import { fromJs } from '../../schema/js.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Connection } from '../../services/connection/connection.ts';
import type { Datom, Db, QueryInput } from '../../services/database-values.ts';
import { datoms, explain, pullMany, qWithin } from '../../services/database-values.ts';
import { findShape, inputsOf, isSource } from './query-shape.ts';
import { addDatabaseCommand, collected, limitOption, outputOption } from './guide.ts';
import { openSource, readDatum, readText } from './input.ts';
import type { ViewOptions } from './opened.ts';
import { addViewOptions, viewOf, withDatabase } from './opened.ts';
import type { Listing, Row } from './output.ts';
import { first } from './output.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';
import { writeTo } from './terminal.ts';

export function addReading(program: Command, line: CommandLine): void {
  const query = addDatabaseCommand(program, 'query', {
    summary: 'asks a Datalog query',
    details:
      'Databases and --in take the places of :in in order: those that begin with $ are databases, first <database>, then each --with.',
    examples: [
      "datahike-gateway query people '[:find ?name :where [_ :person/name ?name]]'",
      "datahike-gateway query people '[:find (pull ?e [*]) . :in $ ?name :where [?e :person/name ?name]]' --in '\"Ada\"'",
      'datahike-gateway query people --file report.edn --as-of 2026-01-31T12:00:00Z --output json',
      "datahike-gateway query old '[:find ?n :in $ $new :where [?e :person/name ?n] (not [$new ?e :person/name ?n])]' --with new",
    ],
  })
    .argument('[query]', 'EDN; standard input where neither it nor --file is given')
    .option('--file <file>', 'a file with the query')
    .option('--in <edn>', 'an input, as EDN; once for each', collected)
    .option('--with <database>', 'another database; once for each', collected)
    .option('--explain', 'tells how the query is worked out, and what that costs')
    .addOption(outputOption());
  addViewOptions(query).action(inSession(line, ask));
  const pulled = addDatabaseCommand(program, 'pull', {
    summary: 'shows entities by a pattern',
    examples: [
      "datahike-gateway pull people '[*]' 3",
      "datahike-gateway pull people '[:person/name {:person/friends [:person/name]}]' '[:person/email \"ada@example.com\"]'",
    ],
  })
    .argument('<pattern>', "what to show, as EDN: '[*]' is all")
    .argument('<entities...>', 'ids, idents, or lookup refs such as [:person/name "Ada"]')
    .addOption(outputOption());
  addViewOptions(pulled).action(inSession(line, pullAll));
  const listed = addDatabaseCommand(program, 'datoms', {
    summary: 'lists the datoms of an index',
    details: 'In EDN and JSON each is [e a v tx added].',
    examples: [
      'datahike-gateway datoms people',
      'datahike-gateway datoms people aevt :person/name --limit 10',
      'datahike-gateway datoms people eavt \'[:person/name "Ada"]\' --history',
    ],
  })
    .addArgument(
      new Argument('[index]', 'its order').choices(['eavt', 'aevt', 'avet']).default('eavt'),
    )
    .argument('[components...]', 'the first components, as EDN, in the order of the index')
    .addOption(limitOption('datoms'))
    .addOption(outputOption());
  addViewOptions(listed).action(inSession(line, listDatoms));
}

interface QueryOptions extends ViewOptions {
  readonly file?: string;
  readonly in?: ReadonlyArray<string>;
  readonly with?: ReadonlyArray<string>;
  readonly explain?: boolean;
}

async function ask(
  session: Session,
  database: string,
  text: string | undefined,
  options: QueryOptions,
): Promise<void> {
  const query = await queryOf(session, text, options.file);
  await withDatabase(session, database, options.branch, (connection) =>
    withOthers(session, options.with ?? [], async (others) => {
      const databases = [connection, ...others].map((each) => viewOf(each.db(), options));
      const given = (options.in ?? []).map((each, i) => readDatum(each, `--in ${i + 1}`));
      const inputs = placed(inputsOf(query), databases, given);
      if (options.explain === true) return tellPlan(session, query, inputs);
      const answer = await qWithin({ signal: session.signal }, query, ...inputs);
      return session.print(listingOf(answer, query, session.form === 'table'));
    }),
  );
}

async function queryOf(
  { terminal, signal, say }: Session,
  text: string | undefined,
  file: string | undefined,
): Promise<EdnData> {
  if (text !== undefined && file !== undefined)
    throw new DatabaseError('BAD_USER_INPUT', 'Expected a query or --file, got both');
  if (text !== undefined) return readDatum(text, 'query');
  if (file === undefined && terminal.input.isTTY === true)
    say('Type the query, and end it with Ctrl-D');
  const source = await openSource(file, terminal.input, signal);
  return readDatum(await readText(source), source.name);
}

async function withOthers<T>(
  session: Session,
  [name, ...rest]: ReadonlyArray<string>,
  work: (connections: ReadonlyArray<Connection>) => Promise<T>,
): Promise<T> {
  if (name === undefined) return work([]);
  return withDatabase(session, name, undefined, (connection) =>
    withOthers(session, rest, (others) => work([connection, ...others])),
  );
}

/** What is given, in the places that the query has for it. @throws BAD_USER_INPUT where there is too much or too little */
function placed(
  wanted: ReadonlyArray<EdnData>,
  databases: ReadonlyArray<Db>,
  given: ReadonlyArray<EdnData>,
): ReadonlyArray<QueryInput> {
  const sources = wanted.filter(isSource);
  const others = wanted.filter((input) => !isSource(input));
  const shown = (inputs: ReadonlyArray<EdnData>): string => inputs.map(printEdn).join(' ');
  // A query may do without the database.
  if (sources.length > databases.length || Math.max(1, sources.length) < databases.length)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected a database for each of ${shown(sources)} in :in, got ${databases.length}: name the others by --with`,
    );
  if (others.length !== given.length)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected ${others.length === 0 ? 'no --in, because :in of the query has no place for it' : `an --in for each of ${shown(others)}`}, got ${given.length}`,
    );
  const [nextDatabase, nextGiven] = [databases.values(), given.values()];
  return wanted.map((input) => (isSource(input) ? nextDatabase : nextGiven).next().value ?? null);
}

async function tellPlan(
  { terminal, form, print }: Session,
  query: EdnData,
  inputs: ReadonlyArray<QueryInput>,
): Promise<void> {
  const plan = await explain(query, ...inputs);
  if (form === 'table') return writeTo(terminal.output, `${String(plan)}\n`);
  return print({ columns: ['plan'], rows: [[fromJs({ ...plan })]], as: 'value' });
}

/** Each row of an answer is an item; an answer of one row or one value is one item. */
function listingOf(answer: EdnData, query: EdnData, isTable: boolean): Listing {
  const { kind, columns, areMaps } = findShape(query);
  const isOne = kind === 'tuple' || kind === 'scalar';
  const items = isOne ? [answer] : Array.from(answer as Iterable<EdnData>);
  const isSingle = kind === 'scalar' || kind === 'collection';
  if (isTable && isOne && answer === null) return { columns, rows: [], as: 'value' };
  if (isSingle || (areMaps && !isTable))
    return { columns: columns.slice(0, 1), rows: items.map((item) => [item]), as: 'value' };
  const valuesOf = (item: EdnData): Row =>
    item instanceof Map ? Array.from((item as EdnMap).values()) : (item as Row);
  return { columns, rows: items.map((item) => valuesOf(item)), as: 'vector' };
}

async function pullAll(
  session: Session,
  database: string,
  pattern: string,
  entities: ReadonlyArray<string>,
  options: ViewOptions,
): Promise<void> {
  const selector = readDatum(pattern, 'pattern');
  const ids = entities.map((text, i) => readDatum(text, `entity ${i + 1}`));
  await withDatabase(session, database, options.branch, async (connection) => {
    const db = viewOf(connection.db(), options);
    const found = await pullMany(db, selector, ids, { signal: session.signal });
    await session.print(entityListing(found, session.form === 'table'));
  });
}

/** In a table one entity stands upright, and several below each other. */
function entityListing(entities: ReadonlyArray<EdnMap | null>, isTable: boolean): Listing {
  if (!isTable) return { columns: ['entity'], rows: entities.map((each) => [each]), as: 'value' };
  const maps = entities.filter((each) => each !== null);
  const [only] = maps;
  if (only !== undefined && entities.length === 1) {
    const rows = Array.from(only, ([key, value]): Row => [key, value]);
    return { columns: ['attribute', 'value'], rows, as: 'vector' };
  }
  const keys = Array.from(new Set(maps.flatMap((map) => Array.from(map.keys()))));
  const rows = maps.map((map) => keys.map((key) => map.get(key) ?? null));
  return { columns: keys.map(printEdn), rows, as: 'vector' };
}

interface DatomsOptions extends ViewOptions {
  readonly limit?: number;
}

async function listDatoms(
  session: Session,
  database: string,
  index: 'eavt' | 'aevt' | 'avet',
  components: ReadonlyArray<string>,
  options: DatomsOptions,
): Promise<void> {
  const { limit = Infinity } = options;
  const within = components.map((text, i) => readDatum(text, `component ${i + 1}`));
  await withDatabase(session, database, options.branch, async (connection) => {
    const db = viewOf(connection.db(), options);
    async function* rows(): AsyncGenerator<Row, void> {
      for await (const datom of first(limit, datoms(db, index, ...within))) {
        session.signal.throwIfAborted();
        yield rowOf(db, datom);
      }
    }
    await session.print({ columns: ['e', 'a', 'v', 'tx', 'added'], rows: rows(), as: 'vector' });
  });
}

/** A datom with the name of its attribute. */
function rowOf({ schema }: Db, { e, a, v, tx, added, attribute }: Datom): Row {
  return [e, schema.identOfNumber(a) ?? attribute, v, tx, added];
}
