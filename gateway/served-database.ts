/**
 * One database as it is served: its model and the GraphQL server made from it, replaced together when the schema changes.
 *
 * A request takes the served schema once and finishes on it. A new one is built beside it and swapped in by one assignment; if it
 * cannot be built, the old one stays.
 */
import type { RequestHandler } from 'express';
import { ANNOTATION } from '../schema/annotations.ts';
import { buildModel } from '../schema/model/build-model.ts';
import { annotationData, lockData } from '../schema/model/lock.ts';
import { isSameModel } from '../schema/model/same-model.ts';
import type { Writer } from '../services/connection/writer-port.ts';
import type { Reader, Snapshot } from '../services/reader/reader.ts';
import { createSchema } from './generate/graphql/schema.ts';
import type { RootField } from './generate/graphql/root-fields.ts';
import { mutationFields, queryFields } from './generate/graphql/root-fields.ts';
import { CompiledOperations } from './graphql/compiled-operations.ts';
import type { GraphQLServer, GraphQLServerOptions } from './graphql/server.ts';
import { startGraphQLServer } from './graphql/server.ts';
import { formatOperationError } from './http/error-response.ts';
import type { ServedModel } from './http/context.ts';
import { idEncoder } from './read/global-id.ts';
import { ListPlans } from './read/list-plan.ts';
import type { Log } from '../services/shared/log.ts';
import type { Hold } from '../services/shared/on-demand.ts';

export interface ServedSchema extends ServedModel {
  readonly graphql: RequestHandler;
  /** Those that were seen since the schema is served. */
  readonly operations: CompiledOperations;
}

export interface DatabasePorts {
  readonly reader: Reader;
  readonly writer: Writer;
}

/** The databases that there are to serve, which may be open or not. */
export interface DatabaseSource {
  has(name: string): boolean;
  /** Opens a database where it is not open, and keeps it so. @throws DATABASE_NOT_FOUND, STORE_UNAVAILABLE */
  hold(name: string): Promise<Hold<DatabasePorts>>;
  /** Those that are open now. */
  opened(): Iterable<readonly [name: string, ports: DatabasePorts]>;
}

export interface ServedDatabaseOptions {
  readonly development: boolean;
  readonly locksSchema: boolean;
  readonly log: Log;
  readonly createContext: (
    database: ServedDatabase,
    schema: ServedModel,
  ) => GraphQLServerOptions['createContext'];
}

/** Serves a database that was opened, and lets go of it when it is stopped; resolves when its first schema is ready. */
export async function serveDatabase(
  name: string,
  hold: Hold<DatabasePorts>,
  options: ServedDatabaseOptions,
): Promise<ServedDatabase> {
  const served = new ServedDatabase(name, hold, options);
  try {
    await served.start();
    return served;
  } catch (error) {
    await served.stop();
    throw error;
  }
}

type Attributes = Snapshot['attributes'];

interface Generation {
  readonly attributes: Attributes;
  readonly schema: ServedSchema;
  readonly server: GraphQLServer;
}

export class ServedDatabase {
  readonly name: string;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly #letGo: () => void;
  readonly #options: ServedDatabaseOptions;
  #generation: Generation | undefined;
  /** The attributes that a build was last started for. */
  #wanted: Attributes | undefined;
  #building: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(
    name: string,
    { value, release }: Hold<DatabasePorts>,
    options: ServedDatabaseOptions,
  ) {
    this.name = name;
    this.reader = value.reader;
    this.writer = value.writer;
    this.#letGo = release;
    this.#options = options;
  }

  get current(): ServedSchema {
    if (this.#generation === undefined) throw new Error('Expected the database to be started');
    return this.#generation.schema;
  }

  async start(): Promise<void> {
    const { attributes } = this.reader.current();
    this.#wanted = attributes;
    this.#generation = await this.#build(attributes);
    void this.#lock(this.#generation);
    this.#unsubscribe = this.reader.onAdvance((snapshot) => this.#follow(snapshot.attributes));
    // The schema may have changed while the first generation was built.
    this.#follow(this.reader.current().attributes);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#building;
    await this.#generation?.server.stop();
    this.#letGo();
  }

  /** One build at a time; those that a newer schema has overtaken are skipped. */
  #follow(attributes: Attributes): void {
    if (attributes === this.#wanted) return;
    this.#wanted = attributes;
    this.#building = this.#building.then(() => this.#replace(attributes));
  }

  async #replace(attributes: Attributes): Promise<void> {
    if (attributes !== this.#wanted) return;
    const { log } = this.#options;
    try {
      const model = buildModel(attributes.values());
      // Annotations and attributes that are not shown change nothing.
      if (this.#generation !== undefined && isSameModel(model, this.#generation.schema.model))
        return;
      const before = this.#generation;
      this.#generation = await this.#build(attributes, model);
      log.info({ event: 'schema replaced', database: this.name, attributes: attributes.size });
      await before?.server.stop();
      void this.#lock(this.#generation);
    } catch (error) {
      log.error({
        event: 'schema could not be built, the last one stays',
        database: this.name,
        error,
      });
    }
  }

  /** Writes down what is served for the first time, so that it stays so. Without a writer that is done by the next schema. */
  async #lock({ schema: { model }, attributes }: Generation): Promise<void> {
    const { log, locksSchema } = this.#options;
    const txData = locksSchema ? lockData(model, attributes.values()) : [];
    if (txData.length === 0) return;
    try {
      const { config } = this.reader.current();
      const isInstalled = !config.attributeRefs || attributes.has(ANNOTATION.lockField);
      if (!isInstalled) await this.writer.transact({ txData: annotationData() });
      await this.writer.transact({ txData });
      log.info({ event: 'schema locked', database: this.name });
    } catch (error) {
      log.info({ event: 'schema not locked', database: this.name, error });
    }
  }

  async #build(
    attributes: Attributes,
    model = buildModel(attributes.values()),
  ): Promise<Generation> {
    const { development, log, createContext } = this.#options;
    const served = {
      model,
      lists: new ListPlans(model, this.name),
      encodeId: idEncoder(this.name),
    };
    const schema = await createSchema(model);
    const operations = new CompiledOperations({
      schema,
      model,
      rootFields: new Map<string, RootField>([...queryFields(model), ...mutationFields(model)]),
      formatError: (error, requestId) => formatOperationError(error, requestId, log),
    });
    const server = await startGraphQLServer({
      schema,
      operations,
      development,
      log,
      createContext: createContext(this, served),
    });
    return { attributes, schema: { ...served, operations, graphql: server.answer }, server };
  }
}
