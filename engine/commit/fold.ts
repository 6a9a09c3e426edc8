/**
 * The index job: novelty into the base. Makes new base trees of a database value and the nodes that have to be stored before a root may
 * name them. Runs beside the writer, which goes on; what it commits meanwhile stays novelty.
 */
import { contentHash } from '../codec/hash.ts';
import { encodeNode } from '../codec/node-codec.ts';
import type { Columns } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { CommitInfo, Db } from '../db/db.ts';
import type { Era, BaseRoots } from '../indices/base-index.ts';
import { foldTree } from '../indices/fold-tree.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { awaiting } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { StoredNode } from '../store/store.ts';
import type { Node, TreeRoot } from '../tree/node.ts';
import type { NodePlace } from '../tree/tree-writer.ts';

export interface Folded {
  /** The new base trees hold everything up to this transaction. */
  readonly indexedTx: number;
  readonly maxEid: number;
  readonly commit: CommitInfo | undefined;
  readonly roots: BaseRoots;
  readonly nodes: ReadonlyArray<StoredNode>;
}

/** A node row stays in one page of PostgreSQL. */
const MAX_NODE_BYTES = 7_800;

/** A branch of few children is not split whatever its bytes: a tree of branches with one child each would have no end. */
const MIN_CHILDREN = 8;

/** So many bytes of nodes are written together where they are written while the fold goes on. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** Stores nodes that no root names yet. */
export type WriteNodes = (nodes: ReadonlyArray<StoredNode>) => Promise<void>;

/**
 * `newAddress` gives an address that was never given before. Where `write` is given it takes nodes while the fold goes on, so that they
 * need not fit into memory; the answer has those that are left.
 */
export function* fold(
  db: Db,
  source: StoredNodes,
  newAddress: () => number,
  write?: WriteNodes,
): Suspended<Folded> {
  let nodes: StoredNode[] = [];
  let sizeBytes = 0;
  const sink = (node: Node<Columns>): NodePlace | undefined => {
    // A node says where it is. The address of one that has to be split nobody gets.
    const address = newAddress();
    const bytes = encodeNode(node, address);
    const fewest = node.kind === 'leaf' ? 1 : MIN_CHILDREN;
    if (bytes.length > MAX_NODE_BYTES && node.keys.length > fewest) return undefined;
    nodes.push({ address, bytes });
    sizeBytes += bytes.length;
    source.put(address, node, bytes.length);
    return db.config.cryptoHash ? { address, hash: contentHash(bytes) } : { address };
  };
  function* foldOne(era: Era, order: IndexOrder): Suspended<TreeRoot> {
    const { added, removed } = db.novelty.eras[era][order];
    const changes = { added: yield* added.gather(), removed: yield* removed.gather() };
    const folding = foldTree(order, db.base.roots[era][order], source, changes, sink);
    return yield* write === undefined ? folding : writing(folding, write);
  }
  function* writing(folding: Suspended<TreeRoot>, writeNodes: WriteNodes): Suspended<TreeRoot> {
    for (;;) {
      const step = folding.next();
      if (sizeBytes >= WRITE_BYTES) {
        const written = nodes;
        nodes = [];
        sizeBytes = 0;
        yield* awaiting(writeNodes(written));
      }
      if (step.done === true) return step.value;
      yield step.value;
    }
  }
  const roots = {
    current: {
      eavt: yield* foldOne('current', 'eavt'),
      aevt: yield* foldOne('current', 'aevt'),
      avet: yield* foldOne('current', 'avet'),
    },
    temporal: {
      eavt: yield* foldOne('temporal', 'eavt'),
      aevt: yield* foldOne('temporal', 'aevt'),
      avet: yield* foldOne('temporal', 'avet'),
    },
  };
  return { indexedTx: db.maxTx, maxEid: db.maxEid, commit: db.commit, roots, nodes };
}
