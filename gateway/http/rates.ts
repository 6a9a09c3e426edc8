/**
 * How much each caller may ask for in a minute: requests, and entities that these may read. A caller's bucket is full at first, is emptied by what it
 * asks, and fills evenly. Buckets are those of one process, so several gateways allow as many times as much.
 *
 *     RateLimit-Policy: "requests";q=600;w=60, "cost";q=1000000;w=60        what there is
 *     RateLimit: "requests";r=598;t=1, "cost";r=999950;t=1                  what is left, and in how many seconds it is whole again
 *
 * The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
 */
import { DatabaseError } from '../../schema/error.ts';

/** 0 is anything. */
export interface RateOptions {
  readonly requestsPerMinute: number;
  readonly costPerMinute: number;
}

export type Charged = 'requests' | 'cost';

interface Quota {
  readonly name: Charged;
  readonly perMinute: number;
}

interface Bucket {
  /** When what is left was counted last. */
  countedMs: number;
  readonly left: Map<Charged, number>;
}

const MINUTE_MS = 60_000;

/** So many callers are remembered; whoever asked longest ago is forgotten, and begins anew. */
const MAX_CALLERS = 100_000;

export class Rates {
  readonly #quotas: ReadonlyArray<Quota>;
  readonly #maxCallers: number;
  readonly #now: () => number;
  /** The caller that asked last is at the end. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    { requestsPerMinute, costPerMinute }: RateOptions,
    now: () => number = () => performance.now(),
    maxCallers = MAX_CALLERS,
  ) {
    const quotas: ReadonlyArray<Quota> = [
      { name: 'requests', perMinute: requestsPerMinute },
      { name: 'cost', perMinute: costPerMinute },
    ];
    this.#quotas = quotas.filter(({ perMinute }) => perMinute > 0);
    this.#now = now;
    this.#maxCallers = maxCallers;
  }

  /** Whether nothing is counted. */
  get isOff(): boolean {
    return this.#quotas.length === 0;
  }

  /** Takes something from what a caller has left. @throws RATE_LIMITED, and then nothing was taken */
  take(caller: string, name: Charged, amount: number): void {
    const quota = this.#quotas.find((each) => each.name === name);
    if (quota === undefined) return;
    const { left } = this.#bucketOf(caller);
    // What is more than a minute has is taken from a whole minute.
    const taken = Math.min(amount, quota.perMinute);
    const rest = (left.get(name) ?? 0) - taken;
    if (rest >= 0) left.set(name, rest);
    else throw rateLimited(quota, Math.max(1, secondsFor(quota, -rest)));
  }

  /** What a caller is told of what it has left; nothing where nothing is counted. */
  headers(caller: string): Readonly<Record<string, string>> {
    if (this.isOff) return {};
    const { left } = this.#bucketOf(caller);
    const told = this.#quotas.map((quota) => {
      const rest = left.get(quota.name) ?? 0;
      const policy = `"${quota.name}";q=${quota.perMinute};w=60`;
      const state = `"${quota.name}";r=${Math.floor(rest)};t=${secondsFor(quota, quota.perMinute - rest)}`;
      return { policy, state };
    });
    return {
      'RateLimit-Policy': told.map(({ policy }) => policy).join(', '),
      RateLimit: told.map(({ state }) => state).join(', '),
    };
  }

  #bucketOf(caller: string): Bucket {
    const nowMs = this.#now();
    let bucket = this.#buckets.get(caller);
    if (bucket === undefined) {
      const whole = this.#quotas.map(({ name, perMinute }) => [name, perMinute] as const);
      bucket = { countedMs: nowMs, left: new Map(whole) };
    }
    for (const { name, perMinute } of this.#quotas) {
      const filled = ((nowMs - bucket.countedMs) * perMinute) / MINUTE_MS;
      bucket.left.set(name, Math.min(perMinute, (bucket.left.get(name) ?? 0) + filled));
    }
    bucket.countedMs = nowMs;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#maxCallers) break;
      this.#buckets.delete(oldest);
    }
    return bucket;
  }
}

function secondsFor({ perMinute }: Quota, amount: number): number {
  return Math.ceil((amount * 60) / perMinute);
}

function rateLimited({ name, perMinute }: Quota, retryAfterSeconds: number): DatabaseError {
  const what = name === 'cost' ? 'entities read' : 'requests';
  return new DatabaseError(
    'RATE_LIMITED',
    `Expected at most ${perMinute} ${what} in a minute; go on in ${retryAfterSeconds} s`,
    { data: { retryAfterSeconds } },
  );
}
