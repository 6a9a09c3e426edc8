/** The commands that show what a database looks like in the API, and that let it look otherwise. */
import type { Command } from 'commander';
import { findBreakingChanges, lexicographicSortSchema, printSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Attribute } from '../../schema/attribute.ts';
import { DatabaseError } from '../../schema/error.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import { lockData, unlockData } from '../../schema/model/lock.ts';
import type { Model, ModelConfig } from '../../schema/model/model.ts';
import { isSameModel } from '../../schema/model/same-model.ts';
import type { Connection } from '../../services/connection/connection.ts';
import { createLocalReader } from '../../services/reader/local-reader.ts';
import { addDatabaseCommand } from './guide.ts';
import { withDatabase, withWriter } from './opened.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';
import { modelConfigOf } from '../model-config.ts';
import type { Shown } from './shown-schema.ts';
import { shownSchema, shownSet } from './shown-schema.ts';
import { writeTo } from './terminal.ts';

const PAGE = 'docs/graphql.md';

export function addSchemas(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'schema', {
    summary: 'prints the GraphQL schema of a database, or of a set of them',
    details: 'What could not be shown as one would expect is said beside it.',
    examples: [
      'datahike-gateway schema world > world.graphql',
      'datahike-gateway schema customers --config gateway.json',
    ],
    page: PAGE,
  }).action(inSession(line, showSchema));
  addDatabaseCommand(program, 'relock', {
    summary: 'shows a database as its attributes say now, whatever it was locked to be',
    details: 'What that breaks is listed, and has to be accepted.',
    examples: ['datahike-gateway relock world', 'datahike-gateway relock world --accept'],
    page: PAGE,
  })
    .option('--accept', 'also where it breaks what clients may rely on')
    .action(inSession(line, relock));
}

async function showSchema(session: Session, name: string): Promise<void> {
  const { storage, config, terminal } = session;
  const set = await shownSet(storage, config, name);
  const { schema, notes } = set ?? (await schemaOfDatabase(session, name));
  await writeTo(terminal.output, `${printSchema(lexicographicSortSchema(schema))}\n`);
  for (const note of notes) session.say(note);
}

function schemaOfDatabase(session: Session, database: string): Promise<Shown> {
  const { storage, config } = session;
  return withDatabase(session, database, undefined, (connection) =>
    shownSchema(
      storage,
      config,
      database,
      buildModel(attributesOf(connection), modelConfigOf(config, database)),
    ),
  );
}

async function relock(
  session: Session,
  database: string,
  { accept = false }: { readonly accept?: boolean },
): Promise<void> {
  const { storage, config, say } = session;
  await withDatabase(session, database, undefined, async (connection) => {
    const attributes = attributesOf(connection);
    const change = await changeOf(attributes, modelConfigOf(config, database), async (model) => {
      const { schema } = await shownSchema(storage, config, database, model);
      return schema;
    });
    if (change === undefined) {
      say(`${database} is shown as its attributes say already`);
      return;
    }
    const { model, breaks } = change;
    for (const each of breaks) say(each);
    if (breaks.length > 0 && !accept)
      throw new DatabaseError(
        'PRECONDITION_FAILED',
        `${breaks.length} changes break what clients may rely on; nothing was changed. Run it again with --accept`,
      );
    await withWriter(session, database, connection, async (writer) => {
      await writer.transact({ txData: unlockData(attributes) });
      await writer.transact({ txData: lockData(model, attributes.map(unlocked)) });
    });
    say(`${database} is locked anew`);
  });
}

/** Undefined where nothing would be shown otherwise. */
async function changeOf(
  attributes: ReadonlyArray<Attribute>,
  config: ModelConfig,
  schemaOf: (model: Model) => Promise<GraphQLSchema>,
): Promise<{ readonly model: Model; readonly breaks: ReadonlyArray<string> } | undefined> {
  const before = buildModel(attributes, config);
  const model = buildModel(attributes.map(unlocked), config);
  if (isSameModel(before, model)) return undefined;
  const schemas = [await schemaOf(before), await schemaOf(model)] as const;
  return { model, breaks: findBreakingChanges(...schemas).map(({ description }) => description) };
}

function attributesOf(connection: Connection): ReadonlyArray<Attribute> {
  return Array.from(createLocalReader(connection).current().attributes.values());
}

function unlocked(attribute: Attribute): Attribute {
  const {
    lockType: _type,
    lockField: _field,
    lockShape: _shape,
    lockReverse: _reverse,
    lockProvenance: _provenance,
    ...annotations
  } = attribute.annotations ?? {};
  return { ...attribute, annotations };
}
