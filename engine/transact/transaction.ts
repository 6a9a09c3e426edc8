/**
 * One transaction while it is applied: the database as it is so far, the ids given out, and what was asserted and retracted. Forms are
 * applied one after the other, each seeing what the ones before it did, as in Datahike.
 */
import { isReserved } from '../../schema/bootstrap.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { Datom, MAX_ID, TX0 } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import { EvolvingDb } from '../db/evolving-db.ts';
import { datomsWith, entityWith } from '../db/lookup.ts';
import type { SettledDb } from '../db/scan.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import { conform, isOtherNumber } from '../db/value-check.ts';
import { datomOf } from '../novelty/change.ts';
import type { Change, PurgedFacts } from '../novelty/change.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { LearnedTempids } from './tempids.ts';
import { Tempids } from './tempids.ts';
import { TupleQueue } from './tuple-queue.ts';
import { taggedDatom, txError } from './tx-error.ts';

/** About a millisecond of work. */
const CHANGES_PER_PAUSE = 128;

interface Holder {
  readonly a: number;
  readonly v: Value;
  readonly e: number | undefined;
}

export class Transaction {
  readonly tx: number;
  readonly before: SettledDb;
  readonly txData: Datom[] = [];
  readonly changes: Change[] = [];
  readonly tempids: Tempids;
  readonly purged: PurgedFacts[] = [];
  /** Composite tuples whose members were written since they were last made. */
  readonly tuples = new TupleQueue();
  /** Earlier transactions whose window of valid time was changed: it is checked at the end. */
  readonly changedWindows: number[] = [];
  maxEid: number;

  /** An entity of which nothing was said before, and what is: nothing else has to be asked for that. At first that of the transaction, then the last that was made. */
  #newest: number;
  #factsOfNewest: Datom[] = [];
  /** Who has the unique value that was asked for last, until something changes: a map asks for its identity, and then whether it is free. */
  #holder: Holder | undefined;
  readonly #hasCaps: boolean;
  readonly #evolving: EvolvingDb;
  readonly #hasTypedNumbers: boolean;

  /** `learned`: what an earlier try found out about tempids. `hasTypedNumbers`: see `TxRequest`. */
  constructor(before: SettledDb, learned: LearnedTempids, hasTypedNumbers: boolean) {
    this.before = before;
    this.#hasTypedNumbers = hasTypedNumbers;
    this.tx = before.maxTx + 1;
    // Somebody may have spoken of transactions to come.
    this.#newest = this.tx > (before.topEntity ?? Infinity) ? this.tx : 0;
    this.maxEid = before.maxEid;
    this.tempids = new Tempids(learned, before.maxEid);
    this.#hasCaps = Object.keys(before.config.lengthCaps).length > 0;
    this.#evolving = new EvolvingDb(before, this.tx);
  }

  /** The database as it is so far; changes with every assertion. */
  get db(): SettledDb {
    return this.#evolving.db;
  }

  /** As {@link db}, for whoever looks at facts alone: its schema may be an earlier one. */
  get facts(): SettledDb {
    return this.#evolving.facts;
  }

  /** The database as it is so far, as a value that stays. */
  snapshot(): SettledDb {
    return this.#evolving.snapshot(this.maxEid);
  }

  /** Brings AVET in step with the schema so far. */
  *reindex(): Suspended<void> {
    this.#holder = undefined;
    yield* this.#evolving.reindex();
  }

  /** The database after the transaction, as a value. */
  *finish(): Suspended<SettledDb> {
    // What a tempid was given is taken, also where nothing but a reference mentions it.
    for (const entity of this.tempids.used.values()) this.#raiseMaxEid(entity);
    return yield* this.#evolving.finish(this.maxEid);
  }

  /** The attribute that a number in a datom stands for. */
  attributeOf(a: number): SchemaAttribute {
    const attribute = this.#evolving.attribute(a);
    if (attribute !== undefined) return attribute;
    const ident = this.db.schema.identOfNumber(a);
    if (ident === undefined)
      throw txError('transact/schema', `No attribute has the entity ${-a}`, { attribute: -a });
    return this.db.schema.undeclared(ident, a);
  }

