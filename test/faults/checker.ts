/**
 * Whether a history of list transactions is serializable, in real time and within each session. Every value is appended once, so a list tells the
 * order of its writers; from that and from what was read follow the dependencies, and a cycle among them is what no order of the transactions
 * explains. (The idea is that of Elle: Kingsbury and Alvaro, 2020.)
 */
import type { ListTransaction } from './history.ts';

/** `finals`: the lists as they are at the end. */
export function checkLists(
  history: ReadonlyArray<ListTransaction>,
  finals: ReadonlyMap<string, ReadonlyArray<string>>,
): string[] {
  const faults: string[] = [];
  const placeOf = places(finals, faults);
  const committed = history.filter((one) => isCommitted(one, placeOf, faults));
  for (const { reads, session } of committed)
    for (const { key, values } of reads) {
      const list = finals.get(key) ?? [];
      const wrong = values.findIndex((value, i) => list[i] !== value);
      if (wrong >= 0)
        faults.push(
          `${session} read ${values[wrong]} at ${wrong} of ${key}, where ${list[wrong]} is`,
        );
    }
  if (faults.length > 0) return faults;
  const graph = new Graph();
  addDependencies(graph, committed, finals);
  addSessions(graph, committed);
  addRealTime(graph, committed);
  return graph
    .cycle()
    .map((cycle) => cycle.filter((node) => node < committed.length))
    .map((cycle) => `a cycle: ${cycle.map((node) => shown(committed[node]!)).join(' -> ')}`);
}

type PlaceOf = ReadonlyMap<string, { readonly key: string; readonly at: number }>;

function places(finals: ReadonlyMap<string, ReadonlyArray<string>>, faults: string[]): PlaceOf {
  const found = new Map<string, { readonly key: string; readonly at: number }>();
  for (const [key, values] of finals)
    for (const [at, value] of values.entries()) {
      if (found.has(value)) faults.push(`${value} was appended twice`);
      found.set(value, { key, at });
    }
  return found;
}

/** Of what is unknown it is seen at the end whether it happened. */
function isCommitted(
  { outcome, appends, session }: ListTransaction,
  placeOf: PlaceOf,
  faults: string[],
): boolean {
  const there = appends.filter(({ key, value }) => placeOf.get(value)?.key === key);
  if (there.length > 0 && there.length < appends.length)
    faults.push(`half of a transaction of ${session} is there: ${JSON.stringify(appends)}`);
  if (outcome === 'ok' && there.length < appends.length)
    faults.push(`lost: ${JSON.stringify(appends)} of ${session} was acknowledged and is not there`);
  if (outcome === 'failed' && there.length > 0)
    faults.push(`a ghost: ${JSON.stringify(appends)} of ${session} was refused and is there`);
  return outcome === 'ok' || there.length > 0;
}

/** Who wrote what another one read or replaced comes before it, and who read a list comes before the next one that appends to it. */
function addDependencies(
  graph: Graph,
  committed: ReadonlyArray<ListTransaction>,
  finals: ReadonlyMap<string, ReadonlyArray<string>>,
): void {
  const writerOf = new Map<string, number>();
  for (const [node, { appends }] of committed.entries())
    for (const { value } of appends) writerOf.set(value, node);
  const add = (before: string | undefined, node: number | undefined): void => {
    const writer = before === undefined ? undefined : writerOf.get(before);
    if (writer !== undefined && node !== undefined) graph.add(writer, node);
  };
  for (const values of finals.values())
    for (const [at, value] of values.entries()) add(values[at - 1], writerOf.get(value));
  for (const [node, { reads }] of committed.entries())
    for (const { key, values } of reads) {
      add(values.at(-1), node);
      const next = finals.get(key)?.[values.length];
      const writer = next === undefined ? undefined : writerOf.get(next);
      if (writer !== undefined) graph.add(node, writer);
    }
}

/** What may still be on its way when its client goes on comes after what that client did before, and before nothing. */
function addSessions(graph: Graph, committed: ReadonlyArray<ListTransaction>): void {
  const lastOf = new Map<string, number>();
  for (const [node, { session, outcome }] of committed.entries()) {
    const last = lastOf.get(session);
    if (last !== undefined) graph.add(last, node);
    if (outcome === 'ok') lastOf.set(session, node);
  }
}

/**
 * Whatever ended before another one began comes before it. A line of nodes stands for time, so that there are few edges: each end leads to the
 * node of its moment, and the node of the last moment before a start leads to that.
 */
function addRealTime(graph: Graph, committed: ReadonlyArray<ListTransaction>): void {
  const isTimed = ({ outcome }: ListTransaction): boolean => outcome === 'ok';
  const ends = [...committed.entries()]
    .filter(([, one]) => isTimed(one) && (one.isCurrent || one.appends.length > 0))
    .sort(([, one], [, other]) => one.endMs - other.endMs);
  const first = committed.length;
  for (const [i, [node]] of ends.entries()) {
    graph.add(node, first + i);
    if (i > 0) graph.add(first + i - 1, first + i);
  }
  for (const [node, { startMs, isCurrent }] of committed.entries()) {
    if (!isCurrent) continue;
    let last = -1;
    for (let low = 0, high = ends.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (ends[middle]![1].endMs < startMs) low = (last = middle) + 1;
      else high = middle;
    }
    if (last >= 0) graph.add(first + last, node);
  }
}

function shown({ session, outcome, reads, appends }: ListTransaction): string {
  const read = reads.map(({ key, values }) => `r ${key}[${values.length}]`);
  const wrote = appends.map(({ key, value }) => `w ${key} ${value}`);
  const said = outcome === 'ok' ? [] : [outcome];
  return `${session}(${[...read, ...wrote, ...said].join(', ')})`;
}

class Graph {
  readonly #next = new Map<number, Set<number>>();

  add(from: number, to: number): void {
    if (from === to) return;
    let targets = this.#next.get(from);
    if (targets === undefined) this.#next.set(from, (targets = new Set()));
    targets.add(to);
  }

  /** The first knot of nodes that lead to each other, none where there is no cycle. (Tarjan 1972, without recursion.) */
  cycle(): number[][] {
    const index = new Map<number, number>();
    const low = new Map<number, number>();
    const stack: number[] = [];
    const isOnStack = new Set<number>();
    for (const root of this.#next.keys()) {
      if (index.has(root)) continue;
      const work: Array<{ readonly node: number; readonly targets: Iterator<number> }> = [];
      const enter = (node: number): void => {
        index.set(node, index.size);
        low.set(node, index.get(node)!);
        stack.push(node);
        isOnStack.add(node);
        work.push({ node, targets: (this.#next.get(node) ?? new Set<number>()).values() });
      };
      enter(root);
      while (work.length > 0) {
        const { node, targets } = work.at(-1)!;
        const step = targets.next();
        if (step.done !== true) {
          if (!index.has(step.value)) enter(step.value);
          else if (isOnStack.has(step.value))
            low.set(node, Math.min(low.get(node)!, index.get(step.value)!));
          continue;
        }
        work.pop();
        const parent = work.at(-1)?.node;
        if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(node)!));
        if (low.get(node) !== index.get(node)) continue;
        const knot = stack.splice(stack.indexOf(node));
        for (const each of knot) isOnStack.delete(each);
        if (knot.length > 1) return [knot];
      }
    }
    return [];
  }
}
