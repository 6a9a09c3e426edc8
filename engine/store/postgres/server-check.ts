/**
 * Whether a server keeps what it confirms, as far as its settings tell.
 */
import { DatabaseError } from '../../../schema/error.ts';
import type { Connections } from './connections.ts';

/** What to do about a server that may lose commits which it confirmed. */
export type Durability = 'required' | 'warn';

interface ServerRow {
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly full_page_writes: string;
  readonly [column: string]: unknown;
}

/**
 * Looks at the settings of the server; `onWarning` hears what would be refused where durability is required.
 *
 * @throws BAD_CONFIG where a crash of the server may lose commits and durability is required
 */
export async function checkDurability(
  connections: Connections,
  durability: Durability,
  onWarning: (message: string) => void,
): Promise<void> {
  const { rows } = await connections.query<ServerRow>({
    text: `SELECT current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('full_page_writes') AS full_page_writes`,
  });
  const lax = Object.entries(rows[0] ?? {}).filter(([, value]) => value === 'off');
  if (lax.length === 0) return;
  const names = lax.map(([name]) => `${name} = off`).join(', ');
  const message = `PostgreSQL has ${names}: a crash of its machine can lose commits that were confirmed`;
  if (durability === 'warn') {
    onWarning(message);
    return;
  }
  throw new DatabaseError(
    'BAD_CONFIG',
    `${message}; expected it to be on, for this user at least, or store.durability to be warn`,
    { data: Object.fromEntries(lax) },
  );
}