  /**
   * The attribute of an ident. A transaction that defines many attributes, or says something of them, does not make its schema anew with each.
   */
  attributeNamed(ident: Keyword): SchemaAttribute | undefined {
    return this.#evolving.attributeNamed(ident);
  }

  /** The ident that an entity has so far. */
  identOf(e: number): Keyword | undefined {
    const isBare = e === this.#newest && this.#factsOfNewest.length === 0;
    return isBare ? undefined : this.db.schema.identOf(e);
  }

  /** Whether attributes must be declared and values have to fit their types. */
  get isStrict(): boolean {
    return this.before.config.schemaFlexibility === 'write';
  }

  /** The value as it is stored, undefined where it does not fit. A database that is not strict takes any data, its own attributes aside. */
  conform(value: EdnData, attribute: SchemaAttribute): Value | undefined {
    const { valueType, tuple } = attribute;
    const isOther = this.#hasTypedNumbers && isOtherNumber(value, valueType);
    const v = isOther ? undefined : conform(value, valueType, tuple);
    const takesAny = !this.isStrict && !isReserved(attribute.ident);
    return v === undefined && takesAny ? conform(value, undefined) : v;
  }

  newEntity(): number {
    if (this.maxEid >= TX0 - 1) throw txError('transact/ids', `No entity id below ${TX0} is left`);
    this.#newest = ++this.maxEid;
    this.#factsOfNewest = [];
    return this.#newest;
  }

  /** The entity that a tempid stands for; a new one at its first mention. */
  entityOfTempid(tempid: EdnData): number {
    const entity = this.tempids.entityOf(tempid) ?? this.newEntity();
    this.tempids.use(tempid, entity);
    return entity;
  }

  /** Takes an id that the caller chose. */
  useEntity(id: EdnData, form: EdnData): number {
    if (typeof id !== 'number' || !Number.isInteger(id) || id <= 0 || id > MAX_ID)
      throw txError(
        'entity-id/syntax',
        `Expected number, string, keyword or lookup ref for :db/id, got ${printEdn(id)} at ${printEdn(form)}: a number is an integer from 1 to ${MAX_ID}`,
        { context: form },
      );
    this.#raiseMaxEid(id);
    return id;
  }

