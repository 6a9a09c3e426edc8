/**
 * Reads everything that is stored of a database, straight from the store: whether each node that a root leads to is there and what its parent says,
 * whether the indices agree with each other and with the log, and whether the log is whole. Takes memory for a few batches of nodes, and a bit
 * or two for each address; indices are compared by sums of hashes.
 */
import type { Db, ExpectedNode, RootRecord, RootWithLog, Store } from '../../engine/index.ts';
import {
  AddressSet,
  DatabaseError,
  Fingerprint,
  NodeCache,
  checkNode,
  decodeRecord,
  endOf,
  expectedRoots,
  giveWay,
  pastTrees,
  restoreHead,
} from '../../engine/index.ts';
import type { Fault, VerifyOptions } from './findings.ts';
import { Findings, messageOf } from './findings.ts';
import type { LogOfTrees } from './verify-log.ts';
import { verifyLog } from './verify-log.ts';

export type { Fault, VerifyOptions } from './findings.ts';

export interface VerifyReport {
  readonly nodes: number;
  readonly segments: number;
  readonly commits: number;
  /** Transactions that a purge took something out of. Where there was one, trees and log are not compared. */
  readonly purged: number;
  /** Whether a commit names the trees of a root, so that whoever knows its id knows that they are these. */
  readonly isAnchored: boolean;
  readonly faults: ReadonlyArray<Fault>;
}

/** So many nodes are read together. */
const BATCH = 128;

/** Every branch of a database, with the trees that are retained. */
export async function verifyDatabase(
  store: Store,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const verification = new Verification(store, options);
  for (const branch of await store.branches()) await verification.branch(branch);
  return verification.findings;
}

/**
 * One branch, with the trees that are retained of it.
 *
 * @throws DATABASE_NOT_FOUND where there is no such branch
 */
