/**
 * Looks whether what is stored of a branch is what was written. With `crypto-hash?` every node is held against the hash that its parent has of
 * it, the trees against the commit that named them, and every commit against its id; without, against the checksums alone.
 */
import type {
  CommitInfo,
  KnownNode,
  RootRecord,
  Store,
  StoredSegment,
} from '../../engine/index.ts';
import {
  DatabaseError,
  TX0,
  auditNode,
  contentCommit,
  decodeRecord,
  hashOfTrees,
  readSegment,
  rootNodes,
  run,
  withoutCommit,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';

export interface AuditReport {
  /**
   * `advisory`: nothing was found wrong, but whoever could write the store could have hidden it. So it is without content hashes, and with
   * them while no commit has been written since the last index job.
   */
  readonly status: 'ok' | 'damaged' | 'advisory';
  readonly nodes: number;
  readonly commits: number;
  /** Transactions that a purge took something out of: their content is not what their commit was named for. */
  readonly purged: number;
  readonly faults: ReadonlyArray<AuditFault>;
}

export interface AuditFault {
  readonly what: 'node' | 'trees' | 'commit' | 'segment';
  /** The address of a node, the id of a commit, or a transaction. */
  readonly where: number | string;
  readonly why: string;
}

/** So many nodes or transactions are read together. */
const BATCH = 128;

/** Reads all nodes and the whole log of the connection's branch from the store. */
export async function audit(connection: Connection): Promise<AuditReport> {
  const root = await connection.store.readRoot(connection.branch);
  if (root === undefined)
    throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${connection.branch}`);
  const record = decodeRecord(root.record);
  const findings = new Findings();
  await auditTrees(connection, record, findings);
  await auditLog(connection, record, root.segments.at(-1)?.tx ?? root.indexedTx, findings);
  return findings.report();
}

class Findings {
  nodes = 0;
  commits = 0;
  purged = 0;
  /** Whether a commit names the trees of the root. */
  isAnchored = false;
  readonly #faults: AuditFault[] = [];

  add(what: AuditFault['what'], where: number | string, why: string): void {
    this.#faults.push({ what, where, why });
  }

  report(): AuditReport {
    const { nodes, commits, purged, isAnchored } = this;
    const status = this.#faults.length > 0 ? 'damaged' : isAnchored ? 'ok' : 'advisory';
    return { status, nodes, commits, purged, faults: this.#faults };
  }
}

async function auditTrees(
  { store }: Connection,
  record: RootRecord,
  findings: Findings,
): Promise<void> {
  const pending = rootNodes(record);
  while (pending.length > 0) {
    const nodes = pending.splice(-BATCH);
    const blocks = await readEach(store, nodes, findings);
    for (const [i, node] of nodes.entries()) {
      findings.nodes++;
      const bytes = blocks[i];
      if (bytes === undefined) continue;
      try {
        pending.push(...auditNode(bytes, node));
      } catch (error) {
        findings.add('node', node.address, messageOf(error));
      }
    }
  }
}

/** The bytes of nodes, undefined for those that cannot be read. */
async function readEach(
  store: Store,
  nodes: ReadonlyArray<KnownNode>,
  findings: Findings,
): Promise<ReadonlyArray<Uint8Array | undefined>> {
  const addresses = nodes.map(({ address }) => address);
  const read = (some: ReadonlyArray<number>): Promise<ReadonlyArray<Uint8Array | undefined>> =>
    store.read(some);
  return read(addresses).catch(async () => {
    const blocks: Array<Uint8Array | undefined> = [];
    for (const address of addresses)
      blocks.push(
        ...(await read([address]).catch((error: unknown) => {
          findings.add('node', address, messageOf(error));
          return [undefined];
        })),
      );
    return blocks;
  });
}

/** Every commit of the log against its id and the one before it, and the trees of the root against the commits that were written with them. */
async function auditLog(
  { store, branch }: Connection,
  { roots }: RootRecord,
  lastTx: number,
  findings: Findings,
): Promise<void> {
  const trees = hashOfTrees(roots);
  let previous: CommitInfo | undefined;
  let group: LoggedSegment[] = [];
  for (let tx = TX0; tx <= lastTx; tx += BATCH)
    for (const segment of await store.readLog(branch, tx, Math.min(lastTx + 1, tx + BATCH))) {
      const read = await readLogged(segment, findings);
      group.push(read);
      const { commit } = read;
      if (commit === undefined) continue;
      findings.commits++;
      if (commit.trees === trees) findings.isAnchored = true;
      if (previous !== undefined && !commit.parents.includes(previous.id))
        findings.add('commit', commit.id, `it does not follow ${previous.id}, which is before it`);
      auditCommit(commit, group, findings);
      previous = commit;
      group = [];
    }
}

interface LoggedSegment {
  readonly commit: CommitInfo | undefined;
  /** The segment as its commit was named for; undefined where that is not known any more. */
  readonly body: Uint8Array | undefined;
}

async function readLogged(
  { tx, bytes }: StoredSegment,
  findings: Findings,
): Promise<LoggedSegment> {
  try {
    const { commit, isPurged } = await run(readSegment(bytes));
    if (isPurged === true) findings.purged++;
    return { commit, body: isPurged === true ? undefined : withoutCommit(bytes) };
  } catch (error) {
    findings.add('segment', tx, messageOf(error));
    return { commit: undefined, body: undefined };
  }
}

function auditCommit(
  { id, parents, trees }: CommitInfo,
  group: ReadonlyArray<LoggedSegment>,
  findings: Findings,
): void {
  if (trees === undefined) return;
  const bodies = group.flatMap(({ body }) => body ?? []);
  if (bodies.length < group.length) return;
  if (contentCommit(parents, trees, bodies).id !== id)
    findings.add('commit', id, 'its transactions are not what it was named for');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
