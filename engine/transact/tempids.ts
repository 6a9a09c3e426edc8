/**
 * Negative numbers and strings that stand for entities of one transaction. Where a tempid was given a new entity and turns out to stand for
 * one that exists, the transaction starts again with what was learned; the other tempids keep the entities that they had.
 */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData } from '../../schema/value.ts';
import { txError } from './tx-error.ts';

/** What earlier tries of a transaction found out. */
export interface LearnedTempids {
  /** Those that stand for entities which exist. */
  readonly existing: ReadonlyMap<EdnData, number>;
  /** What all of them were given. */
  readonly given: ReadonlyMap<EdnData, number>;
}

export const NOTHING_LEARNED: LearnedTempids = { existing: new Map(), given: new Map() };

/** A tempid turned out to be an entity that exists. */
export class TempidResolved extends Error {
  readonly learned: LearnedTempids;

  constructor(learned: LearnedTempids) {
    super('A tempid stands for an entity that exists');
    this.learned = learned;
  }
}

export class Tempids {
  readonly #learned: LearnedTempids;
  readonly #entities = new Map<EdnData, number>();
  readonly #maxEidBefore: number;

  constructor(learned: LearnedTempids, maxEidBefore: number) {
    this.#learned = learned;
    this.#maxEidBefore = maxEidBefore;
  }

  /** Those that were used, and what they stand for. */
  get used(): Map<EdnData, number> {
    return this.#entities;
  }

  /** What a tempid stands for, as far as it is known. */
  entityOf(tempid: EdnData): number | undefined {
    return this.#entities.get(tempid) ?? this.#learned.given.get(tempid);
  }

  use(tempid: EdnData, entity: number): void {
    this.#entities.set(tempid, entity);
  }

  /**
   * A tempid stands for an entity that an identity found.
   *
   * @throws TempidResolved where it was taken for another one before, UPSERT_CONFLICT where that one was found by an identity, too
   */
  bind(tempid: EdnData, entity: number): void {
    const known = this.entityOf(tempid);
    if (known === undefined || known === entity) {
      this.#entities.set(tempid, entity);
      return;
    }
    if (this.#learned.existing.has(tempid) || known <= this.#maxEidBefore)
      throw txError(
        'transact/upsert',
        `Conflicting upsert: ${printEdn(tempid)} resolves both to ${known} and ${entity}`,
        { tempid, entities: [known, entity] },
        'UPSERT_CONFLICT',
      );
    throw new TempidResolved({
      existing: new Map([...this.#learned.existing, [tempid, entity]]),
      given: new Map([...this.#learned.given, ...this.#entities, [tempid, entity]]),
    });
  }
}

/** Names of the entity of the transaction itself. */
export function isCurrentTx(id: EdnData): boolean {
  return id === DB.currentTx || (typeof id === 'string' && CURRENT_TX_TEXTS.has(id));
}

const CURRENT_TX_TEXTS = new Set([':db/current-tx', 'datomic.tx', 'datahike.tx']);

/** Negative numbers and strings stand for entities of the transaction. */
export function isTempid(id: EdnData): boolean {
  return typeof id === 'string' || (typeof id === 'number' && id < 0);
}
