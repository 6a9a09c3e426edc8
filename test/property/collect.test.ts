/**
 * Writers, readers, branches and collections in any order, on a store in memory. A collection is stopped before each of its steps, and other
 * things happen there: what anybody holds stays as it is, what roots lead to is whole, and in the end nothing else is left.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db, KnownNode, Store } from '../../engine/index.ts';
import {
  NodeCache,
  auditNode,
  createMemoryStoreHost,
  databaseConfig,
  datoms,
  decodeRecord,
  history,
  rootNodes,
  toTxData,
} from '../../engine/index.ts';
import type { Connection, LocalWriter } from '../../services/index.ts';
import {
  ReaderLease,
  collectNodes,
  connect,
  createBranch,
  createDatabase,
  createMemoryBus,
  deleteBranch,
  startWriter,
  verifyDatabase,
} from '../../services/index.ts';
import { interrupted } from '../support/interrupted.ts';
import { log } from '../support/written-database.ts';
import { runs } from '../support/runs.ts';

const SCHEMA = `[
  {:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :p/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`;

/** So few that nearly every commit is followed by an index job. */
const FOLD_THRESHOLD = 12;

/** So long that a few make a leaf. */
const textOf = (n: number): string => `${n} `.padEnd(900, 'text ');

/** What was replaced just now is no newer than what is kept. */

interface Written {
  readonly connection: Connection;
  readonly writer: LocalWriter;
}

interface Held {
  readonly db: Db;
  readonly connection: Connection;
  readonly rows: string;
}

/** A step of the world; the number chooses among what there is. */
interface Action {
  readonly kind:
    'commit' | 'take' | 'drop' | 'read' | 'fork' | 'forkOld' | 'delete' | 'takeOver' | 'collect';
  readonly n: number;
}

const ACTIONS: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom(
    ...(['commit', 'commit', 'commit', 'take', 'take', 'drop', 'read', 'fork', 'forkOld'] as const),
    ...(['delete', 'takeOver', 'collect'] as const),
  ),
  n: fc.nat(1_000),
});

class World {
  readonly #host = createMemoryStoreHost();
  readonly #bus = createMemoryBus();
  readonly #branches = new Map<string, Written>();
  readonly #readers: Array<{ readonly lease: ReaderLease; readonly connection: Connection }> = [];
  readonly #commits: string[] = [];
  readonly #collections: Array<Promise<unknown>> = [];
  held: Held[] = [];
  /** What is still to be done. */
  readonly pending: Action[];
  #isBetween = false;
  #made = 0;
  store!: Store;

  constructor(actions: ReadonlyArray<Action>) {
    this.pending = [...actions];
  }

