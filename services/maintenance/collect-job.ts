/** Collecting again and again, in the process of a writer. */
import type { Store } from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';
import type { CollectReport } from './collect.ts';
import { collectNodes } from './collect.ts';

export interface CollectJobOptions {
  readonly store: Store;
  /** How long after the end of one collection the next one begins. */
  readonly intervalMs: number;
  /** Trees that were replaced less than so long ago are kept. */
  readonly retainMs: number;
  /** Whether it is for this process to collect; asked before each collection. By default it is. */
  readonly isOurs?: () => boolean;
  readonly log: Log;
}

export interface CollectJob {
  /** Ends the job, and a collection that is under way. */
  stop(): Promise<void>;
}

/** Collects at intervals until it is stopped. A collection that fails is logged, and the next one tries again. */
export function startCollectJob({
  store,
  intervalMs,
  retainMs,
  isOurs = () => true,
  log,
}: CollectJobOptions): CollectJob {
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const collect = async (): Promise<void> => {
    try {
      log.info(eventOf(store, await collectNodes(store, { retainMs, signal: abort.signal })));
    } catch (error) {
      if (!abort.signal.aborted)
        log.error({ event: 'collection failed', database: store.id, error });
    }
    plan();
  };
  const plan = (): void => {
    if (abort.signal.aborted) return;
    timer = setTimeout(() => {
      if (isOurs()) running = collect();
      else plan();
    }, intervalMs);
    timer.unref();
  };
  plan();
  return {
    async stop() {
      abort.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

function eventOf(
  store: Store,
  { kept, freed, unfinished, oldestRetained, durationMs }: CollectReport,
): Parameters<Log['info']>[0] {
  return {
    event: 'collection done',
    database: store.id,
    keptNodes: kept.nodes,
    keptBytes: kept.bytes,
    freedNodes: freed.nodes,
    freedBytes: freed.bytes,
    unfinishedNodes: unfinished.nodes,
    oldestRetained: oldestRetained?.replacedAt.toISOString(),
    durationMs,
  };
}
