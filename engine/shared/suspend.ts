/**
 * Synchronous computations over asynchronous storage. A computation is a generator that yields only when it cannot go on: the
 * addresses of the nodes that it misses, all that it knows of at once, or a pause where it has worked for a while. A driver
 * fetches and resumes. A computation over cached nodes never yields and costs what plain code costs.
 */
import type { QueryLimits } from './budget.ts';
import { Budget, budget } from './budget.ts';

/** Nodes that a computation needs, and where they come from. */
export interface Miss {
  readonly source: NodeLoader;
  readonly addresses: ReadonlyArray<number>;
}

/** Brings nodes into the cache, where the computation finds them when it is resumed. */
export interface NodeLoader {
  load(addresses: ReadonlyArray<number>): Promise<void>;
}

/** A place where a long computation may be interrupted although it misses nothing. */
export const PAUSE = Symbol('pause');

export type Wait = Miss | ReadonlyArray<Miss> | typeof PAUSE;

export type Suspended<T> = Generator<Wait, T, void>;

/** How long computations, all together, may hold one turn of the event loop before a pause gives it away. */
const SLICE_MS = 5;

/** When what is begun anew waits for the next turn, and what has begun goes on: short questions of many requests may well be answered in one. */
const TURN_MS = 15;

/**
 * Drives a computation whose nodes are all in memory.
 *
 * @throws an assertion where a node is missing
 */
export function runSync<T>(computation: Suspended<T>): T {
  for (;;) {
    const step = computation.next();
    if (step.done) return step.value;
    if (step.value !== PAUSE)
      throw new Error('Expected all nodes in memory; read this database asynchronously');
  }
}

/** Drives a computation as far as it goes with the nodes that are in memory; undefined where it needs another one. */
export function runInMemory<T>(computation: Suspended<T>): T | undefined {
  for (;;) {
    const step = computation.next();
    if (step.done) return step.value;
    if (step.value !== PAUSE) return undefined;
  }
}

/** Waits for what is no computation, within limits. @throws DEADLINE_EXCEEDED, CANCELLED, or what it rejects with */
export async function waitWithin<T>(promise: Promise<T>, limits?: QueryLimits): Promise<T> {
  await new Budget(limits).wait(promise);
  return promise;
}

/**
 * Drives a computation within limits, fetching what it misses and giving other work its turn.
 *
 * @throws DEADLINE_EXCEEDED, CANCELLED, LIMIT_EXCEEDED, or what the computation throws
 */
export async function run<T>(computation: Suspended<T>, limits?: QueryLimits): Promise<T> {
  const budget = new Budget(limits);
  // Many short ones after each other hold up others as a long one does.
  if (isSliceOver(TURN_MS)) await nextTurn();
  budget.checkTime();
  const step = budget.resume(computation);
  return step.done ? step.value : goOn(computation, budget, step.value);
}

/** As {@link run} without limits; the result itself where it is there in this turn. */
export function start<T>(computation: Suspended<T>): T | Promise<T> {
  const budget = new Budget();
  for (;;) {
    const step = budget.resume(computation);
    if (step.done) return step.value;
    if (step.value !== PAUSE || isSliceOver()) return goOn(computation, budget, step.value);
  }
}

async function goOn<T>(computation: Suspended<T>, budget: Budget, first: Wait): Promise<T> {
  const proceed = (): IteratorResult<Wait, T> => {
    for (;;) {
      budget.checkTime();
      const step = budget.resume(computation);
      if (step.done || step.value !== PAUSE || isSliceOver()) return step;
    }
  };
  for (let wait = first; ;) {
    if (wait !== PAUSE) await budget.wait(loadAll(wait));
    const step = wait === PAUSE && isSliceOver() ? await inTurn(proceed) : proceed();
    if (step.done) return step.value;
    wait = step.value;
  }
}

