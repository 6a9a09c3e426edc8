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

/** `newAddress` gives an address that was never given before. */
export function* fold(db: Db, source: StoredNodes, newAddress: () => number): Suspended<Folded> {
  const nodes: StoredNode[] = [];
  const sink = (node: Node<Columns>): NodePlace | undefined => {
    const bytes = encodeNode(node);
    const fewest = node.kind === 'leaf' ? 1 : MIN_CHILDREN;
    if (bytes.length > MAX_NODE_BYTES && node.keys.length > fewest) return undefined;
    const address = newAddress();
    nodes.push({ address, bytes });
    source.put(address, node, bytes.length);
    return db.config.cryptoHash ? { address, hash: contentHash(bytes) } : { address };
  };
  const foldOne = function* (era: Era, order: IndexOrder): Suspended<TreeRoot> {
    const { added, removed } = db.novelty.eras[era][order];
    const changes = { added: yield* added.gather(), removed: yield* removed.gather() };
    return yield* foldTree(order, db.base.roots[era][order], source, changes, sink);
  };
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
