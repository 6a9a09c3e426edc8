/**
 * Removes from the logs of deleted branches what no fork needs. The last life of a branch always keeps a log, if only with
 * its end in it: that is what stops the late commits of its writers.
 */
import { decodeSegments } from '../segment-list.ts';
import type { BranchLogs } from './branch-logs.ts';
import { eraseFile } from './durable.ts';
import type { LogFrame } from './log-frame.ts';
import { lifeOf, newestOf, type LogName } from './log-name.ts';
import { eraseLeftovers, writeNextGeneration, type FrameChange } from './log-rewrite.ts';
import { commitsOf, encodeForkContent, originsOf } from './logged-commit.ts';
import { folderOf } from './paths.ts';

/** Under the lock of the folder. What a process that died left to do is done as well. */
export async function removeUnneededLogs(logs: BranchLogs): Promise<void> {
  const branches = await logs.names();
  const neededTxByLife = await neededTxs(logs, branches);
  for (const folder of branches.map((branch) => folderOf('branch', branch))) {
    await eraseLeftovers(logs, folder);
    const names = await logs.files(folder);
    const newest = newestOf(names);
    for (const name of names) {
      const neededTx = neededTxByLife.get(lifeOf(name)) ?? -1;
      if (neededTx < 0 && name.life !== newest?.life) await eraseFile(logs.pathOf(name));
      else await removeBehind(logs, name, neededTx, name.life === newest?.life);
    }
  }
}

/** By life the last transaction that a living branch needs of it. */
async function neededTxs(
  logs: BranchLogs,
  branches: ReadonlyArray<string>,
): Promise<ReadonlyMap<string, number>> {
  const neededTxByLife = new Map<string, number>();
  for (const branch of branches) {
    const isThere = (await logs.read(branch, (log) => log.readVersion())) ?? 0;
    if (isThere === 0) continue;
    for (const { log, untilTx } of (await logs.current(branch))?.origins ?? []) {
      neededTxByLife.set(log, Math.max(untilTx, neededTxByLife.get(log) ?? -1));
    }
  }
  return neededTxByLife;
}

async function removeBehind(
  logs: BranchLogs,
  name: LogName,
  tx: number,
  isLastLife: boolean,
): Promise<void> {
  const log = await logs.caughtUp(lifeOf(name));
  if (log?.position.state !== 'ended' || log.keptTx <= tx) return;
  if (isLastLife) await eraseFile(log.rootPath);
  await writeNextGeneration(logs, log, droppingBehind(tx));
}

/** Keeps of a log that has ended the commits up to a transaction, without their records: nobody reads its root. */
function droppingBehind(keptTx: number): FrameChange {
  const none = Buffer.alloc(0);
  let isBehind = false;
  return (frame) => {
    switch (frame.kind) {
      case 'end':
        return { ...frame, indexedTx: keptTx };
      case 'fork':
        return { ...cutFork(frame, keptTx), record: none };
      case 'commit': {
        const firstTx = decodeSegments(frame.segments)[0]?.tx;
        // Those without segments too: versions that follow each other are what makes commits count.
        isBehind ||= firstTx !== undefined && firstTx > keptTx;
        return isBehind ? undefined : { ...frame, record: none };
      }
      default:
        return frame;
    }
  };
}

function cutFork(frame: LogFrame, keptTx: number): LogFrame {
  const commits = commitsOf(frame).filter(({ segments }) => (segments.at(-1)?.tx ?? 0) <= keptTx);
  return { ...frame, ...encodeForkContent({ origins: originsOf(frame), commits }) };
}
