/** The commands that look after what is stored. They end with 0, or with 1 and lines on standard error that say why. */
import type { Config } from '../config/config.ts';
import type { Amount } from '../services/maintenance/collect.ts';
import { collectNodes } from '../services/maintenance/collect.ts';
import { runCommand, say } from './migrate.ts';

const DAY_MS = 86_400_000;

export function runCollect(readConfig: () => Config, database: string): Promise<void> {
  return runCommand(readConfig, async ({ host }, { collect: { retainDays } }) => {
    const store = await host.open(database);
    try {
      const report = await collectNodes(store, { retainMs: retainDays * DAY_MS });
      const { kept, freed, unfinished, oldestRetained, durationMs } = report;
      say(`Freed ${shown(freed)} of ${database}, ${shown(unfinished)} of them never named`);
      say(`Kept ${shown(kept)}`);
      if (oldestRetained !== undefined) {
        const { tx, replacedAt } = oldestRetained;
        say(`Trees back to transaction ${tx} are kept, replaced at ${replacedAt.toISOString()}`);
      }
      say(`Took ${durationMs.toLocaleString('en')} ms`);
    } finally {
      await store.close();
    }
  });
}

function shown({ nodes, bytes }: Amount): string {
  return `${nodes.toLocaleString('en')} nodes with ${bytes.toLocaleString('en')} bytes`;
}