  async start(): Promise<void> {
    await createDatabase(this.#host, 'test', databaseConfig({}));
    this.store = await this.#host.open('test');
    await this.#write('db', SCHEMA);
    for (let i = 0; i < 2; i++) {
      const lease = this.#newLease();
      const store = interrupted(this.store, () => this.#between());
      this.#readers.push({ lease, connection: await this.#connect('db', lease, store) });
    }
  }

  async act({ kind, n }: Action): Promise<void> {
    const names = [...this.#branches.keys()];
    const branch = names[n % names.length] ?? 'db';
    switch (kind) {
      case 'commit': {
        const facts = [{ 'db/id': 100 + (n % 30), 'p/name': textOf(n), 'p/age': n }];
        await this.#write(branch, n % 7 === 0 ? [[':db/retractEntity', 100 + (n % 30)]] : facts);
        return;
      }
      case 'take': {
        const { connection } = this.#readers[n % 2]!;
        const of = n % 3 === 0 ? await this.#branch(branch) : { connection };
        await connection.refresh();
        const db = of.connection.db();
        this.held.push({ db, connection: of.connection, rows: await rowsOf(db) });
        return;
      }
      case 'drop':
        this.held = this.held.filter((_, i) => i !== n % this.held.length);
        return;
      case 'read':
        return this.check(this.held[n % Math.max(1, this.held.length)]);
      case 'fork':
      case 'forkOld': {
        const from = kind === 'fork' ? branch : (this.#commits[n % this.#commits.length] ?? branch);
        const made = `branch-${++this.#made}`;
        await createBranch(this.#readers[n % 2]!.connection, from, made).catch(
          // The commits of branches that were deleted are gone.
          (error: unknown) => expect(error).toMatchObject({ code: 'NOT_FOUND' }),
        );
        if ((await this.store.branches()).includes(made)) await this.#branch(made);
        return;
      }
      case 'delete': {
        const written = this.#branches.get(branch);
        if (branch === 'db' || written === undefined) return;
        this.#branches.delete(branch);
        await written.writer.stop();
        await deleteBranch(written.connection, branch);
        return;
      }
      case 'takeOver':
        await (await this.#branch(branch)).writer.stop();
        this.#branches.delete(branch);
        return;
      case 'collect': {
        const collecting = collectNodes(this.store);
        this.#collections.push(collecting);
        if (n % 3 > 0) await collecting;
      }
    }
  }

  /** What happens while somebody reads or forks: neither waits for a reader. */
  async #between(): Promise<void> {
    const [action] = this.pending;
    const isPossible =
      action !== undefined && /^(commit|collect|delete|takeOver)$/.test(action.kind);
    if (!isPossible || this.#isBetween) return;
    this.pending.shift();
    this.#isBetween = true;
    await this.act(action).finally(() => {
      this.#isBetween = false;
    });
  }

  async check(held: Held | undefined): Promise<void> {
    if (held === undefined) return;
    held.connection.nodes.clear();
    expect(await rowsOf(held.db)).toBe(held.rows);
  }

  async checkAll(): Promise<void> {
    await Promise.all(this.#collections.splice(0));
    for (const each of this.held) await this.check(each);
    await nodesOfRoots(this.store);
    expect((await verifyDatabase(this.store)).faults).toEqual([]);
  }

  /** Everybody goes. */
  async stop(): Promise<void> {
    this.held = [];
    for (const { lease } of this.#readers) await lease.close();
    for (const { writer } of this.#branches.values()) await writer.stop();
  }

  async #write(branch: string, txData: Parameters<typeof toTxData>[0]): Promise<void> {
    const { writer } = await this.#branch(branch);
    const { commitId } = await writer.transact({ txData: toTxData(txData) });
    if (commitId !== undefined) this.#commits.push(commitId);
  }

  /** A branch with its writer, which is a process of its own. */
  async #branch(branch: string): Promise<Written> {
    const known = this.#branches.get(branch);
    if (known !== undefined) return known;
    const lease = this.#newLease();
    const connection = await this.#connect(branch, lease);
    this.#readers.push({ lease, connection });
    const options = { connection, bus: this.#bus, log, leaseTtlMs: 60_000 };
    const writer = await startWriter({ ...options, foldThreshold: FOLD_THRESHOLD });
    const written = { connection, writer };
    this.#branches.set(branch, written);
    return written;
  }

  #newLease(): ReaderLease {
    return new ReaderLease({ readers: this.#host.readers, log });
  }

  #connect(branch: string, lease: ReaderLease, store = this.store): Promise<Connection> {
    const nodeCache = new NodeCache(0);
    // Readers look when they are told to, and not whenever there is something new.
    const bus = store === this.store ? this.#bus : createMemoryBus();
    const options = { store, branch, bus, nodeCache, lease, log };
    return connect({ ...options, pollIntervalMs: 60_000 });
  }
}

async function rowsOf(db: Db): Promise<string> {
  const rows: unknown[] = [];
  for (const view of [db, history(db)])
    for await (const { e, attribute, v, tx, added } of datoms(view, 'avet'))
      rows.push([e, String(attribute), v, tx, added]);
  for await (const { e, attribute, v, tx } of datoms(db, 'eavt')) rows.push([e, attribute, v, tx]);
  return JSON.stringify(rows);
}

/** The addresses of all nodes that roots lead to, each of which is read. */
async function nodesOfRoots(store: Store): Promise<ReadonlySet<number>> {
  const found = new Set<number>();
  const visit = async (node: KnownNode): Promise<void> => {
    if (found.has(node.address)) return;
    found.add(node.address);
    const [bytes] = await store.read([node.address]);
    for (const child of auditNode(bytes!, node)) await visit(child);
  };
  for (const branch of await store.branches()) {
    const root = await store.readRoot(branch);
    for (const node of rootNodes(decodeRecord(root!.record))) await visit(node);
  }
  return found;
}

/** The nodes that list what was replaced, which roots name too. */
async function listsOfRoots(store: Store): Promise<number[]> {
  const records = (await store.branches()).map(async (branch) =>
    decodeRecord((await store.readRoot(branch))!.record),
  );
  return (await Promise.all(records)).flatMap(({ past }) => past ?? []);
}

it('deletes what nobody needs and nothing else, whatever happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTIONS, { minLength: 20, maxLength: 70 }), async (actions) => {
      const world = new World(actions);
      await world.start();
      const { pending } = world;
      const next = async (): Promise<void> => {
        const action = pending.shift();
        if (action !== undefined) await world.act(action);
      };
      for (let i = 0; i < 6; i++) await next();
      while (pending.length > 0) {
        await next();
        const { kept, freed } = await collectNodes(interrupted(world.store, next));
        expect(kept.nodes + freed.nodes).toBeGreaterThan(0);
      }
      await world.checkAll();

      await world.stop();
      await collectNodes(world.store);
      await collectNodes(world.store);
      const needed = new Set([
        ...(await nodesOfRoots(world.store)),
        ...(await listsOfRoots(world.store)),
      ]);
      const left: number[] = [];
      for await (const nodes of world.store.listNodes())
        left.push(...nodes.map(({ address }) => address));
      expect(new Set(left)).toEqual(needed);
    }),
    runs(25),
  );
});
