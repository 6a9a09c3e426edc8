/**
 * One database as it is served: its model and the GraphQL server made from it, replaced together when the schema changes.
 *
 * A request takes the served schema once and finishes on it. A new one is built beside it and swapped in by one assignment; if it
 * cannot be built, the old one stays.
 */
import { createHash } from 'node:crypto';
import { ANNOTATION } from '../schema/annotations.ts';
import type { AccessConfig } from '../schema/access.ts';
import { buildModel } from '../schema/model/build-model.ts';
import { foreignDatabases } from '../schema/model/foreign-model.ts';
import { annotationData, lockData } from '../schema/model/lock.ts';
import type { Model, ModelConfig } from '../schema/model/model.ts';
import { isSameModel } from '../schema/model/same-model.ts';
import type { Writer } from '../services/connection/writer-port.ts';
import type { Reader, Snapshot } from '../services/reader/reader.ts';
import type { Log } from '../services/shared/log.ts';
import type { Hold, OnDemand } from '../services/shared/on-demand.ts';
import type { Principal } from './access/principal.ts';
import type { LinkedView } from './access/linked-view.ts';
import { linkView } from './access/linked-view.ts';
import type { View } from './access/view.ts';
import { grantedRoles, rolesThere, seenBy } from './access/view.ts';
import type { FittingExtensions } from './extend/fitting-extensions.ts';
import { fittingExtensions } from './extend/fitting-extensions.ts';
import type { ParsedExtension } from './extend/parse-extension.ts';
import type { CreateContext } from './graphql/server.ts';
import type { OperationLimits } from './graphql/validation-rules.ts';
import { FORM_OF_ANSWERS } from './http/caching.ts';
import type { ServedModel } from './http/context.ts';
import type { KnownModels } from './known-models.ts';
import { LiveQueries } from './live/live-queries.ts';
import type { ServedSchema } from './served-schema.ts';
import { serveSchema } from './served-schema.ts';

export interface DatabasePorts {
  readonly reader: Reader;
  readonly writer: Writer;
}

/** The databases that there are to serve, which may be open or not. */
export interface DatabaseSource {
  has(name: string): boolean;
  /** All there are now. */
  names(): Iterable<string>;
  /** Opens a database where it is not open, and keeps it so. @throws DATABASE_NOT_FOUND, STORE_UNAVAILABLE */
  hold(name: string): Promise<Hold<DatabasePorts>>;
  /** Those that are open now. */
  opened(): Iterable<readonly [name: string, ports: DatabasePorts]>;
}

export interface ServedDatabaseOptions {
  readonly development: boolean;
  readonly locksSchema: boolean;
  readonly limits: OperationLimits;
  readonly log: Log;
  readonly modelConfigOf: (database: string) => ModelConfig;
  /** Undefined where everybody may do everything. */
  readonly access: AccessConfig | undefined;
  /** The other databases. */
  readonly others: Pick<OnDemand<ServedDatabase>, 'hold'>;
  readonly known: KnownModels;
  /** For any database. */
  readonly extensions: ReadonlyArray<ParsedExtension>;
  readonly createContext: (database: ServedDatabase, schema: ServedModel) => CreateContext;
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

/** What is served since the schema last changed: views are made when a caller asks for the first time. */
interface Generation {
  readonly attributes: Attributes;
  readonly model: Model;
  readonly extensions: FittingExtensions;
  /** The databases that the model leads into. */
  readonly foreign: ReadonlySet<string>;
  readonly views: Map<string, Promise<ServedSchema>>;
  /** What each caller is served with, so that it is not found out for each request. */
  readonly byPrincipal: WeakMap<Principal, ServedSchema | Promise<ServedSchema>>;
}

const NO_EXTENSIONS: FittingExtensions = { fitting: [], misfits: [] };

/** Of callers who may do everything. */
const WHOLE = '';

function keyOf(roles: ReadonlyArray<string> | undefined): string {
  return roles?.join(' ') ?? WHOLE;
}

/** Each model has its own, by which views are told apart. */
const modelNumbers = new WeakMap<Model, number>();
let modelCount = 0;

function modelNumber(model: Model): number {
  let number = modelNumbers.get(model);
  if (number === undefined) modelNumbers.set(model, (number = ++modelCount));
  return number;
}

/** So many are kept; what is made anew costs some tens of milliseconds. */
const MAX_VIEWS = 100;

export class ServedDatabase {
  readonly name: string;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly live: LiveQueries;
  readonly #letGo: () => void;
  readonly #options: ServedDatabaseOptions;
  #generation: Generation | undefined;
  /** The attributes that a build was last started for. */
  #wanted: Attributes | undefined;
  #building: Promise<void> = Promise.resolve();
  #locking: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(
    name: string,
    { value, release }: Hold<DatabasePorts>,
    options: ServedDatabaseOptions,
  ) {
    this.name = name;
    this.reader = value.reader;
    this.writer = value.writer;
    this.live = new LiveQueries(value.reader, options.log);
    this.#letGo = release;
    this.#options = options;
  }

