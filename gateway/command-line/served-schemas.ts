/** What a database looks like in the API, and how it comes to look otherwise. */
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
import { withDatabase, withWriter } from './opened.ts';
import type { Session } from './session.ts';
import { modelConfigOf } from '../model-config.ts';
import type { Shown } from './shown-schema.ts';
import { shownSchema, shownSet } from './shown-schema.ts';
import { writeTo } from './terminal.ts';

/** Prints the GraphQL schema, and says what could not be shown as one would expect. */
export async function showSchema(session: Session, name: string): Promise<void> {
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

/** Locks a database anew, and says what that breaks. */
export async function relock(
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
