/**
 * What is opened on demand, used by many in any order while time passes, against a model that knows for each key who holds it and since when nobody
 * does: nothing is opened twice at once, nothing that is used is closed, and what is idle is closed when its time has come and not before.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Hold } from '../../services/index.ts';
import { OnDemand } from '../../services/shared/on-demand.ts';
import { runs } from '../support/runs.ts';

const IDLE_MS = 1_000;
const MAX_OPEN = 3;
const KEYS = 6;
/** What sums of times may be off by. */
const EPSILON_MS = 1e-3;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Thing {
  readonly key: string;
  isOpen: boolean;
  isInUse: boolean;
}

/** The number chooses the key, the hold or the milliseconds. */
const ACTION = fc.record({
  kind: fc.constantFrom(
    ...(['hold', 'hold', 'hold', 'together', 'fail', 'release', 'release', 'release'] as const),
    ...(['listen', 'wait', 'wait'] as const),
  ),
  n: fc.nat(10_000),
});

class World {
  readonly #open = new Map<string, Thing>();
  readonly #holds: Array<Hold<Thing>> = [];
  /** When each key was let go of, or was seen in use when its time had come. */
  readonly #idleSince = new Map<string, number>();
  readonly #faults: unknown[] = [];
  #isFailing = false;
  #openings = 0;
  readonly #things = new OnDemand<Thing>({
    open: async (key) => {
      this.#openings++;
      await Promise.resolve();
      if (this.#isFailing) throw new Error('away');
      expect(this.#open.has(key)).toBe(false);
      const thing = { key, isOpen: true, isInUse: false };
      this.#open.set(key, thing);
      return thing;
    },
    close: async (thing) => {
      expect(thing.isOpen).toBe(true);
      expect(thing.isInUse).toBe(false);
      expect(this.#holdersOf(thing.key)).toBe(0);
      if (this.#open.size <= MAX_OPEN)
        expect(this.#idleMs(thing.key)).toBeGreaterThanOrEqual(IDLE_MS - EPSILON_MS);
      thing.isOpen = false;
      this.#open.delete(thing.key);
    },
    isInUse: (thing) => {
      if (thing.isInUse) this.#idleSince.set(thing.key, performance.now());
      return thing.isInUse;
    },
    idleMs: IDLE_MS,
    maxOpen: MAX_OPEN,
    onFault: (error) => this.#faults.push(error),
  });

  async act(kind: string, n: number): Promise<void> {
    const key = `key ${n % KEYS}`;
    switch (kind) {
      case 'hold': {
        const isOpen = this.#open.has(key);
        const holding = this.#things.hold(key);
        expect(holding instanceof Promise).toBe(!isOpen);
        this.#holds.push(await holding);
        break;
      }
      case 'together': {
        const before = this.#openings;
        const isOpen = this.#open.has(key);
        this.#holds.push(
          ...(await Promise.all(Array.from({ length: 3 }, async () => this.#things.hold(key)))),
        );
        expect(this.#openings - before).toBe(isOpen ? 0 : 1);
        break;
      }
      case 'fail': {
        if (this.#open.has(key)) break;
        this.#isFailing = true;
        const asked = Array.from({ length: 2 }, async () => this.#things.hold(key));
        for (const answer of await Promise.allSettled(asked))
          expect(answer.status).toBe('rejected');
        this.#isFailing = false;
        break;
      }
      case 'release': {
        const [hold] = this.#holds.splice(n % Math.max(1, this.#holds.length), 1);
        if (hold !== undefined) this.#release(hold);
        break;
      }
      case 'listen': {
        const thing = this.#open.get(key);
        if (thing !== undefined) thing.isInUse = !thing.isInUse;
        break;
      }
      case 'wait':
        await vi.advanceTimersByTimeAsync(n % (2 * IDLE_MS));
    }
    this.#check();
  }

  #check(): void {
    expect(this.#faults).toEqual([]);
    expect(new Map(this.#things.opened())).toEqual(this.#open);
    for (const { value } of this.#holds) expect(value.isOpen).toBe(true);
    const unused = [...this.#open.values()].filter(
      ({ key, isInUse }) => !isInUse && this.#holdersOf(key) === 0,
    );
    if (this.#open.size > MAX_OPEN) expect(unused).toEqual([]);
    for (const { key } of unused) expect(this.#idleMs(key)).toBeLessThanOrEqual(IDLE_MS + 1); // timers count whole milliseconds
  }

  async end(): Promise<void> {
    for (let hold = this.#holds.pop(); hold !== undefined; hold = this.#holds.pop())
      this.#release(hold);
    for (const thing of this.#open.values()) thing.isInUse = false;
    await vi.advanceTimersByTimeAsync(2 * IDLE_MS + 10);
    expect(this.#open.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    await this.#things.close();
  }

  #release({ value: { key }, release }: Hold<Thing>): void {
    if (this.#holdersOf(key) === 0) this.#idleSince.set(key, performance.now());
    release();
    release();
  }

  #idleMs(key: string): number {
    return performance.now() - (this.#idleSince.get(key) ?? NaN);
  }

  #holdersOf(key: string): number {
    return this.#holds.filter(({ value }) => value.key === key).length;
  }
}

it('opens once, keeps what is used, and closes what is idle', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTION, { maxLength: 60 }), async (actions) => {
      const world = new World();
      for (const { kind, n } of actions) await world.act(kind, n);
      await world.end();
    }),
    runs(200),
  );
});
