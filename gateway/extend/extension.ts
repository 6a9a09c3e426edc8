/** Code of users within the gateway: what an extension says, and what its functions are given. */
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Principal } from '../access/principal.ts';

export interface Extension {
  /** What messages call it; where it was loaded from, or its place among the others, where nothing is said. */
  readonly name?: string;
  /** The databases that it is for; all where nothing is said. */
  readonly databases?: ReadonlyArray<string>;
  /** GraphQL: types of its own, and `extend type` for those of the gateway. */
  readonly typeDefs?: string;
  /** By the names of types, then of fields. */
  readonly resolvers?: Readonly<Record<string, FieldResolvers>>;
  readonly routes?: ReadonlyArray<ExtensionRoute>;
}

export interface FieldResolvers {
  readonly [field: string]: Resolve | FieldResolver;
}

export interface FieldResolver {
  /** Of a field of entities: the fields that are read for it. */
  readonly needs?: ReadonlyArray<string>;
  /** Whose callers see it; all where nothing is said. Of fields of entities, `Query` and `Mutation`. */
  readonly roles?: ReadonlyArray<string>;
  readonly resolve: Resolve;
}

/**
 * Makes the value of a field, or promises it: a value of its type, an object whose properties are the fields, or the {@link EntityRef} of an entity.
 *
 * The parent is what the field stands in: of an entity its {@link FieldResolver.needs}, null where there is no value; of `Query` and `Mutation` an empty object.
 */
export type Resolve = Checked<
  (parent: Needed, args: Arguments, context: ExtensionContext) => unknown
>;

export type Needed = Readonly<Record<string, unknown>>;
export type Arguments = Readonly<Record<string, unknown>>;

/** Parameters may be declared more exactly than they are here: whoever writes a resolver knows its fields and arguments. */
type Checked<F extends (...given: never) => unknown> = {
  bivariant(...given: Parameters<F>): ReturnType<F>;
}['bivariant'];

/** An entity by the id of the API, by its number, or by a unique attribute and its value. */
export type EntityRef = string | number | readonly [attribute: Keyword | string, value: Value];

/** One request, at one state of its database. What is read here is read for the code, whatever the caller may see. */
export interface ExtensionContext {
  readonly database: string;
  readonly principal: Principal;
  readonly requestId: string;
  /** The last transaction of the state that is read. */
  readonly basisTx: number;
  /** Aborted when nobody waits any more, or the time of the request is over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** A query as text; the database is its first input. */
  q(query: string, ...inputs: ReadonlyArray<EdnData>): Promise<EdnData>;
  /** What an entity says, by a pull pattern as text; null where there is nothing. */
  pull(pattern: string, ref: EntityRef): Promise<EdnMap | null>;
  /** The number of an entity, as queries have it; undefined where no entity has the value. */
  entity(ref: EntityRef): Promise<number | undefined>;
  /** The id of an entity in the API. */
  id(entity: number): string;
  /**
   * Writes what the body of `POST /v1/{database}/transact` says, with the rights of the caller.
   *
   * @throws as that does
   */
  transact(transaction: Transaction): Promise<Transacted>;
  /** Loads what the same batch function was asked for in one go, and each key once: for as long as the request reads this state. */
  loader<K, V>(batch: LoadBatch<K, V>): Loader<K, V>;
}

export interface Transaction {
  /** `[{ createCity: { input: { … } } }]` */
  readonly ops: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly if?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly dryRun?: boolean;
  readonly idempotencyKey?: string;
}

export interface Transacted {
  /** Undefined where there was nothing to write. */
  readonly tx: number | undefined;
  /** The entities that each operation wrote. */
  readonly entities: ReadonlyArray<ReadonlyArray<number>>;
}

/** A value, or an `Error`, for each of the keys and in their order. */
export type LoadBatch<K, V> = (
  keys: ReadonlyArray<K>,
  context: ExtensionContext,
) => PromiseLike<ArrayLike<V | Error>>;

export interface Loader<K, V> {
  load(key: K): Promise<V>;
  loadMany(keys: ArrayLike<K>): Promise<Array<V | Error>>;
}

/** An address below `/v1/{database}`. */
export interface ExtensionRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/reports/:year` */
  readonly path: string;
  /** Whose callers find it; all where nothing is said. */
  readonly roles?: ReadonlyArray<string>;
  /** For the document of OpenAPI, which lists only routes that say something here. */
  readonly summary?: string;
  /** JSON Schema of the body that it answers. */
  readonly response?: Readonly<Record<string, unknown>>;
  readonly handle: (request: RouteRequest) => RouteAnswer | PromiseLike<RouteAnswer>;
}

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON that was read; undefined where none came. */
  readonly body: unknown;
  readonly context: ExtensionContext;
}

export interface RouteAnswer {
  /** 200 where nothing is said. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** The extension itself: so that its parts are checked where they are written. */
export function defineExtension(extension: Extension): Extension {
  return extension;
}
