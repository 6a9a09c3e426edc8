/** All that a database value says, as a few letters that can be compared with those of another process or another time. */
import { createHash } from 'node:crypto';
import type { Connection } from '../../services/index.ts';
import { datoms, history, printEdn } from '../../engine/index.ts';

type Db = ReturnType<Connection['db']>;

/** How many rows the indices hold, and a hash of them: of the facts of now by entity and by attribute, and of all that ever were. */
export async function contentsOf(db: Db): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  for (const [view, order] of [
    [db, 'eavt'],
    [db, 'aevt'],
    [history(db), 'eavt'],
  ] as const)
    for await (const { e, a, v, tx, added } of datoms(view, order)) {
      hash.update(`${e} ${a} ${printEdn(v)} ${tx} ${added}\n`);
      count++;
    }
  return `${count} rows ${hash.digest('hex').slice(0, 16)}`;
}