export async function verifyBranch(
  store: Store,
  branch: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const verification = new Verification(store, options);
  if (!(await verification.branch(branch)))
    throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${branch}`);
  return verification.findings;
}

type IndexName = `${ExpectedNode['era']} ${ExpectedNode['order']}`;

class Verification {
  readonly findings: Findings;
  readonly #store: Store;
  readonly #seen = new AddressSet();

  constructor(store: Store, options: VerifyOptions) {
    this.#store = store;
    this.findings = new Findings(options);
  }

  /** False where the branch is not there. */
  async branch(branch: string): Promise<boolean> {
    const root = await this.#store.readRoot(branch);
    if (root === undefined) return false;
    try {
      const record = decodeRecord(root.record);
      const { tx } = endOf(root);
      await this.#checkEpochs(branch, root);
      const log = await verifyLog(this.#store, branch, record, tx, this.findings);
      const faults = this.findings.faults.length;
      const sums = new IndexSums(await this.#schemaOf(root), log.afterTx);
      // What another branch shares with this one was checked there, and its rows count here, too.
      await this.#trees(record, (fault) => this.findings.add(fault), sums);
      if (this.findings.faults.length === faults) sums.compare(log, this.findings);
      await this.#retained(record);
    } catch (error) {
      this.findings.checkSignal();
      this.findings.add({ what: 'root', where: branch, why: messageOf(error) });
    }
    return true;
  }

  /** Writers to come must not give out an address again. */
  async #checkEpochs(branch: string, { epoch }: RootWithLog): Promise<void> {
    const epochs = await this.#store.leases.epochs();
    const latest = Math.max(0, ...epochs.map((each) => each.epoch));
    if (epoch > latest)
      this.findings.add({
        what: 'root',
        where: branch,
        why: `it is of epoch ${epoch}, and the latest that was given out is ${latest}`,
      });
  }

  async #schemaOf(root: RootWithLog): Promise<Db['schema'] | undefined> {
    try {
      const nodes = new NodeCache(0).open(this.#store);
      return (await restoreHead({ ...root, segments: [] }, nodes)).db.schema;
    } catch {
      return undefined; // the walk says what is wrong
    }
  }

  async #retained(record: RootRecord): Promise<void> {
    const { retention } = this.#store;
    const { keptSinceMs } = await retention.state();
    for await (const { trees } of pastTrees(this.#store, record, keptSinceMs))
      for (const past of trees) {
        const faults: Fault[] = [];
        await this.#trees(past.record, (fault) => faults.push(fault));
        if (faults.length === 0) continue;
        // A collection that began meanwhile may retain less.
        const isRetained = past.replacedAtMs > (await retention.state()).keptSinceMs;
        if (isRetained) for (const fault of faults) this.findings.add(fault);
      }
  }

  /** With `sums` every row is looked at; without, what was seen before is held against its parent and not entered. */
  async #trees(
    record: RootRecord,
    onFault: (fault: Fault) => void,
    sums?: IndexSums,
  ): Promise<void> {
    const pending = expectedRoots(record);
    while (pending.length > 0) {
      const batch = pending.splice(-BATCH);
      const blocks = await this.#readEach(batch, onFault);
      this.findings.step();
      for (const [i, node] of batch.entries()) {
        const bytes = blocks[i];
        const isNew = this.#seen.add(node.address);
        if (isNew) this.findings.nodes++;
        if (bytes === undefined) continue;
        try {
          const below = checkNode(bytes, node);
          if (below.kind === 'leaf') sums?.add(node, below.rows);
          else if (isNew || sums !== undefined) pending.push(...below.children);
        } catch (error) {
          onFault(nodeFault(node, error));
        }
        await giveWay();
      }
    }
  }

  /** The bytes of nodes, undefined for those that cannot be read. */
  async #readEach(
    nodes: ReadonlyArray<ExpectedNode>,
    onFault: (fault: Fault) => void,
  ): Promise<ReadonlyArray<Uint8Array | undefined>> {
    try {
      return await this.#store.read(nodes.map(({ address }) => address));
    } catch {
      const blocks: Array<Uint8Array | undefined> = [];
      for (const node of nodes) {
        const [bytes] = await this.#store.read([node.address]).catch((error: unknown) => {
          onFault(nodeFault(node, error));
          return [undefined];
        });
        blocks.push(bytes);
      }
      return blocks;
    }
  }
}

function nodeFault({ era, order, address }: ExpectedNode, error: unknown): Fault {
  return { what: 'node', where: address, why: messageOf(error), index: `${era} ${order}` };
}

/** What the rows of each index come to. */
class IndexSums {
  readonly #schema: Db['schema'] | undefined;
  readonly #afterTx: number;
  readonly #all = new Map<IndexName, Fingerprint>();
  /** Of EAVT: what AVET has to hold. */
  readonly #indexed = new Map<IndexName, Fingerprint>();
  /** Of EAVT: what the log has to tell. */
  readonly #logged = new Map<IndexName, Fingerprint>();

  constructor(schema: Db['schema'] | undefined, afterTx: number) {
    this.#schema = schema;
    this.#afterTx = afterTx;
  }

  add(
    { era, order }: ExpectedNode,
    rows: { readonly length: number; datom(row: number): Parameters<Fingerprint['add']>[0] },
  ): void {
    const name: IndexName = `${era} ${order}`;
    const all = sumOf(this.#all, name);
    const indexed = sumOf(this.#indexed, name);
    const logged = sumOf(this.#logged, name);
    for (let row = 0; row < rows.length; row++) {
      const datom = rows.datom(row);
      all.add(datom);
      if (order !== 'eavt') continue;
      if (this.#schema?.isIndexed(datom.a) === true) indexed.add(datom);
      if (datom.tx > this.#afterTx) logged.add(datom);
    }
  }

  compare(log: LogOfTrees, findings: Findings): void {
    const check = (
      name: IndexName,
      found: Fingerprint,
      expected: Fingerprint,
      of: string,
    ): void => {
      if (found.equals(expected)) return;
      const why = `it does not hold what ${of} says: ${found.count} rows against ${expected.count}`;
      findings.add({ what: 'index', where: name, why, index: name });
    };
    for (const era of ['current', 'temporal'] as const) {
      const eavt = sumOf(this.#all, `${era} eavt`);
      check(`${era} aevt`, sumOf(this.#all, `${era} aevt`), eavt, 'eavt');
      if (this.#schema !== undefined) {
        const indexed = sumOf(this.#indexed, `${era} eavt`);
        check(
          `${era} avet`,
          sumOf(this.#all, `${era} avet`),
          indexed,
          'eavt of indexed attributes',
        );
      }
      if (!log.isPartial)
        check(`${era} eavt`, sumOf(this.#logged, `${era} eavt`), log.fold[era], 'the log');
    }
  }
}

function sumOf(sums: Map<IndexName, Fingerprint>, name: IndexName): Fingerprint {
  const known = sums.get(name);
  if (known !== undefined) return known;
  const sum = new Fingerprint();
  sums.set(name, sum);
  return sum;
}
