/** All that a database value says, as a few letters that can be compared with those of another process or another time. */
import { createHash } from 'node:crypto';
import type { Connection } from '../../services/index.ts';
import { datoms, history, printEdn, q } from '../../engine/index.ts';

type Db = ReturnType<Connection['db']>;

/** How many rows the indices hold, and a hash of them: of the facts of now in each order, and of all that ever were. */
export async function contentsOf(db: Db): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  for (const [view, order] of [
    [db, 'eavt'],
    [db, 'aevt'],
    [db, 'avet'],
    [history(db), 'eavt'],
  ] as const)
    for await (const { e, a, v, tx, added } of datoms(view, order)) {
      hash.update(`${e} ${a} ${printEdn(v)} ${tx} ${added}\n`);
      count++;
    }
  return `${count} rows ${hash.digest('hex').slice(0, 16)}`;
}

/** The ids of all notes, those that are there twice as well. */
export async function readNotes(db: Db): Promise<string[]> {
  const rows = (await q('[:find ?e ?id :where [?e :note/id ?id]]', db)) as ReadonlyArray<
    readonly [number, string]
  >;
  return rows.map(([, id]) => id);
}

/** The same of the notes alone, which a query finds. */
export async function notesOf(db: Db): Promise<string> {
  const notes = await readNotes(db);
  const hash = createHash('sha256').update(notes.sort().join());
  return `${notes.length} notes ${hash.digest('hex').slice(0, 16)}`;
}
