/** The door of the services: keeping, reading and writing databases in a process of one's own. */
export type { Bus, RootAnnouncement } from './bus/bus.ts';
export { createMemoryBus } from './bus/memory-bus.ts';
export { openPostgresBus } from './bus/postgres-bus.ts';
export { openRedisBus } from './bus/redis-bus.ts';
export type { AdvanceListener, Connection, ConnectionOptions } from './connection/connection.ts';
export { connect } from './connection/connection.ts';
export type { PollerOptions } from './connection/poller.ts';
export { Poller } from './connection/poller.ts';
export { createDatabase } from './connection/databases.ts';
export type { OpenBranch, OpenDatabasesOptions } from './connection/open-databases.ts';
export { OpenDatabases } from './connection/open-databases.ts';
export type { EntityRecord } from './connection/load-entities.ts';
export { loadEntities } from './connection/load-entities.ts';
export type { Condition, Refusal } from './connection/conditions.ts';
export type { TransactRequest, TransactResult, Writer } from './connection/writer-port.ts';
export { writerKey } from './connection/writer-port.ts';
export type { HeldDatabase, ReaderLeaseOptions } from './connection/reader-lease.ts';
export { ReaderLease } from './connection/reader-lease.ts';
export type { BackupOptions, BackupProgress, Manifest } from './backup/backup.ts';
export { backupDatabase } from './backup/backup.ts';
export type { Restored, RestoreOptions } from './backup/restore.ts';
export { restoreDatabase } from './backup/restore.ts';
export type { AuditReport } from './maintenance/audit.ts';
export { audit } from './maintenance/audit.ts';
export type { Amount, CollectOptions, CollectReport } from './maintenance/collect.ts';
export { collectNodes } from './maintenance/collect.ts';
export type { CollectJob, CollectJobOptions } from './maintenance/collect-job.ts';
export { startCollectJob } from './maintenance/collect-job.ts';
export type { Fault, VerifyOptions, VerifyReport } from './maintenance/verify.ts';
export { verifyBranch, verifyDatabase } from './maintenance/verify.ts';
export type { ExportFormat, ExportOptions, Progress } from './migration/export.ts';
export { exportDatabase } from './migration/export.ts';
export type { ByteSource } from './migration/export-reader.ts';
export type { ImportOptions, Imported } from './migration/import.ts';
export { importDatabase } from './migration/import.ts';
export { updateChecksums, verifyChecksums } from './migration/norm-files.ts';
export type { NormTarget } from './migration/norms.ts';
export { ensureNorms } from './migration/norms.ts';
export { createLocalReader } from './reader/local-reader.ts';
export type { Reader, Snapshot, TimePoint } from './reader/reader.ts';
export { RemoteWriter } from './rpc/remote-writer.ts';
export { WriterServer } from './rpc/writer-server.ts';
export type { Log, LogLevel } from './shared/log.ts';
export { createLog } from './shared/log.ts';
export type { Hold } from './shared/on-demand.ts';
export type { Storage } from './storage.ts';
export { closeStorage, openDatabase, openStorage } from './storage.ts';
export { branches, createBranch, deleteBranch } from './versions/branches.ts';
export {
  branchAsDb,
  branchHistory,
  commitAsDb,
  commitId,
  parentCommitIds,
} from './versions/commits.ts';
export type {
  CommittedTransaction,
  ListenerKey,
  RebuildListener,
  TransactionListener,
} from './versions/listen.ts';
export { listen, unlisten } from './versions/listen.ts';
export type { LoggedTransaction, TransactionRange } from './versions/transactions.ts';
export { transactions } from './versions/transactions.ts';
export type { LocalWriter } from './writer/local-writer.ts';
export { Standby } from './writer/standby.ts';
export { startWriter } from './writer/start-writer.ts';