/** A pause for code that is no such computation: gives other work its turn where the slice of this one is over. */
export async function giveWay(): Promise<void> {
  if (isSliceOver()) await nextTurn();
}

/** Computations side by side: what all of them miss is asked for at once. Together they have the memory that one of them would have. */
export function* together<T>(computations: ReadonlyArray<Suspended<T>>): Suspended<T[]> {
  const limits = budget();
  const { held } = limits;
  const heldBy = computations.map(() => 0);
  const results: T[] = [];
  let pending = [...computations.entries()];
  while (pending.length > 0) {
    const misses: Miss[] = [];
    pending = pending.filter(([place, computation]) => {
      // Each lets go of what it held as if it were alone.
      limits.keep(held + (heldBy[place] ?? 0));
      const step = computation.next();
      heldBy[place] = limits.held - held;
      if (step.done === true) results[place] = step.value;
      else misses.push(...missesOf(step.value));
      return step.done !== true;
    });
    limits.keep(heldBy.reduce((sum, bytes) => sum + bytes, held));
    if (pending.length > 0) yield misses.length > 0 ? misses : PAUSE;
  }
  return results;
}

/** What a promise comes to, or a value that is none. */
export function* awaiting<T>(value: T | Promise<T>): Suspended<T> {
  if (!(value instanceof Promise)) return value;
  let settled: { readonly value: T } | undefined;
  const load = async (): Promise<void> => {
    settled = { value: await value };
  };
  while (settled === undefined) yield { source: { load }, addresses: [] };
  return settled.value;
}

/** The nodes of a wait, none for a pause. */
export function missesOf(wait: Wait | undefined): ReadonlyArray<Miss> {
  if (wait === undefined || wait === PAUSE) return [];
  return 'source' in wait ? [wait] : wait;
}

/** Brings what is missing into memory. */
export function loadAll(wait: Miss | ReadonlyArray<Miss>): Promise<unknown> {
  if ('source' in wait) return wait.source.load(wait.addresses);
  const [first] = wait;
  if (first !== undefined && wait.length === 1) return first.source.load(first.addresses);
  const addressesBySource = new Map<NodeLoader, number[]>();
  for (const { source, addresses } of wait) {
    const known = addressesBySource.get(source);
    if (known === undefined) addressesBySource.set(source, [...addresses]);
    else known.push(...addresses);
  }
  return Promise.all(
    Array.from(addressesBySource, ([source, addresses]) => source.load(addresses)),
  );
}

/** When the slice of this turn began, on the clock of `performance.now()`; undefined until the first computation of the turn. */
let sliceStart: number | undefined;

function isSliceOver(lengthMs = SLICE_MS): boolean {
  const now = performance.now();
  if (sliceStart !== undefined) return now > sliceStart + lengthMs;
  sliceStart = now;
  afterTurn(() => {
    sliceStart = undefined;
  });
  return false;
}

/** What gave way, in the order in which it did. Each does what it can do now, and says whether that is all that it does in this turn. */
const waiting: Array<() => boolean> = [];

function waitForTurn(resume: () => boolean): void {
  waiting.push(resume);
  if (waiting.length === 1) afterTurn(resumeWaiting);
}

/** Does work when all that gave way before has had its slice. */
function inTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    waitForTurn(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error as Error);
      }
      return true;
    });
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waitForTurn(() => {
      resolve();
      return false;
    });
  });
}

/**
 * Gives a slice of the turn to those that wait, whatever came in before: to one that needs all of it, or to several. What has just come in does not
 * wait behind them, so that neither long work holds up short work, nor short work that never ends the long.
 */
function resumeWaiting(): void {
  sliceStart = performance.now();
  while (waiting.shift()?.() === true && !isSliceOver());
  sliceStart = undefined;
  if (waiting.length > 0) afterTurn(resumeWaiting);
}

/** After sockets and timers were served; browsers have no setImmediate. */
const afterTurn: (callback: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : (callback) => setTimeout(callback, 0);
