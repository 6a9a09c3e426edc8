/**
 * Loaded into a process before its own code, to do to it what cannot be done from outside: its clock goes wrong, and its event loop stalls. What is
 * to be done is in a file, which the URL of this module names; it is looked at in the beginning, and whenever SIGUSR2 says that it changed.
 */
import { readFileSync } from 'node:fs';

/** What is done to a process. */
export interface Orders {
  /** How long its event loop stands still when it is told; a process that starts is not stalled. */
  readonly stallMs?: number;
  /** How far its clock is off. */
  readonly shiftMs?: number;
  /** Whether its clock stands still. */
  readonly isFrozen?: boolean;
}

const file = new URL(import.meta.url).searchParams.get('orders') ?? '';
const trueNow = Date.now;
let now: () => number = trueNow;

globalThis.Date = new Proxy(Date, {
  construct: (target, args, as) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, as) as Date,
  get: (target, key, receiver): unknown =>
    key === 'now' ? () => now() : Reflect.get(target, key, receiver),
});

function read(): Orders {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Orders;
  } catch {
    return {}; // nothing was ordered yet
  }
}

function setClock({ shiftMs = 0, isFrozen = false }: Orders): void {
  const stoppedAt = trueNow() + shiftMs;
  now = isFrozen ? () => stoppedAt : () => trueNow() + shiftMs;
}

process.on('SIGUSR2', () => {
  const orders = read();
  setClock(orders);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  if (orders.stallMs !== undefined) Atomics.wait(nothing, 0, 0, orders.stallMs);
});
setClock(read());
