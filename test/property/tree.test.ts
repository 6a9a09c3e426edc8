/** Trees that are folded again and again, against a sorted array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNode, encodeNode } from '../../engine/codec/node-codec.ts';
import type { Bound, Columns } from '../../engine/datom/columns.ts';
import type { Datom } from '../../engine/datom/datom.ts';
import type { IndexOrder } from '../../engine/datom/index-order.ts';
import { foldTree } from '../../engine/indices/fold-tree.ts';
import { runSync } from '../../engine/shared/suspend.ts';
import { countRange } from '../../engine/tree/count.ts';
import { TreeCursor } from '../../engine/tree/cursor.ts';
import type { NodePlace } from '../../engine/tree/tree-writer.ts';
import type { Locate, Node, NodeSource, TreeRoot } from '../../engine/tree/node.ts';
import { BRANCHING_FACTOR, EMPTY_TREE } from '../../engine/tree/node.ts';
import {
  datomsInRow,
  datomsOver,
  drain,
  isInRange,
  keyOf,
  orders,
  rangesNear,
  sortDatoms,
} from '../model/datoms.ts';

/** Nodes in memory; those of more keys than `maxKeys` are refused, so that small data make high trees. */
class MemoryNodes implements NodeSource<Columns> {
  readonly nodes: Node<Columns>[] = [];
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  readonly sink = (node: Node<Columns>): NodePlace | undefined => {
    if (node.keys.length > this.#maxKeys) return undefined;
    const address = this.nodes.length;
    this.nodes.push(decodeNode(encodeNode(node, address), address));
    return { address };
  };

  peek(address: number): Node<Columns> | undefined {
    return this.nodes[address];
  }

  async load(): Promise<void> {}
}

const locateIn =
  (order: IndexOrder): Locate<Columns, Bound> =>
  (keys, bound, range) =>
    keys.locate(order, bound, range);

interface Changes {
  readonly added: ReadonlyArray<Datom>;
  readonly removed: ReadonlyArray<Datom>;
}

const bulks = fc
  .tuple(
    fc.integer({ min: 0, max: 3_000 }),
    fc.constantFrom(0, 1, 30, 700, 4_000),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([start, count, step]) => datomsInRow(start + 1, count, step));

const changes: fc.Arbitrary<Changes> = fc
  .tuple(
    bulks,
    fc.array(datomsOver(3_000), { maxLength: 10 }),
    bulks,
    fc.array(datomsOver(3_000), { maxLength: 10 }),
  )
  .map(([added, someAdded, removed, someRemoved]) => ({
    added: [...added, ...someAdded],
    removed: [...removed, ...someRemoved],
  }));

const cases = fc.record({
  order: orders,
  maxKeys: fc.constantFrom(3, 16, BRANCHING_FACTOR),
  steps: fc.array(changes, { minLength: 1, maxLength: 4 }),
});

/** The tree after all steps, and the array that it has to equal. */
function build(
  order: IndexOrder,
  nodes: MemoryNodes,
  steps: ReadonlyArray<Changes>,
): [TreeRoot, Datom[]] {
  let root = EMPTY_TREE;
  let expected: Datom[] = [];
  for (const step of steps) {
    // As novelty has it: what is taken out is in the tree, what is added is not.
    const present = new Set(expected.map(keyOf));
    const removed = sortDatoms(step.removed, order).filter((datom) => present.has(keyOf(datom)));
    const gone = new Set(removed.map(keyOf));
    const added = sortDatoms(step.added, order).filter(
      (datom) => !present.has(keyOf(datom)) || gone.has(keyOf(datom)),
    );
    const kept = added.filter((datom) => !gone.has(keyOf(datom)));
    root = runSync(foldTree(order, root, nodes, { added: kept, removed }, nodes.sink));
    expected = sortDatoms([...expected.filter((datom) => !gone.has(keyOf(datom))), ...kept], order);
  }
  return [root, expected];
}

describe('a folded tree', () => {
  it('holds what a sorted array holds, in nodes that are neither empty nor too large', () => {
    fc.assert(
      fc.property(cases, ({ order, maxKeys, steps }) => {
        const nodes = new MemoryNodes(maxKeys);
        const [root, expected] = build(order, nodes, steps);
        expect(root.count).toBe(expected.length);
        const scanned = drain(new TreeCursor(root, nodes, locateIn(order), {}), false);
        expect(scanned.map(keyOf)).toEqual(expected.map(keyOf));
        checkShape(nodes, root, maxKeys);
      }),
      { numRuns: 50 },
    );
  });

  it('scans and counts any range in both directions', () => {
    const withRanges = cases.chain((one) =>
      fc.record({
        one: fc.constant(one),
        ranges: fc.array(
          rangesNear(one.steps.flatMap(({ added }) => added).slice(-30), one.order),
          { minLength: 1, maxLength: 6 },
        ),
      }),
    );
    fc.assert(
      fc.property(withRanges, ({ one: { order, maxKeys, steps }, ranges }) => {
        const nodes = new MemoryNodes(maxKeys);
        const [root, all] = build(order, nodes, steps);
        for (const range of ranges) {
          const expected = all.filter((datom) => isInRange(datom, order, range)).map(keyOf);
          const scan = (isReverse: boolean): string[] =>
            drain(new TreeCursor(root, nodes, locateIn(order), range, isReverse), isReverse).map(
              keyOf,
            );
          expect(scan(false)).toEqual(expected);
          expect(scan(true)).toEqual([...expected].reverse());
          expect(countRange(root, nodes, locateIn(order), range, [])).toBe(expected.length);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('shares with the tree before it every node that no change touches', () => {
    const nodes = new MemoryNodes(BRANCHING_FACTOR);
    const [root] = build('eavt', nodes, [{ added: datomsInRow(1, 50_000), removed: [] }]);
    const before = nodes.nodes.length;
    const [one] = datomsInRow(60_000, 1);
    runSync(foldTree('eavt', root, nodes, { added: [one!], removed: [] }, nodes.sink));
    expect(nodes.nodes.length - before).toBe(root.level + 1);
  });
});

function checkShape(nodes: MemoryNodes, root: TreeRoot, maxKeys: number): void {
  const visit = (address: number, level: number): number => {
    const node = nodes.peek(address)!;
    expect(node.keys.length).toBeGreaterThan(0);
    expect(node.keys.length).toBeLessThanOrEqual(maxKeys);
    expect(node.kind === 'leaf' ? 0 : node.level).toBe(level);
    if (node.kind === 'leaf') return node.keys.length;
    const counts = Array.from(node.addresses, (child) => visit(child, level - 1));
    expect(Array.from(node.counts)).toEqual(counts);
    return counts.reduce((sum, count) => sum + count, 0);
  };
  if (root.address !== undefined) expect(visit(root.address, root.level)).toBe(root.count);
}