  /** What holds of an attribute of an entity now, or the one fact with a value. */
  *values(e: number, a: number, v?: Value): Suspended<Datom[]> {
    if (e === this.#newest)
      return this.#factsOfNewest.filter(
        (datom) => datom.a === a && (v === undefined || compareValues(datom.v, v) === 0),
      );
    return this.#isNew(e)
      ? this.#evolving.facts.novelty.eras.current.eavt.added.matching({ e, a, v })
      : yield* datomsWith(this.#evolving.facts, 'eavt', { e, a, v });
  }

  *entityWith(a: number, v: Value): Suspended<number | undefined> {
    if (this.#holder?.a === a && this.#holder.v === v) return this.#holder.e;
    const e = yield* entityWith(this.#evolving.facts, a, v);
    this.#holder = { a, v, e };
    return e;
  }

  /**
   * Asserts a value of a plain attribute of the entity that was made last, for which nothing has to be looked up; false, and nothing is
   * done, where this is something else.
   */
  assertPlain(e: number, attribute: SchemaAttribute, value: EdnData): boolean {
    if (e !== this.#newest || !attribute.isPlain || this.#hasCaps || value === null) return false;
    const { number: a } = attribute;
    for (const datom of this.#factsOfNewest) if (datom.a === a) return false;
    const v = this.conform(value, attribute);
    if (v === undefined || (attribute.unique !== undefined && !this.#isKnownFree(a, v)))
      return false;
    this.#record(new Datom(e, a, v, this.tx, true), attribute);
    return true;
  }

  /** Whether it was asked just now who has a unique value, and nobody had it. */
  #isKnownFree(a: number, v: Value): boolean {
    const holder = this.#holder;
    return holder !== undefined && holder.a === a && holder.v === v && holder.e === undefined;
  }

  /**
   * Asserts a fact that was checked; what holds already is no change, and the value of a single-valued attribute is replaced. `tx` is the
   * transaction that the fact is said to be of.
   */
  *assert(e: number, attribute: SchemaAttribute, v: Value, tx = this.tx): Suspended<void> {
    const a = attribute.number;
    const isMany = attribute.cardinality === 'many';
    const present = yield* this.values(e, a, isMany ? v : undefined);
    if (present.some((datom) => compareValues(datom.v, v) === 0)) return;
    if (attribute.unique !== undefined) yield* this.#checkUnique(e, attribute, v);
    if (!isMany) for (const datom of present) this.retract(datom, tx);
    this.#record(new Datom(e, a, v, tx, true), attribute);
    this.tuples.note(attribute, e, v);
    if (this.changes.length % CHANGES_PER_PAUSE === 0) yield PAUSE;
  }

  /** Ends a fact that holds. */
  retract(datom: Datom, tx = this.tx): void {
    const attribute = this.attributeOf(datom.a);
    const end = new Datom(datom.e, datom.a, datom.v, tx, false);
    const keepsHistory = this.before.config.keepHistory && !attribute.noHistory;
    this.#record({ kind: 'retract', datom: end, assertedTx: datom.tx, keepsHistory }, attribute);
    this.tuples.note(attribute, datom.e, null);
  }

  /** Reports a retraction once more, as Datahike does where a fact is found on two ways. */
  repeatRetraction(datom: Datom): void {
    this.txData.push(new Datom(datom.e, datom.a, datom.v, this.tx, false));
  }

  /** Removes a row for good, as if it had never been there. */
  purge(row: Datom, era: 'current' | 'temporal'): void {
    const change: Change = { kind: 'purge', datom: row, era };
    if (era === 'current' && row.e === this.#newest) this.#forgetOfNewest(row);
    this.#apply(change);
  }

  *#checkUnique(e: number, attribute: SchemaAttribute, v: Value): Suspended<void> {
    const holder = yield* this.entityWith(attribute.number, v);
    if (holder === undefined || holder === e) return;
    const { ident, number } = attribute;
    const held = yield* this.values(holder, number);
    const there = held.find((datom) => compareValues(datom.v, v) === 0);
    const datom = taggedDatom(new Datom(e, number, v, this.tx, true));
    throw txError(
      'transact/unique',
      `Cannot add ${printEdn(datom)} because of unique constraint: ${there === undefined ? holder : printEdn(taggedDatom(there))}`,
      { attribute: ident, datom },
      'UNIQUE_CONFLICT',
    );
  }

  #record(change: Change, attribute: SchemaAttribute): void {
    const datom = datomOf(change);
    this.#raiseMaxEid(datom.e);
    if (datom.e === this.#newest) this.#noteOfNewest(datom);
    this.#apply(change, attribute);
    this.txData.push(datom);
  }

  #apply(change: Change, attribute?: SchemaAttribute): void {
    if (this.#holder?.a === datomOf(change).a) this.#holder = undefined;
    this.#evolving.apply(change, attribute);
    this.changes.push(change);
  }

  #noteOfNewest(datom: Datom): void {
    if (datom.added) this.#factsOfNewest.push(datom);
    else this.#forgetOfNewest(datom);
  }

  #forgetOfNewest(datom: Datom): void {
    this.#factsOfNewest = this.#factsOfNewest.filter(
      ({ a, v }) => a !== datom.a || compareValues(v, datom.v) !== 0,
    );
  }

  /** No datom is of an entity with a larger id, those of transactions aside. */
  #raiseMaxEid(e: number): void {
    if (e > this.maxEid && e < TX0) this.maxEid = e;
  }

  /** Whether no datom of the entity can be in the database before. */
  #isNew(e: number): boolean {
    return e > this.before.maxEid && e < TX0;
  }
}
