/** What readers hold of databases in memory. */
import type { Holding, ReaderLeases, Retention, SweepState } from './retention.ts';
import type { Address } from './store.ts';

export class MemoryReaders implements ReaderLeases {
  readonly #nowMs: () => number;
  readonly #untilMsByReader = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async renew(reader: string, ttlMs: number): Promise<boolean> {
    if (!this.isLiving(reader)) return false;
    this.#untilMsByReader.set(reader, this.#nowMs() + ttlMs);
    return true;
  }

  async release(reader: string): Promise<void> {
    this.#untilMsByReader.set(reader, -Infinity);
  }

  isLiving(reader: string): boolean {
    return (this.#untilMsByReader.get(reader) ?? -Infinity) > this.#nowMs();
  }

  /** Begins a lease where there has been none; whether it lives. */
  begin(reader: string, ttlMs: number): boolean {
    if (!this.#untilMsByReader.has(reader))
      this.#untilMsByReader.set(reader, this.#nowMs() + ttlMs);
    return this.isLiving(reader);
  }
}

export class MemoryRetention implements Retention {
  readonly #readers: MemoryReaders;
  readonly #addressesByReader = new Map<string, ReadonlyArray<Address>>();
  #state: SweepState = { sweeps: 0, keptSinceMs: 0 };

  constructor(readers: MemoryReaders) {
    this.#readers = readers;
  }

  get sweeps(): number {
    return this.#state.sweeps;
  }

  async state(): Promise<SweepState> {
    return this.#state;
  }

  async nowMs(): Promise<number> {
    return Date.now();
  }

  async begin(keptSinceMs: number): Promise<SweepState> {
    const { sweeps, keptSinceMs: before } = this.#state;
    this.#state = { sweeps: sweeps + 1, keptSinceMs: Math.max(before, keptSinceMs) };
    for (const reader of this.#addressesByReader.keys())
      if (!this.#readers.isLiving(reader)) this.#addressesByReader.delete(reader);
    return this.#state;
  }

  async hold({ reader, addresses, ttlMs }: Holding): Promise<SweepState | undefined> {
    if (!this.#readers.begin(reader, ttlMs)) return undefined;
    this.#addressesByReader.set(reader, addresses);
    return this.#state;
  }

  async held(): Promise<ReadonlyArray<Address>> {
    const living = [...this.#addressesByReader].filter(([reader]) =>
      this.#readers.isLiving(reader),
    );
    return [...new Set(living.flatMap(([, addresses]) => addresses))];
  }
}