  /**
   * What a caller is served with now: at once where its like has asked before.
   *
   * @throws FORBIDDEN
   */
  schemaFor(principal: Principal): ServedSchema | Promise<ServedSchema> {
    const generation = this.#started;
    if (generation.foreign.size > 0) return this.#linkedSchemaFor(principal, generation);
    const known = generation.byPrincipal.get(principal);
    if (known !== undefined) return known;
    const roles = grantedRoles(this.#options.access, principal, this.name);
    const made = this.#viewAt(generation, keyOf(roles), roles);
    generation.byPrincipal.set(principal, made);
    made.then(
      (schema) => generation.byPrincipal.set(principal, schema),
      () => generation.byPrincipal.delete(principal),
    );
    return made;
  }

  /** What all roles together see of it. */
  get model(): Model {
    return this.#started.model;
  }

  /** Why extensions are left out that do not fit it. */
  get misfits(): FittingExtensions['misfits'] {
    return this.#started.extensions.misfits;
  }

  /** Another database for what this one shows of it. @throws as opening it does */
  readonly holdOther: OnDemand<ServedDatabase>['hold'] = (name) => this.#options.others.hold(name);

  get #started(): Generation {
    if (this.#generation === undefined) throw new Error('Expected the database to be started');
    return this.#generation;
  }

  /** As {@link schemaFor}, where the model leads into others: their models and the caller's roles there decide as well. */
  async #linkedSchemaFor(principal: Principal, generation: Generation): Promise<ServedSchema> {
    const { access, known } = this.#options;
    const roles = grantedRoles(access, principal, this.name);
    const seen = new Map<string, () => View>();
    const keys = [keyOf(roles)];
    for (const name of generation.foreign) {
      const there = await known.of(name);
      const granted = there === undefined ? undefined : rolesThere(access, principal, name);
      if (there === undefined || granted === undefined) continue;
      seen.set(name, () => seenBy(access, there, name, granted.roles));
      keys.push(`${name} ${modelNumber(there)} ${keyOf(granted.roles)}`);
    }
    return this.#viewAt(generation, keys.join('|'), roles, (name) => seen.get(name)?.());
  }

  #viewAt(
    generation: Generation,
    key: string,
    roles: ReadonlyArray<string> | undefined,
    viewOfOther: (database: string) => View | undefined = () => undefined,
  ): Promise<ServedSchema> {
    const { model, views } = generation;
    const known = views.get(key);
    if (known !== undefined) return known;
    const { access } = this.#options;
    const view = linkView(seenBy(access, model, this.name, roles), viewOfOther);
    if (views.size >= MAX_VIEWS) views.clear();
    const made = this.#serve(view, generation, roles);
    views.set(key, made);
    made.catch(() => views.delete(key));
    return made;
  }

  async start(): Promise<void> {
    const { attributes } = this.reader.current();
    this.#wanted = attributes;
    this.#generation = await this.#generate(attributes);
    this.#locking = this.#lock(this.#generation);
    this.#unsubscribe = this.reader.onAdvance((snapshot) => this.#follow(snapshot.attributes));
    // The schema may have changed while the first generation was built.
    this.#follow(this.reader.current().attributes);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#building;
    await this.#locking;
    const views = await Promise.allSettled(Array.from(this.#generation?.views.values() ?? []));
    for (const view of views) if (view.status === 'fulfilled') await view.value.stop();
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
      const model = this.#modelOf(attributes);
      // Annotations and attributes that are not shown change nothing.
      if (this.#generation !== undefined && isSameModel(model, this.#generation.model)) return;
      // Whoever was given a view of the one before finishes on it.
      this.#generation = await this.#generate(attributes, model);
      log.info({ event: 'schema replaced', database: this.name, attributes: attributes.size });
      this.#locking = this.#lock(this.#generation);
    } catch (error) {
      log.error({
        event: 'schema could not be built, the last one stays',
        database: this.name,
        error,
      });
    }
  }

  /** Writes down what is served for the first time, so that it stays so. Without a writer that is done by the next schema. */
  async #lock({ model, attributes }: Generation): Promise<void> {
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

  /** The view that all callers have is made before it is needed. */
  async #generate(attributes: Attributes, model = this.#modelOf(attributes)): Promise<Generation> {
    const views = new Map<string, Promise<ServedSchema>>();
    const foreign = foreignDatabases(model);
    const byPrincipal: Generation['byPrincipal'] = new WeakMap();
    const extensions = await this.#fitting(model);
    const generation = { attributes, model, extensions, foreign, views, byPrincipal };
    // Others are looked at when somebody asks, not while this one is opened: two may lead into each other.
    if (this.#options.access === undefined && generation.foreign.size === 0)
      await this.#viewAt(generation, WHOLE, undefined);
    return generation;
  }

  async #fitting(model: Model): Promise<FittingExtensions> {
    const { extensions, log } = this.#options;
    if (extensions.length === 0) return NO_EXTENSIONS;
    const { fitting, misfits } = await fittingExtensions(this.name, model, extensions);
    // Nothing fits what has no attributes yet.
    if (model.types.size > 0)
      for (const error of misfits)
        log.error({ event: 'extension left out', database: this.name, error });
    return { fitting, misfits };
  }

  #modelOf(attributes: Attributes): Model {
    return buildModel(attributes.values(), this.#options.modelConfigOf(this.name));
  }

  #serve(
    view: LinkedView,
    { attributes, extensions }: Generation,
    roles: ReadonlyArray<string> | undefined,
  ): Promise<ServedSchema> {
    const { createContext, ...options } = this.#options;
    let fingerprint: string | undefined;
    return serveSchema(this.name, view, {
      ...options,
      roles,
      extensions: extensions.fitting,
      fingerprint: () => (fingerprint ??= this.#fingerprint(attributes, roles)),
      isPublic: options.access === undefined,
      createContext: (schema) => createContext(this, schema),
    });
  }

  /** The same in all gateways that serve the same to these roles. */
  #fingerprint(attributes: Attributes, roles: ReadonlyArray<string> | undefined): string {
    const { access, modelConfigOf, development } = this.#options;
    const rules = roles?.map((role) => access?.roles[role]);
    const shown = [Array.from(attributes.values()), modelConfigOf(this.name), development];
    const text = JSON.stringify([FORM_OF_ANSWERS, this.name, roles, rules, shown]);
    return createHash('sha256').update(text).digest('base64url');
  }
}
