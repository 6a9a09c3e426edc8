/** The registry of this process: made when somebody first asks, closed when nothing is left to do, or by `close`. */
import { createLog } from '../../shared/log.ts';
import type { OpenedDatabase } from '../live.ts';
import { Registry } from '../registry.ts';
import { peerWriter } from '../http/client.ts';
import { withoutPlaces, writerOf } from './configuration.ts';
import type { ProcessStores } from './process-stores.ts';
import { processStores } from './process-stores.ts';

interface Opened {
  readonly registry: Registry;
  readonly stores: ProcessStores;
}

let opened: Opened | undefined;

function openedByNow(): Opened {
  if (opened !== undefined) return opened;
  const log = createLog({ level: 'error' });
  const stores = processStores(log);
  const registry = new Registry({
    stores,
    log,
    givesHandles: false,
    writerOf: ({ config }: OpenedDatabase) => {
      const peer = writerOf(config);
      return peer && peerWriter(peer, withoutPlaces(config));
    },
  });
  process.once('beforeExit', closeQuietly);
  return (opened = { registry, stores });
}

export function registryOfProcess(): Registry {
  return openedByNow().registry;
}

export function storesOfProcess(): ProcessStores {
  return openedByNow().stores;
}

/** Closes it, with all stores that it opened. */
export async function close(): Promise<void> {
  const closing = opened;
  if (closing === undefined) return;
  opened = undefined;
  process.removeListener('beforeExit', closeQuietly);
  await closing.registry.close();
  await closing.stores.close();
}

function closeQuietly(): void {
  close().catch(() => undefined);
}
