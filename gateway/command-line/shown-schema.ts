/** Schemas as callers are served with them who may do everything: with what a database shows of others, and with extensions. */
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../../config/config.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import { foreignDatabases } from '../../schema/model/foreign-model.ts';
import { mergeModels } from '../../schema/model/merge-models.ts';
import type { Model } from '../../schema/model/model.ts';
import { createLocalReader } from '../../services/reader/local-reader.ts';
import type { Storage } from '../../services/storage.ts';
import { linkView } from '../access/linked-view.ts';
import { seenBy } from '../access/view.ts';
import { fittingExtensions } from '../extend/fitting-extensions.ts';
import { loadExtensions } from '../extend/load-extensions.ts';
import { parseExtension } from '../extend/parse-extension.ts';
import { createSetSchema } from '../generate/graphql/set-schema.ts';
import { modelConfigOf } from '../model-config.ts';
import { databasesOf } from '../sets/database-sets.ts';

/** A schema, and what could not be shown as one would expect. */
export interface Shown {
  readonly schema: GraphQLSchema;
  readonly notes: ReadonlyArray<string>;
}

/** The schema of a database, given its model. */
export async function shownSchema(
  storage: Storage,
  config: Config,
  database: string,
  model: Model,
): Promise<Shown> {
  const others = new Map<string, Model>();
  for (const name of foreignDatabases(model)) {
    // One that is not there is not shown.
    const there = await modelOf(storage, config, name).catch(() => undefined);
    if (there !== undefined) others.set(name, there);
  }
  const whole = (name: string, seen: Model) => seenBy(undefined, seen, name, undefined);
  const view = linkView(whole(database, model), (name) => {
    const there = others.get(name);
    return there === undefined ? undefined : whole(name, there);
  });
  const models = [view.model, ...Array.from(view.foreign.values(), (each) => each.model)];
  const types = new Map(models.flatMap((each) => Array.from(each.types)));
  const extensions = (await loadExtensions(config.api.extensions)).map(parseExtension);
  const { schema, misfits } = await fittingExtensions(database, view.model, extensions, types);
  return { schema, notes: [...misfits.map(({ message }) => message), ...model.notes] };
}

/** The schema of a named set of databases, and what they do not agree on; undefined where there is none of this name. */
export async function shownSet(
  storage: Storage,
  config: Config,
  set: string,
): Promise<Shown | undefined> {
  const { databases, api } = config;
  const patterns = Object.hasOwn(api.sets, set) ? api.sets[set] : undefined;
  if (patterns === undefined) return undefined;
  const served = new Set(databases);
  const names = databasesOf(patterns, { has: (name) => served.has(name), names: () => served });
  const models: Model[] = [];
  for (const name of names) models.push(await modelOf(storage, config, name));
  const model = mergeModels(models);
  return { schema: await createSetSchema(model), notes: model.notes };
}

/** How a database is shown by its attributes and the configuration. @throws DATABASE_NOT_FOUND */
async function modelOf({ databases }: Storage, config: Config, name: string): Promise<Model> {
  const { value: connection, release } = await databases.hold(name);
  try {
    const { attributes } = createLocalReader(connection).current();
    return buildModel(Array.from(attributes.values()), modelConfigOf(config, name));
  } finally {
    release();
  }
}
