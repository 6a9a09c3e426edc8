/** What the parts of the store suite share. */
import { expect } from 'vitest';
import type {
  Commit,
  LeaseRequest,
  Store,
  StoredSegment,
  StoreHost,
} from '../../engine/store/store.ts';

export interface StoreBackend {
  readonly host: StoreHost;
  /** A second host over the same data, as another process would open it. */
  openAnother(): Promise<StoreHost>;
  /** Closes everything and removes the data. */
  dispose(): Promise<void>;
}

export const BRANCH = 'db';
export const LONG_TTL_MS = 60_000;

export const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const plain = (bytes: Uint8Array): number[] => Array.from(bytes);

export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 7 + (i >> 8)) & 255;
  return bytes;
}

export const segment = (tx: number, ...values: number[]): StoredSegment => ({
  tx,
  bytes: bytesOf(...values),
});

export const commitOf = (changes: Partial<Commit> = {}): Commit => ({
  branch: BRANCH,
  expectedVersion: 0,
  epoch: 0,
  record: bytesOf(1),
  indexedTx: 0,
  segments: [],
  ...changes,
});

export const leaseOf = (changes: Partial<LeaseRequest> = {}): LeaseRequest => ({
  branch: BRANCH,
  owner: 'first',
  address: null,
  ttlMs: LONG_TTL_MS,
  ...changes,
});

export const txs = (segments: ReadonlyArray<StoredSegment>): number[] =>
  segments.map(({ tx }) => tx);

export async function epochOf(store: Store, request: Partial<LeaseRequest> = {}): Promise<number> {
  const { acquired, lease } = await store.leases.acquire(leaseOf(request));
  expect(acquired).toBe(true);
  return lease.epoch;
}
