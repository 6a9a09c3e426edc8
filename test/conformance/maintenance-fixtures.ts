/** What the tests of backup and verification share. */
import type { Db, Store } from '../../engine/index.ts';
import { NodeCache, datoms, history } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import { connect, createMemoryBus } from '../../services/index.ts';
import type { WrittenDatabase } from '../support/written-database.ts';
import { PERSON_SCHEMA, log } from '../support/written-database.ts';

/** Present and history in all indices. */
export async function allRowsOf(db: Db): Promise<string> {
  const rows: unknown[] = [];
  for (const view of [db, history(db)])
    for (const order of ['eavt', 'aevt', 'avet'] as const)
      for await (const { e, attribute, v, tx, added } of datoms(view, order))
        rows.push([order, e, String(attribute), v, tx, added]);
  return JSON.stringify(rows);
}

export function openBranch(store: Store, branch = 'db'): Promise<Connection> {
  const nodeCache = new NodeCache(0);
  return connect({ store, branch, bus: createMemoryBus(), nodeCache, pollIntervalMs: 60_000, log });
}

/** Names that are long enough for trees of several levels, and values that come, change and go. */
export async function fill({ transact }: WrittenDatabase, transactions: number): Promise<void> {
  await transact(PERSON_SCHEMA);
  for (let i = 0; i < transactions; i++) {
    const name = `${i % 23} `.padEnd(700, 'name ');
    await transact([{ 'db/id': 100 + (i % 23), 'person/name': name, 'person/age': i }]);
    if (i % 5 === 4) await transact([[':db/retract', 100 + (i % 23), ':person/age', i]]);
    if (i % 17 === 16) await transact([[':db/retractEntity', 100 + (i % 7)]]);
  }
  await transact('[{:db/ident :person/age :db/index true}]');
  for (let i = 0; i < 12; i++) await transact([{ 'db/id': 200 + i, 'person/age': i }]);
}
