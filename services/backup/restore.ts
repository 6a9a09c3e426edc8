/**
 * A backup as a new database. Nodes and log are stored under a branch that nobody asks for; when all of it came as it was taken, and what is stored
 * was verified, the main branch is made of it in one step. Until then there is no database for anybody.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RootRecord, Store, StoreHost, StoredSegment } from '../../engine/index.ts';
import {
  DatabaseError,
  MAIN_BRANCH,
  commitOf,
  decodeRecord,
  encodeRecord,
} from '../../engine/index.ts';
import { ADDRESSES_PER_EPOCH } from '../maintenance/in-flight.ts';
import { verifyBranch } from '../maintenance/verify.ts';
import type { Log } from '../shared/log.ts';
import { createLog } from '../shared/log.ts';
import type { LeaseKeeper } from '../writer/lease-keeper.ts';
import { takeLease } from '../writer/lease-keeper.ts';
import type { BackupProgress, Manifest } from './backup.ts';
import type { Block, Entry } from './backup-format.ts';
import { BACKUP_VERSION, badBackup, decodeEntries, endOf, readBlocks } from './backup-format.ts';

export interface RestoreOptions {
  /** Called after each block. */
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Nothing is logged by default. */
  readonly log?: Log;
}

export interface Restored {
  /** The newest transaction of the database. */
  readonly tx: number;
  readonly nodes: number;
  readonly segments: number;
}

/** Holds what is restored until it is whole. */
const RESTORE_BRANCH = 'restore';

/** Long enough for a machine that is busy with the restore itself. */
const LEASE_TTL_MS = 30_000;

/**
 * Makes the database that was backed up, under a new identity: its datoms, history, transactions and commits are those of the source. Takes memory for
 * a few blocks. Where it fails there is no database.
 *
 * @throws DATABASE_EXISTS, BAD_BACKUP, BRANCH_LOCKED where another restore of the name goes on
 */
export async function restoreDatabase(
  host: StoreHost,
  name: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { onProgress, log = createLog({ level: 'silent' }) }: RestoreOptions = {},
): Promise<Restored> {
  const blocks = readBlocks(source);
  const first = await blocks.next();
  const manifest = manifestOf(first.done === true ? undefined : first.value);
  const store = await createOrTakeOver(host, name);
  const owner = `restore:${hostname()}:${process.pid}:${randomUUID()}`;
  try {
    const lease = await takeLease({
      ...{ store, branch: RESTORE_BRANCH, owner, address: null, ttlMs: LEASE_TTL_MS, log },
    });
    try {
      const restore = new Restore(store, manifest, lease);
      for await (const block of blocks) {
        await restore.take(block);
        onProgress?.(restore.progress);
      }
      return await restore.finish();
    } catch (error) {
      // While the lease is held nobody else can have made the database.
      if ((await lease.ensureHeld()) && (await store.readVersion(MAIN_BRANCH)) === 0)
        await host.delete(name);
      throw error;
    } finally {
      await lease.release().catch(() => undefined);
    }
  } finally {
    await store.close();
  }
}

class Restore {
  readonly #store: Store;
  readonly #manifest: Manifest;
  readonly #record: RootRecord;
  readonly #lease: LeaseKeeper;
  /** Segments of a commit whose end has not come yet. */
  #group: StoredSegment[] = [];
  #version = 0;
  #latestEpoch = 0;
  #nodes = 0;
  #segments = 0;
  #bytes = 0;
  #isWhole = false;

  constructor(store: Store, manifest: Manifest, lease: LeaseKeeper) {
    this.#store = store;
    this.#manifest = manifest;
    this.#record = decodeRecord(Buffer.from(manifest.record, 'base64'));
    this.#lease = lease;
  }

