/** Making databases. */
import { randomUUID } from 'node:crypto';
import type { DatabaseConfig, StoreHost } from '../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  DatabaseError,
  MAIN_BRANCH,
  firstCommit,
} from '../../engine/index.ts';

/**
 * Makes an empty database.
 *
 * @throws DATABASE_EXISTS
 */
export async function createDatabase(
  host: StoreHost,
  name: string,
  config: DatabaseConfig = DEFAULT_DATABASE_CONFIG,
): Promise<void> {
  const store = await host.create(name);
  try {
    const isCommitted = await store.commit({
      branch: MAIN_BRANCH,
      expectedVersion: 0,
      epoch: 0,
      ...firstCommit(config, randomUUID()),
    });
    if (!isCommitted)
      throw new DatabaseError(
        'DATABASE_EXISTS',
        `Database ${name} was made by another process at the same time`,
      );
  } finally {
    await store.close();
  }
}
