/**
 * Folders that do not outlive the process that makes them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './clean-up.ts';

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'datahike-gateway-'));
  // A server that was just ended may still be writing its last file.
  const removeNow = (): void =>
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  const forget = atExit(removeNow);
  return {
    path,
    remove() {
      forget();
      removeNow();
    },
  };
}
