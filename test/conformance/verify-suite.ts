/** What a verification must find over every store, and that it finds nothing where nothing is wrong. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeNode, encodeNode } from '../../engine/codec/node-codec.ts';
import type { ExpectedNode, Store, StoredSegment } from '../../engine/index.ts';
import {
  checkNode,
  decodeRecord,
  encodeSegment,
  expectedRoots,
  readSegment,
  run,
  withCommit,
} from '../../engine/index.ts';
import type { Fault } from '../../services/index.ts';
import { collectNodes, createBranch, verifyDatabase } from '../../services/index.ts';
import { interrupted } from '../support/interrupted.ts';
import type { WrittenDatabase } from '../support/written-database.ts';
import { writtenDatabase } from '../support/written-database.ts';
import { fill } from './maintenance-fixtures.ts';
import type { StoreBackend } from './store-fixtures.ts';

export function runVerifySuite(name: string, newBackend: () => Promise<StoreBackend>): void {
  describe(`verifying a ${name}`, () => {
    let backend: StoreBackend;
    let database: WrittenDatabase;

    beforeEach(async () => {
      backend = await newBackend();
      database = await writtenDatabase({
        ...{ host: backend.host, foldThreshold: 60 },
        config: { allowIndexBackfill: true },
      });
      await fill(database, 40);
      await createBranch(database.connection, 'db', 'draft');
      await database.writer.stop();
    });
    afterEach(async () => {
      await database.close();
      await backend.dispose();
    });

    async function faultsOf(store: Store): Promise<ReadonlyArray<Fault>> {
      const heard: Fault[] = [];
      const { faults } = await verifyDatabase(store, { onFault: (fault) => heard.push(fault) });
      expect(heard).toEqual(faults);
      return faults;
    }

    /** The nodes that the root leads to, those above before those below. */
    async function nodes(): Promise<ReadonlyArray<ExpectedNode>> {
      const { store } = database;
      const pending = expectedRoots(decodeRecord((await store.readRoot('db'))!.record));
      for (const node of pending) {
        const below = checkNode((await store.read([node.address]))[0]!, node);
        if (below.kind === 'branch') pending.push(...below.children);
      }
      return pending;
    }

    const leaves = async (): Promise<ReadonlyArray<ExpectedNode>> =>
      (await nodes()).filter(({ level }) => level === 0);

    /** The store with other bytes at an address. */
    const withBytes = (address: number, change: (bytes: Uint8Array) => Uint8Array): Store =>
      withAnswer(database.store, 'read', async (addresses: ReadonlyArray<number>, blocks) =>
        (blocks as ReadonlyArray<Uint8Array>).map((bytes, i) =>
          addresses[i] === address ? change(Uint8Array.from(bytes)) : bytes,
        ),
      );

    it('finds nothing where nothing is wrong', async () => {
      expect(await verifyDatabase(database.store)).toMatchObject({ faults: [], purged: 0 });
      expect((await nodes()).some(({ level }) => level > 0)).toBe(true);
    });

    it('finds a node that is missing, and says where', async () => {
      const doomed = (await leaves()).at(-1)!;
      await database.store.deleteNodes([doomed.address]);
      expect(await faultsOf(database.store)).toContainEqual(
        expect.objectContaining({
          ...{ what: 'node', where: doomed.address },
          index: `${doomed.era} ${doomed.order}`,
        }),
      );
    });

    it('finds a node that is cut off, and a bit that is turned', async () => {
      for (const { address } of (await nodes()).slice(0, 6)) {
        const cut = withBytes(address, (bytes) => bytes.subarray(0, bytes.length - 3));
        const turned = withBytes(address, (bytes) => {
          bytes[bytes.length >>> 1]! ^= 8;
          return bytes;
        });
        for (const store of [cut, turned])
          expect(await faultsOf(store)).toContainEqual(expect.objectContaining({ where: address }));
      }
    });

    it('takes no trees for damaged that were retained, and are collected while it looks', async () => {
      const { store } = database;
      let isAsked = false;
      const collected = interrupted(store, async (method) => {
        // It has read which trees are retained, and looks through them now.
        if (isAsked && method === 'read') await collectNodes(store);
        isAsked ||= method === 'retention.state';
      });
      expect(await faultsOf(collected)).toEqual([]);
    });

    it('finds two sound nodes in each other’s place', async () => {
      const [one, other] = (await leaves()).filter(
        ({ era, order }) => era === 'current' && order === 'eavt',
      );
      const { store } = database;
      const [first, second] = await store.read([one!.address, other!.address]);
      const exchanged = withAnswer(
        store,
        'read',
        async (addresses: ReadonlyArray<number>, blocks) =>
          (blocks as ReadonlyArray<Uint8Array>).map((bytes, i) =>
            addresses[i] === one!.address
              ? second
              : addresses[i] === other!.address
                ? first
                : bytes,
          ),
      );
      const where = (await faultsOf(exchanged)).map((fault) => fault.where);
      expect(where).toEqual(expect.arrayContaining([one!.address, other!.address]));
    });

    it('finds a count that is wrong under a right checksum', async () => {
      const { address } = (await nodes()).find(({ level }) => level > 0)!;
      const store = withBytes(address, (bytes) => {
        const node = decodeNode(bytes, address);
        if (node.kind === 'leaf') throw new Error('Expected a branch');
        const counts = Float64Array.from(node.counts, (count, i) => (i === 0 ? count + 1 : count));
        return encodeNode({ ...node, counts }, address);
      });
      expect(await faultsOf(store)).toContainEqual(expect.objectContaining({ where: address }));
    });

    it('finds a row that one index has and the others have not, under right checksums', async () => {
      const { address } = (await leaves()).find(
        ({ era, order }) => era === 'current' && order === 'aevt',
      )!;
      const { store } = database;
      const [bytes] = await store.read([address]);
      const { keys } = decodeNode(bytes!, address);
      const shorter = encodeNode({ kind: 'leaf', keys: keys.slice(1, keys.length) }, address);
      const forged = withBytes(address, () => shorter);
      expect(await faultsOf(forged)).not.toEqual([]);
    });

    it('finds a transaction that is missing, and one that says something else', async () => {
      const { store, connection } = database;
      const tx = connection.db().maxTx - 30;
      const missing = withAnswer(store, 'readLog', async (_branch, segments) =>
        (segments as ReadonlyArray<StoredSegment>).filter((segment) => segment.tx !== tx),
      );
      expect(await faultsOf(missing)).toContainEqual(
        expect.objectContaining({ what: 'segment', where: tx + 1 }),
      );
      const forged = withAnswer(store, 'readLog', (_branch, segments) =>
        Promise.all(
          (segments as ReadonlyArray<StoredSegment>).map(async (each) => {
            if (each.tx !== tx) return each;
            const { commit, ...segment } = await run(readSegment(each.bytes));
            const changes = segment.changes.slice(0, -1);
            const bytes = await run(encodeSegment({ ...segment, changes }));
            return { tx, bytes: withCommit(bytes, commit!) };
          }),
        ),
      );
      expect(await faultsOf(forged)).toContainEqual(
        expect.objectContaining({ what: 'index', why: expect.stringContaining('log') as string }),
      );
    });
  });
}

/** A store that answers one question otherwise. */
function withAnswer<T>(
  store: Store,
  method: 'read' | 'readLog',
  change: (first: T, answer: unknown) => Promise<unknown>,
): Store {
  return new Proxy(store, {
    get(of, key) {
      const own: unknown = Reflect.get(of, key, of);
      if (typeof own !== 'function') return own;
      if (key !== method) return own.bind(of) as unknown;
      return async (...args: unknown[]) =>
        change(args[0] as T, await (Reflect.apply(own, of, args) as Promise<unknown>));
    },
  });
}
