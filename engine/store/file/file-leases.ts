/**
 * Leases as files: `epochs/<epoch>` says who holds which branch. The name is the epoch, and a file is made only where there
 * is none of its name, so no epoch is ever given out twice. The newest file of a branch is its lease.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RENEWED_EPOCHS, nextEpoch } from '../epoch.ts';
import type { BranchEpoch, Lease, LeaseRequest, LeaseStore } from '../store.ts';
import { createFile, readFileIfThere, replaceFile } from './durable.ts';
import { onFiles } from './faults.ts';
import { isProcessGone, thisHost } from './host.ts';

interface LeaseFile {
  readonly branch: string;
  readonly owner: string;
  readonly address: string | null;
  readonly host: string;
  readonly pid: number;
  readonly expiresAtMs: number;
  /** The branch was deleted: the file only keeps its epoch from being given out again, until there is a later one. */
  readonly isRevoked: boolean;
}

/** What the logs of the branches know of epochs. */
interface FencedLog {
  /** Ends the right of earlier epochs to commit to a branch; false where a later one did so first. */
  readonly fence: (branch: string, epoch: number) => Promise<boolean>;
  /** The earliest epoch that may still commit. */
  readonly fencedBy: (branch: string) => Promise<number | undefined>;
}

export class FileLeases implements LeaseStore {
  readonly #folder: string;
  readonly #database: string;
  readonly #log: FencedLog;

  constructor(folder: string, database: string, log: FencedLog) {
    this.#folder = folder;
    this.#database = database;
    this.#log = log;
  }

  acquire(request: LeaseRequest): Promise<{ readonly acquired: boolean; readonly lease: Lease }> {
    return onFiles(async () => {
      for (;;) {
        const held = await this.current(request.branch);
        if (held !== undefined && held.owner !== request.owner) {
          return { acquired: false, lease: held };
        }
        const epoch = await this.#take(request, (each) => this.#log.fence(request.branch, each));
        if (epoch === undefined) continue;
        await this.#removeEarlier(request.branch, epoch);
        const { owner, address, ttlMs } = request;
        return { acquired: true, lease: { owner, address, epoch, remainingMs: ttlMs } };
      }
    });
  }

