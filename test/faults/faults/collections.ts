/** Collections beside writers and readers: nothing that anybody needs may go. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MAIN_BRANCH, asOf, datoms } from '../../../engine/index.ts';
import type { Connection, Storage } from '../../../services/index.ts';
import {
  closeStorage,
  collectNodes,
  createBranch,
  deleteBranch,
  openDatabase,
} from '../../../services/index.ts';
import { runCommand } from '../../support/our-process.ts';
import { openClientStorage, writeHere } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import { DATABASE, signal } from '../cluster.ts';
import { contentsOf, notesOf } from '../contents.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { OUTLASTING_MS, RECOVERY_MS, leaderSeat } from '../fault.ts';
import { countedReadings, readMore, startReader, wrongReadings } from '../readings.ts';

export const COLLECTION_FAULTS: Faults = {
  collect: {
    what: 'collections one after the other and two at once, while trees are replaced, branches come and go, writers die, and somebody reads slowly',
    inject: collectBeside,
  },
  'sleeping-reader': {
    what: 'a process that reads is paused for longer than its reader lease, while what it reads is collected',
    inject: collectBesideSleeper,
  },
};

/** Trees are replaced so often, so many collections end, nodes are freed, and branches end, before it is enough. */
const ENOUGH = { folds: 4, collections: 10, freed: 1, branches: 1 };
/** On a machine that is busy otherwise there may be less, but not none. */
const LIMIT_MS = 15_000;
/** A slow reader rests after so many rows, and forgets the nodes that it has. */
const ROWS_PER_REST = 1_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What several go by that go on until all of it was often enough. */
class Progress {
  folds = 0;
  collections = 0;
  freed = 0;
  branches = 0;
  readings = 0;
  readonly #enough: typeof ENOUGH;
  #isHarmed = false;
  readonly #startMs = performance.now();

  constructor(enough: typeof ENOUGH) {
    this.#enough = enough;
  }

  harmed(): void {
    this.#isHarmed = true;
  }

  /** Resolves when so many collections more have ended. */
  async collected(count: number): Promise<void> {
    const wanted = this.collections + count;
    while (this.collections < wanted && !this.isOver) await wait(10);
  }

  get isOver(): boolean {
    const { folds, collections, freed, branches } = this.#enough;
    const isEnough =
      this.#isHarmed &&
      this.folds >= folds &&
      this.collections >= collections &&
      this.freed >= freed &&
      this.branches >= branches;
    const isSome = this.folds > 0 && this.collections > 0;
    const limitMs = isSome ? LIMIT_MS : 2 * RECOVERY_MS;
    return isEnough || performance.now() - this.#startMs > limitMs;
  }
}

async function collectBeside(context: FaultContext): Promise<void> {
  const { cluster, note, violated } = context;
  const storage = await openClientStorage(cluster, cluster.directUrl);
  try {
    const connection = await openDatabase(storage, DATABASE);
    const old = connection.db();
    const before = await contentsOf(old);
    const progress = new Progress(ENOUGH);
    await Promise.all([
      watchFolds(connection, progress),
      collectHere(connection, progress),
      collectByCommand(cluster, progress),
      branchAndDelete(storage, connection, context, progress),
      readSlowly(connection, old, context, progress),
      harmWriters(context, progress),
    ]);
    connection.nodes.clear();
    const after = await contentsOf(old);
    if (after !== before) violated(`an old value had ${before}, and has ${after}`);
    if (progress.folds === 0 || progress.collections === 0)
      violated(
        `${progress.folds} folds and ${progress.collections} collections in ${2 * RECOVERY_MS} ms`,
      );
    note(
      `${progress.collections} collections freed ${progress.freed} nodes of ${progress.folds} folds, ${progress.branches} branches came and went, ${progress.readings} readings of an old value`,
    );
    await connection.release();
  } finally {
    await closeStorage(storage);
  }
}

const SLEEPER_LEASE_MS = 600;

