/**
 * Datahike's JavaScript API, for programs that import the library: its names, arguments and answers, over databases of this process and of peers. Keys are
 * written without a colon, keywords as texts with one; everything that can be asked gives a promise.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseError, Uuid } from '../../engine/index.ts';

export { DatabaseError, query } from '../../engine/index.ts';
export type { ConnectOptions, ConfigInput } from './api/lifecycle.ts';
export type { DatabaseConfig } from './api/configuration.ts';
export {
  close,
  connect,
  createDatabase,
  databaseExists,
  db,
  deleteDatabase,
  release,
  transact,
} from './api/lifecycle.ts';
export type { Entity } from './api/entity.ts';
export { entity, entityDb } from './api/entity.ts';
export type { Connection, Database } from './api/handles.ts';
export type { Listener } from './api/listeners.ts';
export { listen, unlisten } from './api/listeners.ts';
export type { QueryForm } from './api/queries.ts';
export { explain, q, queryStats } from './api/queries.ts';
export type { PullOptions } from './api/reads.ts';
export { metrics, pull, pullMany, reverseSchema, schema } from './api/reads.ts';
export type { Datoms, IndexPlace, IndexRange } from './api/scans.ts';
export { datoms, indexRange, rseekDatoms, seekDatoms } from './api/scans.ts';
export type { Datom, TransactionReport } from './api/show.ts';
export type { TimePoint } from './api/values.ts';
export {
  asOf,
  dbWith,
  filter,
  history,
  isFiltered,
  since,
  tempid,
  validAll,
  validAt,
  validBetween,
  validDuring,
  withDb,
} from './api/values.ts';
export type { EntityRecord, Version } from './api/versions.ts';
export {
  branch,
  branchAsDb,
  branches,
  commitAsDb,
  commitId,
  deleteBranch,
  gcStorage,
  loadEntities,
  mergeDb,
  parentCommitIds,
} from './api/versions.ts';
export type { Schema } from './api/define-schema.ts';
export {
  bigint,
  boolean,
  bytes,
  defineSchema,
  double,
  float,
  instant,
  keyword,
  long,
  ref,
  refs,
  string,
  uuidValue,
} from './api/define-schema.ts';
export type {
  AnyDefinition,
  AttributeOptions,
  AttributeType,
  EntityMap,
  EntityRef,
  LookupRef,
  Operation,
  Pattern,
  Pulled,
  SchemaMap,
  Transaction,
} from './api/schema-types.ts';

/** The UUID that a text writes: texts are never taken for one by themselves. @throws BAD_USER_INPUT */
export function uuid(text: string): Uuid {
  const parsed = Uuid.parse(text);
  if (parsed !== undefined) return parsed;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected the text of a UUID, got ${JSON.stringify(text)}`,
  );
}

/** A new UUID, as for the `id` of a store. */
export function randomUuid(): Uuid {
  return uuid(randomUUID());
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
