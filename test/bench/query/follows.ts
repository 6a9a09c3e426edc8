/**
 * Who follows whom, in trees and chains, and the recursive rule over them (`wide-db` and `long-db` of DataScript's benchmark): everybody
 * with everybody that can be reached.
 */
import type { Column, Entry } from './columns.ts';
import type { Question, Row } from './question.ts';

/** Followers and whom they follow, numbered from 1. */
export interface Graph {
  readonly name: string;
  readonly follows: ReadonlyArray<Entry<number>>;
}

/** A tree in which everybody follows `width` others, down to a depth. */
export function wide(depth: number, width: number): Graph {
  const follows: Entry<number>[] = [];
  const grow = (id: number, levels: number): void => {
    if (levels === 0) return;
    for (let i = 0; i < width; i++) {
      follows.push([id, id * width + i]);
      grow(id * width + i, levels - 1);
    }
  };
  grow(1, depth);
  return { name: `wide-${depth}x${width}`, follows };
}

/** So many chains of so many links. */
export function long(depth: number, width: number): Graph {
  const follows: Entry<number>[] = [];
  for (let chain = 0; chain < width; chain++)
    for (let link = 0; link < depth; link++) {
      const from = 1 + chain * (depth + 1) + link;
      follows.push([from, from + 1]);
    }
  return { name: `long-${depth}x${width}`, follows };
}

export const GRAPHS: ReadonlyArray<Graph> = [
  wide(3, 3),
  wide(5, 3),
  wide(7, 3),
  wide(4, 6),
  long(10, 3),
  long(30, 3),
  long(30, 5),
];

export function reachQuestion({ name }: Graph, follows: Column<number>): Question {
  return {
    kind: 'query',
    name,
    query: '[:find ?e ?e2 :in $ % :where (follows ?e ?e2)]',
    rules: `[[(follows ?e1 ?e2) [?e1 :follows ?e2]]
             [(follows ?e1 ?e2) [?e1 :follows ?t] (follows ?t ?e2)]]`,
    sql: `WITH RECURSIVE reached(e, v) AS (
            SELECT e, v FROM follows
            UNION
            SELECT reached.e, follows.v FROM reached JOIN follows ON follows.e = reached.v)
          SELECT e, v FROM reached`,
    floor: () => reach(follows),
  };
}

/** A search from each follower, which notes whom it has seen; right for any graph. */
function reach({ entities, values }: Column<number>): Row[] {
  const rows: Row[] = [];
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < entities.length; i++) {
    low = Math.min(low, entities[i]!, values[i]!);
    high = Math.max(high, entities[i]!, values[i]!);
  }
  // Where the edges of each entity begin; those of the next one end them.
  const starts = new Int32Array(high - low + 2);
  for (let i = 0; i < entities.length; i++) starts[entities[i]! - low + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const seenFrom = new Int32Array(high - low + 1);
  const stack = new Int32Array(high - low + 2);
  for (let first = 0; first < entities.length; first = starts[entities[first]! - low + 1]!) {
    const from = entities[first]!;
    stack[0] = from - low;
    for (let depth = 1; depth > 0;) {
      const node = stack[--depth]!;
      for (let i = starts[node]!; i < starts[node + 1]!; i++) {
        const to = values[i]!;
        if (seenFrom[to - low] === from) continue;
        seenFrom[to - low] = from;
        rows.push([from, to]);
        stack[depth++] = to - low;
      }
    }
  }
  return rows;
}
