/**
 * A bus within one process, and the reference for the others. It misses nothing, so `onGap` is never called.
 */
import type { Bus } from './bus.ts';
import { Listeners } from './listeners.ts';

export function createMemoryBus(): Bus {
  const listeners = new Listeners();
  return {
    isConnected: true,
    async announce(announcement) {
      // Later, as with every other bus: the writer has finished its step before a reader takes its own.
      queueMicrotask(() =>
        listeners.deliver(channelOf(announcement.database, announcement.branch), announcement),
      );
    },
    async listen(database, branch, onRoot, onGap) {
      const channel = channelOf(database, branch);
      const listener = { onRoot, onGap };
      listeners.add(channel, listener);
      return async () => {
        listeners.remove(channel, listener);
      };
    },
    async close() {
      listeners.clear();
    },
  };
}

function channelOf(database: string, branch: string): string {
  return JSON.stringify([database, branch]);
}
