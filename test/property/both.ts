/** The engine and the model side by side: the same transactions go to both. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type {
  DatabaseConfig,
  Db,
  EdnData,
  EdnMap,
  StoreHost,
  TxReport,
} from '../../engine/index.ts';
import { DatabaseError, emptyDb, run, transact } from '../../engine/index.ts';
import type { ModelDb } from '../model/facts.ts';
import { TX0, emptyModel } from '../model/facts.ts';
import { registerFunctions } from '../model/functions.ts';
import type { World } from '../model/generate-schemas.ts';
import { declaration } from '../model/generate-schemas.ts';
import type { Step } from '../model/generate-transactions.ts';
import { Refusal } from '../model/refusal.ts';
import { transactModel } from '../model/transact.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import { textOfDatom, textOfFact } from './comparison.ts';

registerFunctions();

/** What the engine's side has to do: a stored database, or one value after the other. */
interface Subject {
  readonly db: Db;
  transact(forms: ReadonlyArray<EdnData>, now: Date, meta: EdnMap): Promise<TxReport>;
}

export interface Both<S extends Subject = StoredDatabase> {
  readonly database: S;
  readonly model: ModelDb;
}

/** Both sides after the transaction that declares the attributes. */
export async function start(world: World, host?: StoreHost, name?: string): Promise<Both> {
  return begin(await StoredDatabase.create(world.config, host, name), world);
}

/** The same with a database that is in memory only. */
export async function startInMemory(world: World): Promise<Both<ValueInMemory>> {
  return begin(new ValueInMemory(world.config), world);
}

async function begin<S extends Subject>(database: S, world: World): Promise<Both<S>> {
  const both = { database, model: emptyModel(world.config) };
  return transactBoth(both, { forms: declaration(world), meta: new Map() });
}

export class ValueInMemory {
  db: Db;

  constructor(config: DatabaseConfig) {
    this.db = emptyDb(config);
  }

  async transact(txData: ReadonlyArray<EdnData>, now: Date, txMeta: EdnMap): Promise<TxReport> {
    const report = await run(transact(this.db, { txData, txMeta, now }));
    this.db = report.dbAfter;
    return report;
  }
}

/** Transacts on both sides; a refusal has to be of the same kind on both. */
export async function transactBoth<S extends Subject>(
  { database, model }: Both<S>,
  { forms, meta }: Step,
): Promise<Both<S>> {
  const now = instantOf(model.maxTx - TX0);
  const wanted = attempt(() => transactModel(model, forms, now, meta));
  const got = await database.transact(forms, now, meta).catch(kindOf);
  if (typeof wanted === 'string' || typeof got === 'string') {
    expect(typeof got === 'string' ? got : 'no refusal').toBe(
      typeof wanted === 'string' ? wanted : 'no refusal',
    );
    return { database, model };
  }
  // What ends an entity has no order of its own.
  expect(got.txData.map(textOfDatom).sort()).toEqual(wanted.facts.map(textOfFact).sort());
  expect(got.dbAfter.maxEid).toBe(wanted.after.maxEid);
  expect(got.dbAfter.maxTx).toBe(wanted.after.maxTx);
  for (const [tempid, entity] of wanted.tempids) expect(got.tempids.get(tempid)).toBe(entity);
  return { database, model: wanted.after };
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) return error.kind;
    throw error;
  }
}

function kindOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.kind ?? error.code;
  throw error;
}

const instantOf = (step: number): Date => new Date(Date.UTC(2020, 0, 1) + step * 1_000);

/** What is done with a database between two transactions. */
export const treatments = fc.constantFrom(
  'nothing',
  'nothing',
  'fold',
  'fold',
  'fold all but one',
  'rebase the reader',
  'restart',
);

export async function treat(database: StoredDatabase, treatment: string): Promise<void> {
  if (treatment === 'fold') await database.fold();
  if (treatment === 'fold all but one' && database.db.maxTx > database.db.indexedTx + 1)
    await database.fold(1);
  if (treatment === 'rebase the reader') await database.rebaseReader();
  if (treatment === 'restart') await database.restart();
}