async function collectBesideSleeper(context: FaultContext): Promise<void> {
  const { cluster, random, note, violated } = context;
  const storage = await openClientStorage(cluster, cluster.directUrl);
  const reader = await startReader(cluster, { leaseMs: SLEEPER_LEASE_MS });
  try {
    const connection = await openDatabase(storage, DATABASE);
    await readMore(reader, 2, RECOVERY_MS);
    // In the middle of a reading, or between two.
    await wait(random.between(0, 200));
    signal(reader, 'SIGSTOP');
    await wait(2 * SLEEPER_LEASE_MS);
    const progress = new Progress({ folds: 2, collections: 2, freed: 10, branches: 0 });
    progress.harmed();
    await Promise.all([watchFolds(connection, progress), collectHere(connection, progress)]);
    signal(reader, 'SIGCONT');
    await readMore(reader, 3, RECOVERY_MS);
    for (const each of await wrongReadings(reader, connection)) violated(`the reader said ${each}`);
    const { freed, folds } = progress;
    const said = [...countedReadings(reader)].map(([what, count]) => `${what} ${count}`);
    note(`${freed} nodes of ${folds} folds freed meanwhile, the reader said ${said.join(', ')}`);
    await connection.release();
  } finally {
    signal(reader, 'SIGCONT');
    await reader.end('SIGKILL');
    await closeStorage(storage);
  }
}

async function watchFolds(connection: Connection, progress: Progress): Promise<void> {
  for (let last = connection.db().indexedTx; !progress.isOver; await wait(20)) {
    const { indexedTx } = connection.db();
    if (indexedTx !== last) progress.folds++;
    last = indexedTx;
  }
}

async function collectHere({ store }: Connection, progress: Progress): Promise<void> {
  while (!progress.isOver) {
    // So that this process lets go of what nobody in it needs.
    collectGarbage();
    for (let i = 0; i < 5 && !progress.isOver; i++) {
      const { freed } = await collectNodes(store);
      progress.collections++;
      progress.freed += freed.nodes;
      await wait(20);
    }
  }
}

/** Beside those of this process, and every other one is killed on its way. */
async function collectByCommand(cluster: Cluster, progress: Progress): Promise<void> {
  const command = [process.execPath, cluster.programs.gateway, 'collect', DATABASE] as const;
  const env = { ...cluster.environment(), DATAHIKE_GATEWAY_COLLECT_RETAIN_DAYS: '0' };
  for (let i = 0; !progress.isOver; i++) {
    if (i % 2 === 0) {
      await runCommand(command[0], command.slice(1), env);
      progress.collections++;
    } else
      await runCommand('timeout', ['--signal=KILL', '0.4', ...command], env).catch(() => undefined);
  }
}

/** What a branch has is what its origin had, while it is there and for whoever still has a value of it afterwards. */
async function branchAndDelete(
  storage: Storage,
  main: Connection,
  { violated }: FaultContext,
  progress: Progress,
): Promise<void> {
  while (!progress.isOver) {
    const name = `tried-${randomUUID().slice(0, 8)}`;
    await createBranch(main, MAIN_BRANCH, name);
    const fork = await openDatabase(storage, DATABASE, name);
    const db = fork.db();
    const wanted = await notesOf(asOf(await main.sync(db.maxTx), db.maxTx));
    await writeHere(storage, fork, 5);
    const written = fork.db();
    const contents = await contentsOf(written);
    await deleteBranch(main, name);
    await progress.collected(2);
    fork.nodes.clear();
    if ((await notesOf(db)) !== wanted)
      violated(`the branch ${name} had other notes than its origin`);
    if ((await contentsOf(written)) !== contents)
      violated(`what was read of the branch ${name} is another thing after it was deleted`);
    await fork.release();
    progress.branches++;
  }
}

/** From end to end again and again, with rests in the middle, and with nodes that were read before the rest gone from memory. */
async function readSlowly(
  { nodes }: Connection,
  old: ReturnType<Connection['db']>,
  { violated }: FaultContext,
  progress: Progress,
): Promise<void> {
  const rest = async (): Promise<void> => {
    nodes.clear();
    await wait(20);
  };
  const count = async (): Promise<number> => {
    let rows = 0;
    for await (const { e } of datoms(old, 'eavt')) {
      rows += e > 0 ? 1 : 0;
      if (rows % ROWS_PER_REST === 0 && !progress.isOver) await rest();
    }
    await rest();
    return rows;
  };
  const wanted = await count();
  while (!progress.isOver) {
    const found = await count();
    if (found !== wanted) violated(`an old value had ${wanted} rows, and then ${found}`);
    progress.readings++;
  }
}

async function harmWriters(context: FaultContext, progress: Progress): Promise<void> {
  const { random } = context;
  await wait(random.between(200, 1_500));
  signal((await leaderSeat(context)).process, 'SIGKILL');
  await wait(random.between(1_500, 2_500));
  const { process: paused } = await leaderSeat(context);
  signal(paused, 'SIGSTOP');
  await wait(OUTLASTING_MS + random.between(0, 500));
  signal(paused, 'SIGCONT');
  progress.harmed();
}