  renew(request: LeaseRequest & { readonly epoch: number }): Promise<boolean> {
    return onFiles(async () => {
      const held = await this.current(request.branch);
      if (held?.epoch !== request.epoch || held.owner !== request.owner) return false;
      await replaceFile(this.#pathOf(request.epoch), encode(request));
      return true;
    });
  }

  release(branch: string, epoch: number): Promise<void> {
    return onFiles(async () => {
      const held = await this.current(branch);
      if (held?.epoch !== epoch) return;
      const { owner, address } = held;
      // The file stays: it is what keeps its epoch from being given out again.
      await replaceFile(this.#pathOf(epoch), encode({ branch, owner, address, ttlMs: -Infinity }));
    });
  }

  current(branch: string): Promise<Lease | undefined> {
    return onFiles(async () => {
      for (const epoch of await this.#epochs()) {
        const file = await this.#read(epoch);
        if (file?.branch === branch) return leaseOf(file, epoch);
      }
      return undefined;
    });
  }

  /** Of a lease that is just being taken the log may not know yet: then two epochs of the branch may commit. */
  epochs(): Promise<ReadonlyArray<BranchEpoch>> {
    return onFiles(async () => {
      const found = new Map<string, BranchEpoch>();
      for (const epoch of await this.#epochs()) {
        const file = await this.#read(epoch);
        if (file === undefined) continue;
        const { branch } = file;
        const fencedBy = (await this.#log.fencedBy(branch)) ?? 0;
        const isHeld = leaseOf(file, epoch) !== undefined;
        if (epoch >= fencedBy) found.set(`${epoch} ${branch}`, { branch, epoch, isHeld });
        const key = `${fencedBy} ${branch}`;
        if (!found.has(key)) found.set(key, { branch, epoch: fencedBy, isHeld: false });
      }
      return [...found.values()];
    });
  }

  fence(branch: string): Promise<boolean> {
    return onFiles(async () => {
      for (;;) {
        if ((await this.current(branch)) !== undefined) return false;
        if (await this.#end(branch)) return true;
      }
    });
  }

  /** Ends the leases and the epochs of branches, whoever has them, with epochs that are far later; see `StoreHost.renew`. */
  async endAll(branches: ReadonlyArray<string>): Promise<void> {
    let step = RENEWED_EPOCHS;
    for (const branch of branches) {
      while (!(await this.#end(branch, step)));
      step = 1;
    }
  }

  /** Ends the epochs of a branch with one that nobody has; false where somebody else was faster. */
  async #end(branch: string, step?: number): Promise<boolean> {
    const fence = (epoch: number): Promise<boolean> => this.#log.fence(branch, epoch);
    const epoch = await this.#take(nobodyOf(branch), fence, { step });
    if (epoch === undefined) return false;
    await this.#removeEarlier(branch, epoch);
    return true;
  }

  /** Ends the lease of a branch for good, with an epoch that nobody has: the step is to say whether it counts. */
  async revoke(branch: string, end: (epoch: number) => Promise<boolean>): Promise<void> {
    for (;;) {
      const epoch = await this.#take(nobodyOf(branch), end, { isRevoked: true });
      if (epoch !== undefined) return this.#removeEarlier(branch, epoch);
    }
  }

  /** The next epoch, or undefined where somebody else was faster. */
  async #take(
    request: LeaseRequest,
    fence: (epoch: number) => Promise<boolean>,
    { isRevoked, step }: { readonly isRevoked?: true; readonly step?: number | undefined } = {},
  ): Promise<number | undefined> {
    const [latest = 0] = await this.#epochs();
    // A commit may have come with a later epoch than was given out.
    const fencedBy = (await this.#log.fencedBy(request.branch)) ?? 0;
    const epoch = nextEpoch(Math.max(latest, fencedBy), this.#database, step);
    if (!(await createFile(this.#pathOf(epoch), encode(request, isRevoked)))) return undefined;
    // While this process looked, the number may have been given out, used and tidied away: then a later one is there.
    const [newest] = await this.#epochs();
    if (newest === epoch && (await fence(epoch))) return epoch;
    if (newest !== epoch) await rm(this.#pathOf(epoch), { force: true });
    return undefined;
  }

  async #removeEarlier(branch: string, epoch: number): Promise<void> {
    for (const earlier of await this.#epochs()) {
      const file = earlier < epoch ? await this.#read(earlier) : undefined;
      if (file?.branch !== branch && file?.isRevoked !== true) continue;
      await rm(this.#pathOf(earlier), { force: true });
    }
  }

  /** All epochs that have a file, newest first. */
  async #epochs(): Promise<number[]> {
    const names = await readdir(this.#folder);
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  }

  async #read(epoch: number): Promise<LeaseFile | undefined> {
    const bytes = await readFileIfThere(this.#pathOf(epoch));
    // Written by `encode` and replaced as a whole, so it is what it was.
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as LeaseFile);
  }

  #pathOf(epoch: number): string {
    return join(this.#folder, String(epoch));
  }
}

function nobodyOf(branch: string): LeaseRequest {
  return { branch, owner: '', address: null, ttlMs: -Infinity };
}

function encode({ branch, owner, address, ttlMs }: LeaseRequest, isRevoked = false): Buffer {
  const expiresAtMs = ttlMs === -Infinity ? 0 : Date.now() + ttlMs;
  const file: LeaseFile = {
    branch,
    owner,
    address,
    host: thisHost(),
    pid: process.pid,
    expiresAtMs,
    isRevoked,
  };
  return Buffer.from(JSON.stringify(file));
}

function leaseOf(file: LeaseFile, epoch: number): Lease | undefined {
  const remainingMs = file.expiresAtMs - Date.now();
  if (remainingMs <= 0 || (file.host === thisHost() && isProcessGone(file.pid))) return undefined;
  return { owner: file.owner, address: file.address, epoch, remainingMs };
}
