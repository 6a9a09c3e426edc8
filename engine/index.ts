/**
 * The door of the engine: everything that services and users of the library may use. Data is EDN as JavaScript values; each function's
 * own file says what it does.
 */
export { kw, sym, Keyword, Sym } from '../schema/keyword.ts';
export { readEdn } from '../schema/edn-read.ts';
export { printEdn } from '../schema/edn-print.ts';
export type { TxInput } from '../schema/js.ts';
export { fromJs, toJs, toTxData } from '../schema/js.ts';
export { EdnDouble, EdnList, Uuid } from '../schema/value.ts';
export type { EdnData, EdnMap, Value } from '../schema/value.ts';
export { DatabaseError, ERROR_CODES } from '../schema/error.ts';
export type { ErrorCode } from '../schema/error.ts';
export type { Attribute } from '../schema/attribute.ts';
export type { DatabaseConfig } from '../schema/database.ts';
export {
  DEFAULT_DATABASE_CONFIG,
  MAIN_BRANCH,
  configFromEdn,
  configToEdn,
  databaseConfig,
} from '../schema/database.ts';

export { ofCommit } from './db/db.ts';
export type { CommitInfo, DatomPredicate, Db, TimePoint, View } from './db/db.ts';
export {
  asOf,
  filter,
  history,
  isFiltered,
  since,
  validAll,
  validAt,
  validBetween,
  validDuring,
} from './db/views.ts';
export { emptyDb } from './db/genesis.ts';
export type { Datom } from './datom/datom.ts';
export { TX0 } from './datom/datom.ts';
export type { IndexOrder } from './datom/index-order.ts';
export { countDatoms, datoms, indexRange, rseekDatoms, seekDatoms } from './db/datoms.ts';
export type { BaseFacts } from './db/base-facts.ts';
export { baseFacts } from './db/base-facts.ts';
export { entityVersions } from './db/entity-versions.ts';
export type { EntityValue } from './db/entity.ts';
export { Entity, entity } from './db/entity.ts';
export { reverseSchema, schema } from './db/schema-map.ts';
export { registerFunction, registeredFunction } from './shared/functions.ts';
export type { Lists, Projected, ProjectedAttribute, Projection } from './pull/project.ts';
export { project } from './pull/project.ts';
export { pull, pullMany } from './pull/pull.ts';
export type { QueryInput } from './query/execute.ts';
export type { PageOptions, QueryForm, QueryOptions } from './query/q.ts';
export { explain, findsSet, q, qWithin, queryStats, queryStatsWithin } from './query/q.ts';
export type { Explanation } from './query/explain/explain.ts';
export type { ExplainedClause, ExplainedRule } from './query/explain/explanation.ts';
export type { QueryClause, QueryObject, QueryVariable } from './query/language/query-object.ts';
export { queryOfObject } from './query/language/query-object.ts';
export { TaggedQuery, query } from './query/language/query-template.ts';
export type { TxReport, TxRequest } from './transact/tx-report.ts';
export { dbWith, withTx } from './transact/with.ts';

// For the services that keep databases: storage, heads and the index job.
export type {
  BranchEpoch,
  BranchPlace,
  Commit,
  CommitPlace,
  Lease,
  ListedNode,
  RequestKey,
  RootWithLog,
  OpenedBranch,
  Store,
  StoreHost,
  StoredNode,
  StoredSegment,
} from './store/store.ts';
export type { ReaderLeases, SweepState } from './store/retention.ts';
export { addressOfMissing, readNamed } from './store/store-errors.ts';
export { createMemoryStoreHost } from './store/memory-store.ts';
export { openFileStoreHost } from './store/file-store.ts';
export { openPostgresStoreHost } from './store/postgres-store.ts';
export { tieredStoreHost } from './store/tiered-store.ts';
export { openFileFront } from './store/tiered/file-front.ts';
export { createMemoryFront } from './store/tiered/memory-front.ts';
export type { NodeFront } from './store/tiered/node-front.ts';
export { NodeCache } from './indices/node-cache.ts';
export type { StoredNodes } from './indices/node-cache.ts';
export type { Head } from './commit/head.ts';
export { firstCommit } from './commit/first-commit.ts';
export {
  comesAfter,
  endOf,
  extendHead,
  followHead,
  rebaseHead,
  restoreHead,
} from './commit/head.ts';
export { contentCommit, hashOfTrees } from './commit/commit-info.ts';
export type { BelowNode, ExpectedNode } from './commit/check-node.ts';
export { checkNode, expectedRoots } from './commit/check-node.ts';
export { Fingerprint, LogFold } from './commit/fingerprint.ts';
export type { KnownNode } from './commit/audit-node.ts';
export { auditNode, rootNodes } from './commit/audit-node.ts';
export { databaseAt } from './commit/database-at.ts';
export type { FactHashes } from './commit/purge.ts';
export { encodeFacts, readFacts, scrubSegment } from './commit/purge.ts';
export { AddressSet } from './commit/address-set.ts';
export type { PastPart, PastTrees } from './commit/past-trees.ts';
export { pastNode, pastTrees } from './commit/past-trees.ts';
export { Reachable } from './commit/reachable.ts';
export type { RootRecord } from './commit/record.ts';
export { addressesOfRecord, decodeRecord, encodeRecord } from './commit/record.ts';
export type { KeyedRequest, Segment } from './commit/segment.ts';
export {
  commitOf,
  encodeSegment,
  readSegment,
  withCommit,
  withoutCommit,
} from './commit/segment.ts';
export type { Folded } from './commit/fold.ts';
export { fold } from './commit/fold.ts';
export { datomOf } from './novelty/change.ts';
export { BulkLoad } from './transfer/bulk-load.ts';
export { exportRows } from './transfer/export-rows.ts';
export type { ExportHeader } from './transfer/items.ts';
export {
  EXPORT_VERSION,
  badExport,
  headerOfItem,
  itemOfHeader,
  itemOfTrailer,
  rowOfItem,
  trailerOfItem,
} from './transfer/items.ts';
export { transact } from './transact/transact.ts';
export { resolveEntityId } from './db/entity-id.ts';
export type { CancelSignal, QueryLimits } from './shared/budget.ts';
export type { Suspended } from './shared/suspend.ts';
export { awaiting, giveWay, run, start, waitWithin } from './shared/suspend.ts';
export { compareValues, GREATEST_VALUE } from './datom/value-order.ts';
export { plus } from './query/functions/arithmetic.ts';
