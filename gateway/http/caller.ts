/** Whom a request counts for, and what it may ask for yet. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { DatabaseError } from '../../schema/error.ts';
import type { Principal } from '../access/principal.ts';
import type { Headers } from './head.ts';
import { Rates } from './rates.ts';
import type { Charged, RateOptions } from './rates.ts';
import { StreamSlots } from './stream-slots.ts';
import type { StreamLimits } from './stream-slots.ts';

export interface CallerLimits extends StreamLimits {
  readonly rate: RateOptions;
  /**
   * So many of the last addresses in `X-Forwarded-For` were written by proxies of ours. What stands before them anybody may have written.
   */
  readonly trustedProxies: number;
}

export const DEFAULT_CALLER_LIMITS: CallerLimits = {
  rate: { requestsPerMinute: 0, costPerMinute: 0 },
  trustedProxies: 0,
  maxStreams: 10_000,
  maxStreamsPerCaller: 1_000,
};

/** Takes something from what a caller may ask for. @throws RATE_LIMITED */
export type Charge = (name: Charged, amount: number) => void;

export const FREE: Charge = () => undefined;

export class Callers {
  readonly slots: StreamSlots;
  readonly #rates: Rates;
  readonly #trustedProxies: number;

  constructor(limits: CallerLimits) {
    this.slots = new StreamSlots(limits);
    this.#rates = new Rates(limits.rate);
    this.#trustedProxies = limits.trustedProxies;
  }

  /** A token, or the subject of a JWT; of those who are not known, the address. */
  nameOf(request: IncomingMessage, principal: Principal | undefined): string {
    return principal === undefined || principal.isAnonymous === true
      ? `address ${networkOf(addressOf(request, this.#trustedProxies))}`
      : `name ${principal.name}`;
  }

  /** A place among the streams that are open, until the response is closed. @throws RATE_LIMITED */
  takeStream(
    request: IncomingMessage,
    principal: Principal | undefined,
    response: ServerResponse,
  ): void {
    const release = this.slots.take();
    if (release === undefined)
      throw new DatabaseError('RATE_LIMITED', 'This gateway has as many streams as it may have');
    onceClosed(response, release);
    onceClosed(response, this.slots.takeFor(this.nameOf(request, principal)));
  }

  /** What is taken of a caller's part for a request; the head of its answer, where there is one, says what is left. */
  chargeFor(request: IncomingMessage, principal: Principal | undefined, head?: Headers): Charge {
    const bucket = this.#rates.bucketOf(this.nameOf(request, principal));
    if (bucket === undefined) return FREE;
    head?.setHeader('RateLimit-Policy', bucket.policy);
    return (name, amount) => {
      try {
        bucket.take(name, amount);
      } catch (error) {
        if (error instanceof DatabaseError && head?.headersSent === false)
          head.setHeader('Retry-After', String(error.data['retryAfterSeconds']));
        throw error;
      } finally {
        if (head?.headersSent === false) head.setHeader('RateLimit', bucket.state);
      }
    };
  }
}

export function onceClosed(response: ServerResponse, release: () => void): void {
  if (response.closed) release();
  else response.once('close', release);
}

function addressOf({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const said = String(headers['x-forwarded-for'] ?? '').split(',');
  const address = trustedProxies > 0 ? said.at(-trustedProxies)?.trim() : undefined;
  return address === undefined || address === '' ? (socket.remoteAddress ?? '') : address;
}

/** A household has one address of IPv4, and 2 ^ 64 of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = [], tail = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}
