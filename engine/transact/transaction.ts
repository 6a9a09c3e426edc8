/**
 * One transaction while it is applied: the database as it is so far, the ids given out, and what was asserted and retracted. Forms are
 * applied one after the other, each seeing what the ones before it did, as in Datahike.
 */
import { DB, isReserved } from '../../schema/bootstrap.ts';
import type { Attribute } from '../../schema/attribute.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { attributeIdent, attributeNumber } from '../datom/attribute-number.ts';
import { Datom, MAX_ID, TX0 } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import { EvolvingDb } from '../db/evolving-db.ts';
import { datomsWith, entityWith } from '../db/lookup.ts';
import type { SettledDb } from '../db/scan.ts';
import { conform } from '../db/value-check.ts';
import type { Change } from '../novelty/change.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { txError, undeclaredAttribute } from './tx-error.ts';

/** A tempid turned out to be an entity that exists: the transaction starts again with what was learned. */
export class TempidResolved extends Error {
  readonly tempid: EdnData;
  readonly entity: number;

  constructor(tempid: EdnData, entity: number) {
    super(`A tempid stands for entity ${entity}`);
    this.tempid = tempid;
    this.entity = entity;
  }
}

/** About a millisecond of work. */
const CHANGES_PER_PAUSE = 128;

export class Transaction {
  readonly tx: number;
  readonly txData: Datom[] = [];
  readonly changes: Change[] = [];
  readonly tempids = new Map<EdnData, number>();
  maxEid: number;

  readonly #before: SettledDb;
  readonly #learned: ReadonlyMap<EdnData, number>;
  readonly #evolving: EvolvingDb<SettledDb>;

  /** `learned`: tempids that an earlier try found to be entities that exist. */
  constructor(before: SettledDb, learned: ReadonlyMap<EdnData, number>) {
    this.#before = before;
    this.#learned = learned;
    this.tx = before.maxTx + 1;
    this.maxEid = before.maxEid;
    this.#evolving = new EvolvingDb(before, this.tx);
  }

  /** The database as it is so far; changes with every assertion. */
  get db(): SettledDb {
    return this.#evolving.db;
  }

  /** The database after the transaction, as a value. */
  finish(): SettledDb {
    return this.#evolving.seal(this.maxEid);
  }

  /** The attribute, or undefined where none is declared and the database does not ask for it. */
  attribute(ident: Keyword, form: EdnData): Attribute | undefined {
    const attribute = this.#evolving.attribute(attributeNumber(ident));
    if (attribute === undefined && this.isStrict)
      throw undeclaredAttribute(ident, form, this.db.schema.idents);
    return attribute;
  }

  /** Whether attributes must be declared and values have to fit their types. */
  get isStrict(): boolean {
    return this.#before.config.schemaFlexibility === 'write';
  }

  /** The value as it is stored, undefined where it does not fit. A database that is not strict takes any data, its own attributes aside. */
  conform(value: EdnData, attribute: Attribute | undefined): Value | undefined {
    const v = conform(value, attribute?.valueType, attribute?.tuple);
    const takesAny = !this.isStrict && attribute !== undefined && !isReserved(attribute.ident);
    return v === undefined && takesAny ? conform(value, undefined) : v;
  }

  newEntity(): number {
    if (this.maxEid >= TX0 - 1) throw txError('transact/ids', `No entity id below ${TX0} is left`);
    return ++this.maxEid;
  }

  /** The entity that a tempid stands for; a new one at its first mention. */
  entityOfTempid(tempid: EdnData): number {
    let entity = this.tempids.get(tempid);
    if (entity === undefined) {
      entity = this.#learned.get(tempid) ?? this.newEntity();
      this.tempids.set(tempid, entity);
    }
    return entity;
  }

  /**
   * A tempid stands for an entity that exists. Where it was taken for a new one before, the transaction has to start again.
   */
  bindTempid(tempid: EdnData, entity: number): void {
    const known = this.tempids.get(tempid) ?? this.#learned.get(tempid);
    if (known === entity || known === undefined) {
      this.tempids.set(tempid, entity);
      return;
    }
    if (this.#learned.has(tempid) || known <= this.#before.maxEid)
      throw txError(
        'transact/upsert',
        `Conflicting upsert: ${printEdn(tempid)} resolves both to ${known} and ${entity}`,
        { tempid, entities: [known, entity] },
        'UPSERT_CONFLICT',
      );
    throw new TempidResolved(tempid, entity);
  }

  /** Takes an id that the caller chose. */
  useEntity(id: EdnData, form: EdnData): number {
    if (typeof id !== 'number' || !Number.isInteger(id) || id <= 0 || id > MAX_ID)
      throw txError(
        'entity-id/syntax',
        `Expected number, string, keyword or lookup ref for :db/id, got ${printEdn(id)} at ${printEdn(form)}: a number is an integer from 1 to ${MAX_ID}`,
        { form },
      );
    this.#raiseMaxEid(id);
    return id;
  }

  /** What holds of an attribute of an entity now, or the one fact with a value. */
  *values(e: number, a: number, v?: Value): Suspended<Datom[]> {
    return this.#isNew(e)
      ? this.#evolving.facts.novelty.eras.current.eavt.added.matching({ e, a, v })
      : yield* datomsWith(this.#evolving.facts, 'eavt', { e, a, v });
  }

  *entityWith(a: number, v: Value): Suspended<number | undefined> {
    return yield* entityWith(this.#evolving.facts, a, v);
  }

  /** Asserts a fact that was checked; what holds already is no change, and the value of a single-valued attribute is replaced. */
  *assert(e: number, ident: Keyword, attribute: Attribute | undefined, v: Value): Suspended<void> {
    const a = attributeNumber(ident);
    const isMany = attribute?.cardinality === 'many';
    const present = yield* this.values(e, a, isMany ? v : undefined);
    if (present.some((datom) => compareValues(datom.v, v) === 0)) return;
    if (attribute?.unique !== undefined) yield* this.#checkUnique(e, a, v);
    if (!isMany) for (const datom of present) this.retract(datom);
    this.#record({ kind: 'assert', datom: new Datom(e, a, v, this.tx, true) });
    if (this.changes.length % CHANGES_PER_PAUSE === 0) yield PAUSE;
  }

  /** Ends a fact that holds. */
  retract(datom: Datom): void {
    const attribute = this.#evolving.attribute(datom.a);
    this.#record({
      kind: 'retract',
      datom: new Datom(datom.e, datom.a, datom.v, this.tx, false),
      assertedTx: datom.tx,
      keepsHistory: this.#before.config.keepHistory && attribute?.noHistory !== true,
    });
  }

  *#checkUnique(e: number, a: number, v: Value): Suspended<void> {
    const holder = yield* this.entityWith(a, v);
    if (holder === undefined || holder === e) return;
    const ident = attributeIdent(a);
    throw txError(
      'transact/unique',
      `Cannot add [${e} ${ident.toString()} ${printEdn(v)}] because of unique constraint: entity ${holder} has this value`,
      { attribute: ident, entity: e, value: v, holder },
      'UNIQUE_CONFLICT',
    );
  }

  #record(change: Change): void {
    const { datom } = change;
    this.#raiseMaxEid(datom.e);
    this.#evolving.apply(change);
    this.changes.push(change);
    this.txData.push(datom);
  }

  /** No datom is of an entity with a larger id, those of transactions aside. */
  #raiseMaxEid(e: number): void {
    if (e > this.maxEid && e < TX0) this.maxEid = e;
  }

  /** Whether no datom of the entity can be in the database before. */
  #isNew(e: number): boolean {
    return e > this.#before.maxEid && e < TX0;
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
