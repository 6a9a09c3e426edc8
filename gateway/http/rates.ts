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

const MINUTE_MS = 60_000;

/** So many callers are remembered; whoever asked longest ago is forgotten, and begins anew. */
const MAX_CALLERS = 100_000;

export class Rates {
  readonly #quotas: ReadonlyArray<Quota>;
  readonly #policy: string;
  readonly #maxCallers: number;
  readonly #now: () => number;
  /** The caller that asked last is at the end. */
  readonly #buckets = new Map<string, Bucket>();
  #last: Bucket | undefined;

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
    this.#policy = this.#quotas
      .map(({ name, perMinute }) => `"${name}";q=${perMinute};w=60`)
      .join(', ');
    this.#now = now;
    this.#maxCallers = maxCallers;
  }

  /** The bucket of a caller, for one request; undefined where nothing is counted. */
  bucketOf(caller: string): Bucket | undefined {
    if (this.#quotas.length === 0) return undefined;
    const known = this.#buckets.get(caller);
    if (known !== undefined && known === this.#last) return known;
    const bucket = known ?? new Bucket(this.#quotas, this.#policy, this.#now);
    this.#last = bucket;
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (known === undefined) this.#forgetOldest();
    return bucket;
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#maxCallers) return;
      this.#buckets.delete(oldest);
    }
  }
}

interface Level {
  readonly quota: Quota;
  left: number;
}

/** What one caller may ask for yet. */
export class Bucket {
  /** What there is of it in a minute, as a caller is told. */
  readonly policy: string;
  readonly #levels: ReadonlyArray<Level>;
  readonly #now: () => number;
  /** When what is left was counted last. */
  #countedMs: number;

  constructor(quotas: ReadonlyArray<Quota>, policy: string, now: () => number) {
    this.policy = policy;
    this.#levels = quotas.map((quota) => ({ quota, left: quota.perMinute }));
    this.#now = now;
    this.#countedMs = now();
  }

  /** @throws RATE_LIMITED, and then nothing was taken */
  take(name: Charged, amount: number): void {
    this.#fill();
    for (const level of this.#levels) {
      const { quota } = level;
      if (quota.name !== name) continue;
      // What is more than a minute has is taken from a whole minute.
      const rest = level.left - Math.min(amount, quota.perMinute);
      if (rest < 0) throw rateLimited(quota, Math.max(1, secondsFor(quota, -rest)));
      level.left = rest;
    }
  }

  /** What is left, as a caller is told. */
  get state(): string {
    let text = '';
    for (const { quota, left } of this.#levels) {
      const wholeIn = secondsFor(quota, quota.perMinute - left);
      text += `${text === '' ? '' : ', '}"${quota.name}";r=${Math.floor(left)};t=${wholeIn}`;
    }
    return text;
  }

  #fill(): void {
    const nowMs = this.#now();
    const passedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    for (const level of this.#levels) {
      const { perMinute } = level.quota;
      level.left = Math.min(perMinute, level.left + (passedMs * perMinute) / MINUTE_MS);
    }
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
