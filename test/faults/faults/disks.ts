/** Disks without room: a folder of PostgreSQL is moved to a small file system in memory, which is filled while clients write. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atExit } from '../../support/clean-up.ts';
import { runCommand } from '../../support/our-process.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { NotPossibleHere, RECOVERY_MS, asSuperuser } from '../fault.ts';

export const DISK_FAULTS: Faults = {
  'full-disk': {
    what: 'there is no room for the tables of PostgreSQL, and then there is again',
    inject: (context) =>
      onSmallDisk(context, 'base', async (disk) => {
        const refused = refusedSoFar(context);
        disk.fill();
        await until(() => refusedSoFar(context) > refused + 20, 'transactions to be refused');
        disk.free();
      }),
  },
  'full-log-disk': {
    what: 'there is no room for the log of PostgreSQL, which ends of it, and then there is again',
    inject: (context) =>
      onSmallDisk(context, 'pg_wal', async (disk) => {
        disk.fill();
        const endMs = performance.now() + RECOVERY_MS;
        // What has been set aside is used up sooner so.
        let files = 0;
        while ((await canSwitch(context)) && performance.now() < endMs) files++;
        context.note(`PostgreSQL went down after ${files} more files of its log`);
        disk.free();
        await context.cluster.postgres.end('SIGINT');
        await context.cluster.postgres.start();
      }),
  },
};

interface SmallDisk {
  /** Takes all the room there is. */
  fill(): void;
  free(): void;
}

/** Does the harm, waits until clients are acknowledged something again on that disk, and moves the folder back. */
async function onSmallDisk(
  context: FaultContext,
  name: string,
  harm: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const { postgres } = context.cluster;
  const folder = join(await dataFolder(context), name);
  const aside = `${folder}-aside`;
  await postgres.end('SIGINT');
  renameSync(folder, aside);
  const { uid, gid } = statSync(aside);
  mkdirSync(folder);
  const unmount = (): void => void spawnSync('umount', [folder]);
  const forget = atExit(unmount);
  const options = `size=${ROOM_BYTES},uid=${uid},gid=${gid},mode=0700`;
  const isMounted = await runCommand('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).then(
    () => true,
    () => false,
  );
  try {
    if (!isMounted)
      throw new NotPossibleHere(
        'a small disk is mounted by root with the right to, who we are not',
      );
    await copyAll(aside, folder);
    await postgres.start();
    await acknowledged(context);
    await harm(diskAt(folder));
    await acknowledged(context);
  } finally {
    if (isMounted) {
      await postgres.end('SIGINT');
      rmSync(aside, { recursive: true });
      mkdirSync(aside, { mode: 0o700 });
      await copyAll(folder, aside);
      spawnSync('chown', [`${uid}:${gid}`, aside]);
      unmount();
    }
    forget();
    rmSync(folder, { recursive: true });
    renameSync(aside, folder);
    await postgres.start();
  }
}

const ROOM_BYTES = 384 * 2 ** 20;

function diskAt(folder: string): SmallDisk {
  const file = join(folder, 'ballast');
  return {
    fill() {
      const ballast = openSync(file, 'w');
      for (const size of [2 ** 20, 2 ** 12]) while (hasWritten(ballast, size)) continue;
      closeSync(ballast);
    },
    free: () => rmSync(file),
  };
}

function hasWritten(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size, 1)) === size;
  } catch {
    return false;
  }
}

function copyAll(from: string, to: string): Promise<string> {
  return runCommand('cp', ['-a', `${from}/.`, to]);
}

async function dataFolder({ cluster }: FaultContext): Promise<string> {
  let folder = '';
  await asSuperuser(cluster, async (client) => {
    const { rows } = await client.query<{ readonly data_directory: string }>('SHOW data_directory');
    folder = rows[0]!.data_directory;
  });
  return folder;
}

/** Whether the server could begin another file of its log. */
async function canSwitch({ cluster }: FaultContext): Promise<boolean> {
  try {
    await asSuperuser(cluster, async (client) => {
      await client.query(`SELECT pg_logical_emit_message(false, 'faults', 'x'), pg_switch_wal()`);
    });
    return true;
  } catch {
    return false;
  }
}

function refusedSoFar({ clients }: FaultContext): number {
  return clients.reduce((sum, client) => sum + client.count('failed'), 0);
}

/** Resolves when every client was acknowledged something more. */
async function acknowledged({ clients }: FaultContext): Promise<void> {
  const before = clients.map((client) => client.acknowledged);
  const isSo = (): boolean => clients.every((client, i) => client.acknowledged > before[i]!);
  await until(isSo, 'every client to be acknowledged something');
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const from = performance.now(); !isSo(); await wait(20))
    if (performance.now() - from > RECOVERY_MS)
      throw new Error(`Expected ${what} within ${RECOVERY_MS} ms`);
}