  get progress(): BackupProgress {
    return { nodes: this.#nodes, segments: this.#segments, bytes: this.#bytes };
  }

  async take(block: Block): Promise<void> {
    this.#bytes += block.body.length;
    switch (block.kind) {
      case 'manifest':
        return;
      case 'nodes':
        return this.#takeNodes(decodeEntries(block));
      case 'log':
        return this.#takeSegments(decodeEntries(block));
      case 'end': {
        const { nodes, segments } = endOf(block.body);
        this.#isWhole = nodes === this.#nodes && segments === this.#segments;
        if (!this.#isWhole)
          throw badBackup(
            `Expected ${nodes} nodes and ${segments} segments, got ${this.#nodes} and ${this.#segments}`,
            block.number,
          );
      }
    }
  }

  /** Verifies what was stored, and makes the database of it. */
  async finish(): Promise<Restored> {
    if (!this.#isWhole) throw badBackup('Expected an end', 0);
    if (this.#group.length > 0) await this.#commit(this.#group, undefined);
    const { faults } = await verifyBranch(this.#store, RESTORE_BRANCH);
    const [fault] = faults;
    if (fault !== undefined)
      throw badBackup(`Expected a sound database, got at ${fault.where}: ${fault.why}`, 0);
    await this.#raiseEpochs();
    const { tx, indexedTx } = this.#manifest;
    const origin = { branch: RESTORE_BRANCH, tx };
    const record = encodeRecord(this.#record);
    await this.#store.fork({ branch: MAIN_BRANCH, origin, record, indexedTx });
    await this.#store.deleteBranch(RESTORE_BRANCH);
    return { tx, nodes: this.#nodes, segments: this.#segments };
  }

  async #takeNodes(entries: ReadonlyArray<Entry>): Promise<void> {
    this.#nodes += entries.length;
    for (const { key } of entries)
      this.#latestEpoch = Math.max(this.#latestEpoch, Math.floor(key / ADDRESSES_PER_EPOCH));
    await this.#store.write(entries.map(({ key, bytes }) => ({ address: key, bytes })));
  }

  async #takeSegments(entries: ReadonlyArray<Entry>): Promise<void> {
    this.#segments += entries.length;
    for (const { key, bytes } of entries) {
      this.#group.push({ tx: key, bytes });
      const commit = commitOf(bytes);
      if (commit === undefined) continue;
      await this.#commit(this.#group, commit.id);
      this.#group = [];
    }
  }

  async #commit(segments: ReadonlyArray<StoredSegment>, id: string | undefined): Promise<void> {
    if (!(await this.#lease.ensureHeld())) throw takenOver();
    await this.#commitAs(this.#lease.epoch, segments, id);
  }

  async #commitAs(
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
    id?: string,
  ): Promise<void> {
    const isCommitted = await this.#store.commit({
      branch: RESTORE_BRANCH,
      expectedVersion: this.#version++,
      epoch,
      record: encodeRecord(this.#record),
      indexedTx: this.#manifest.indexedTx,
      segments,
      id,
    });
    if (!isCommitted) throw takenOver();
  }

  /** Writers to come give out addresses that are after those of the backup. */
  async #raiseEpochs(): Promise<void> {
    await this.#lease.release();
    await this.#commitAs(Math.max(this.#latestEpoch, this.#lease.epoch), []);
    if (!(await this.#store.leases.fence(RESTORE_BRANCH))) throw takenOver();
  }
}

function manifestOf(block: Block | undefined): Manifest {
  if (block === undefined) throw badBackup('Expected a manifest', 0);
  // What the checksum holds for is what a backup wrote.
  const manifest = JSON.parse(block.body.toString('utf8')) as Manifest;
  if (manifest.version !== BACKUP_VERSION)
    throw badBackup(
      `Expected a backup of version ${BACKUP_VERSION}, got ${manifest.version}: use a newer version of this software`,
      0,
    );
  return manifest;
}

/** A database without a main branch is what a restore leaves that did not end. */
async function createOrTakeOver(host: StoreHost, name: string): Promise<Store> {
  try {
    return await host.create(name);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'DATABASE_EXISTS') throw error;
    const store = await host.open(name);
    const isEmpty = (await store.readVersion(MAIN_BRANCH)) === 0;
    const isHeld = (await store.leases.epochs()).some((each) => each.isHeld);
    await store.close();
    if (!isEmpty || isHeld)
      throw new DatabaseError(
        'DATABASE_EXISTS',
        `Expected a new database to restore into, got ${name}, which exists: choose another name, or delete it first`,
        { data: { database: name } },
      );
    await host.delete(name);
    return host.create(name);
  }
}

function takenOver(): DatabaseError {
  return new DatabaseError(
    'WRITER_DEPOSED',
    'Another process took over the restore of this database; nothing was restored. Restore it again',
  );
}
