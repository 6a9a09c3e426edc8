/** The commands that show what a database looks like in the API, and that let it look otherwise. */
import { findBreakingChanges, lexicographicSortSchema, printSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config/config.ts';
import type { Attribute } from '../schema/attribute.ts';
import { DatabaseError } from '../schema/error.ts';
import { buildModel } from '../schema/model/build-model.ts';
import { lockData, unlockData } from '../schema/model/lock.ts';
import type { Model, ModelConfig } from '../schema/model/model.ts';
import { isSameModel } from '../schema/model/same-model.ts';
import type { Connection } from '../services/connection/connection.ts';
import { createLocalReader } from '../services/reader/local-reader.ts';
import type { Storage } from '../services/storage.ts';
import { openDatabase } from '../services/storage.ts';
import { runCommand, say, writerOf } from './migrate.ts';
import { modelConfigOf } from './model-config.ts';
import type { Shown } from './shown-schema.ts';
import { shownSchema, shownSet } from './shown-schema.ts';

/** Prints the GraphQL schema of a database, or of a set of them, and says what could not be shown as one would expect. */
export function runSchema(readConfig: () => Config, name: string): Promise<void> {
  return runCommand(readConfig, async (storage, config) => {
    const set = await shownSet(storage, config, name);
    const { schema, notes } = set ?? (await schemaOfDatabase(storage, config, name));
    process.stdout.write(`${printSchema(lexicographicSortSchema(schema))}\n`);
    for (const note of notes) say(note);
  });
}

async function schemaOfDatabase(
  storage: Storage,
  config: Config,
  database: string,
): Promise<Shown> {
  const connection = await openDatabase(storage, database);
  try {
    const model = buildModel(attributesOf(connection), modelConfigOf(config, database));
    return await shownSchema(storage, config, database, model);
  } finally {
    await connection.release();
  }
}

/**
 * Shows a database as its attributes and the configuration say now, whatever it was locked to be. Says what that breaks; where it breaks something, it
 * has to be accepted.
 */
export function runRelock(
  readConfig: () => Config,
  database: string,
  { isAccepted }: { readonly isAccepted: boolean },
): Promise<void> {
  return runCommand(readConfig, async (storage, config) => {
    const connection = await openDatabase(storage, database);
    try {
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
      if (breaks.length > 0 && !isAccepted)
        throw new DatabaseError(
          'BAD_USER_INPUT',
          `${breaks.length} changes break what clients may rely on; nothing was changed. Run it again with --accept`,
        );
      const { writer, stop } = await writerOf(connection, database, storage, config);
      try {
        await writer.transact({ txData: unlockData(attributes) });
        await writer.transact({ txData: lockData(model, attributes.map(unlocked)) });
      } finally {
        await stop();
      }
      say(`${database} is locked anew`);
    } finally {
      await connection.release();
    }
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
