/** The engine and the model side by side: the same transactions go to both. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { EdnData } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { ModelAttribute, ModelDb } from '../model/facts.ts';
import { FIRST_TX, emptyModel } from '../model/facts.ts';
import { declaration } from '../model/generate.ts';
import { transactModel } from '../model/transact.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import { textOfDatom, textOfFact } from './comparison.ts';

export interface Both {
  readonly database: StoredDatabase;
  readonly model: ModelDb;
}

/** Both sides after the transaction that declares the attributes. */
export async function start(attributes: ReadonlyArray<ModelAttribute>): Promise<Both> {
  const both = { database: await StoredDatabase.create(), model: emptyModel(attributes) };
  return transactBoth(both, declaration(attributes));
}

/** Transacts on both sides; a refusal has to have the same code on both. */
export async function transactBoth(
  { database, model }: Both,
  forms: ReadonlyArray<EdnData>,
): Promise<Both> {
  const now = instantOf(model.maxTx - FIRST_TX + 1);
  const wanted = attempt(() => transactModel(model, forms, now));
  const got = await database.transact(forms, now).catch(codeOf);
  if (typeof wanted === 'string' || typeof got === 'string') {
    expect(got).toBe(wanted);
    return { database, model };
  }
  // What ends an entity has no order of its own.
  expect(got.txData.map(textOfDatom).sort()).toEqual(wanted.facts.map(textOfFact).sort());
  expect(got.dbAfter.maxEid).toBe(wanted.after.maxEid);
  for (const [tempid, entity] of wanted.tempids) expect(got.tempids.get(tempid)).toBe(entity);
  return { database, model: wanted.after };
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.code;
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
);

export async function treat(database: StoredDatabase, treatment: string): Promise<void> {
  if (treatment === 'fold') await database.fold();
  if (treatment === 'fold all but one' && database.db.maxTx > database.db.indexedTx + 1)
    await database.fold(1);
  if (treatment === 'rebase the reader') await database.rebaseReader();
}
