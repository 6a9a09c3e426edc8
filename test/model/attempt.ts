/** A transaction of the model while it is applied: what is remembered and held so far, the ids given out, and what was said. */
import { Keyword, kw } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { Fact, ModelDb, Name } from './facts.ts';
import { FIRST_TX, TX0 } from './facts.ts';
import { isSameFact, isSameValue } from './order.ts';
import { Refusal, fail } from './refusal.ts';
import type { ModelAttribute } from './schema.ts';
import { ModelSchema, undeclared } from './schema.ts';
import { checkedValue } from './values-fit.ts';

/** What was found out about tempids: which stand for entities that exist, and what all of them were given. */
export interface Learned {
  readonly existing: ReadonlySet<EdnData>;
  readonly given: ReadonlyMap<EdnData, number>;
}

/** A tempid was found to be an entity; the transaction starts again. */
export class StartAgain extends Refusal {
  readonly learned: Learned;

  constructor(learned: Learned) {
    super('start again');
    this.learned = learned;
  }
}

export class Attempt {
  readonly before: ModelDb;
  readonly tx: number;
  /** What was asserted and retracted, and some retractions once more. */
  readonly reported: Fact[] = [];
  readonly tempids = new Map<EdnData, number>();
  maxEid: number;
  held: ReadonlyArray<Fact>;
  #log: ReadonlyArray<Fact>;
  /** What AVET holds: rows of attributes that become indexed come into it at the end. */
  #indexed: ReadonlySet<Fact>;
  #schema: ModelSchema | undefined;
  /** Members of composite tuples that were written since the last form, by entity and tuple. */
  #written: Array<{ readonly e: number; readonly tuple: Name; readonly place: number }> = [];
  readonly #learned: Learned;

  constructor(before: ModelDb, learned: Learned) {
    this.before = before;
    this.#learned = learned;
    this.tx = before.maxTx + 1;
    this.#log = before.log;
    this.held = before.held;
    this.maxEid = before.maxEid;
    const indexed = before.held.filter(({ a }) => this.schema.attribute(a)?.isIndexed === true);
    this.#indexed = new Set(indexed);
  }

  get schema(): ModelSchema {
    return (this.#schema ??= new ModelSchema(this.soFar));
  }

  /** The database so far. */
  get soFar(): ModelDb {
    const { before, held, tx, maxEid } = this;
    return { config: before.config, log: this.#log, held, maxTx: tx, maxEid };
  }

  get after(): ModelDb {
    const maxEid = Math.max(this.maxEid, ...[...this.tempids.values()].filter((e) => e < FIRST_TX));
    return { ...this.soFar, maxEid };
  }

  get isStrict(): boolean {
    return this.before.config.schemaFlexibility === 'write';
  }

  /** The attribute that a form names. */
  attribute(name: EdnData, isInMap = false): ModelAttribute {
    const { attributeRefs } = this.before.config;
    const isId = typeof name === 'number' && attributeRefs && !isInMap;
    if (!(name instanceof Keyword) && !isId) return fail('transact/syntax');
    const known = name instanceof Keyword ? this.schema.nameOf(name) : (name as Name);
    const attribute = known === undefined ? undefined : this.schema.attribute(known);
    if (attribute !== undefined) return attribute;
    if (!this.isStrict) return undeclared(name as Keyword);
    const isOfSpec = String(name).startsWith(':db.entity/');
    return fail(attributeRefs && (!isInMap || isOfSpec) ? 'transact/syntax' : 'transact/schema');
  }

  /** What holds of an attribute of an entity, or the one fact with a value. */
  where(e: number | undefined, a: Name, v?: Value): Fact[] {
    return this.held.filter(
      (fact) => fact.e === e && fact.a === a && (v === undefined || isSameValue(fact.v, v)),
    );
  }

  /** The entity that holds a value of a unique attribute. */
  holder(a: Name, value: Value): number | undefined {
    const holders = [...this.#indexed].filter((fact) => fact.a === a && isSameValue(fact.v, value));
    return holders.map(({ e }) => e).sort((one, other) => one - other)[0];
  }

  // What stands for entities.

  /** In the place of an entity: a tempid gets a new one, and an id that was chosen is taken. */
  entity(ref: EdnData): number {
    if (ref === CURRENT) return this.tx;
    const e = isTempid(ref) ? this.standIn(ref) : this.existing(ref);
    if (e === undefined) return fail('entity-id/missing');
    if ((isTempid(ref) || typeof ref === 'number') && e < TX0)
      this.maxEid = Math.max(this.maxEid, e);
    return e;
  }

  /** The value of a ref: what is mentioned only there moves no counter. */
  target(ref: EdnData): number {
    if (isTempid(ref)) return this.standIn(ref);
    if (ref === 0) return fail('entity-id/syntax');
    return typeof ref === 'number' ? ref : this.entity(ref);
  }

  standIn(tempid: EdnData): number {
    const known = this.known(tempid) ?? ++this.maxEid;
    this.tempids.set(tempid, known);
    return known;
  }

  known(tempid: EdnData): number | undefined {
    return this.tempids.get(tempid) ?? this.#learned.given.get(tempid);
  }

  /** An entity that an id, an ident or a lookup ref names. */
  existing(ref: EdnData): number | undefined {
    if (ref === CURRENT) return this.tx;
    if (isTempid(ref)) return fail('transact/syntax');
    if (typeof ref === 'number') return ref;
    if (ref instanceof Keyword) return this.schema.idOf(ref);
    if (!Array.isArray(ref)) return fail('entity-id/syntax');
    const [ident = null, value = null] = ref as ReadonlyArray<EdnData>;
    if (ref.length !== 2) return fail('lookup-ref/syntax');
    const attribute = ident instanceof Keyword ? this.schema.attributeNamed(ident) : undefined;
    if (attribute?.unique === undefined) return fail('lookup-ref/unique');
    if (value === null) return undefined;
    const v = attribute.type === 'ref' ? this.existing(value) : (value as Value);
    return v === undefined ? undefined : this.holder(attribute.name, v);
  }

  /** A tempid was given the identity of an entity. */
  bind(tempid: EdnData, found: number): number {
    const known = this.known(tempid);
    if (known !== undefined && known !== found) {
      if (this.#learned.existing.has(tempid) || known <= this.before.maxEid)
        return fail('transact/upsert');
      throw new StartAgain({
        existing: new Set([...this.#learned.existing, tempid]),
        given: new Map([...this.#learned.given, ...this.tempids, [tempid, found]]),
      });
    }
    this.tempids.set(tempid, found);
    return found;
  }

  // Facts.

  /** Asserts a value, checked; one that holds is no change. */
  add(e: number, attribute: ModelAttribute, value: EdnData, tx = this.tx): void {
    this.assert(e, attribute, checkedValue(this, attribute, value), tx);
  }

  assert(e: number, attribute: ModelAttribute, v: Value, tx = this.tx): void {
    const { name, unique, isMany } = attribute;
    if (this.where(e, name, v).length > 0) return;
    const holder = unique === undefined ? undefined : this.holder(name, v);
    if (holder !== undefined && holder !== e) fail('transact/unique');
    if (!isMany) this.end(this.where(e, name), tx);
    const fact = { e, a: name, v, tx, added: true };
    this.#remember(fact);
    this.held = [...this.held, fact];
    if (attribute.isIndexed) this.#indexed = new Set([...this.#indexed, fact]);
    if (e < TX0) this.maxEid = Math.max(this.maxEid, e);
  }

  end(facts: ReadonlyArray<Fact>, tx = this.tx): void {
    for (const fact of facts) {
      if (!this.held.includes(fact)) continue;
      const attribute = this.schema.attribute(fact.a);
      // Where attributes are entities, one that is gone leaves its facts without a name.
      if (typeof fact.a === 'number' && attribute === undefined) fail('transact/schema');
      const isKept = this.before.config.keepHistory && attribute?.isForgetful !== true;
      this.#forget([fact], isKept);
      const end = { ...fact, tx, added: false };
      if (isKept) this.#remember(end);
      else this.#note(end);
    }
  }

  /** Reports that facts ended without ending them. */
  report(facts: ReadonlyArray<Fact>): void {
    for (const fact of facts) this.reported.push({ ...fact, tx: this.tx, added: false });
  }

  /** Takes rows out as if they had never been there. */
  purge(isPurged: (fact: Fact) => boolean): ReadonlyArray<Fact> {
    const purged = this.#log.filter(isPurged);
    this.#forget(purged, false);
    return purged;
  }

  /** Makes composite tuples anew whose members were written. */
  flush(): void {
    const written = this.#written;
    this.#written = [];
    for (const { e, tuple } of written) {
      const attribute = this.schema.attribute(tuple);
      if (attribute?.tuple?.kind !== 'composite') continue;
      const [present] = this.where(e, tuple);
      const members = attribute.tuple.parts.map((ident, place): Value | null => {
        const isWritten = written.some(
          (one) => one.e === e && one.tuple === tuple && one.place === place,
        );
        if (!isWritten)
          return (present?.v as ReadonlyArray<Value | null> | undefined)?.[place] ?? null;
        return this.where(e, this.schema.nameOf(ident)!)[0]?.v ?? null;
      });
      if (members.some((member) => member !== null)) this.assert(e, attribute, members);
      else if (present !== undefined) this.end([present]);
    }
  }

  /** Of a fact that one transaction turns three times, the third turn takes back the two before it. */
  #remember(fact: Fact): void {
    const turns = this.#log.filter((one) => one.tx === fact.tx && isSameFact(one, fact));
    if (turns.length === 2) this.#log = this.#log.filter((one) => !turns.includes(one));
    this.#log = [...this.#log, fact];
    this.#note(fact);
  }

  #note(fact: Fact): void {
    this.reported.push(fact);
    const { e, a } = fact;
    for (const { tuple, name } of this.schema.attributes)
      for (const [place, member] of (tuple?.kind === 'composite' ? tuple.parts : []).entries())
        if (this.schema.nameOf(member) === a) this.#written.push({ e, tuple: name, place });
    if (this.#isOfSchema(fact)) this.#schema = undefined;
  }

  #forget(facts: ReadonlyArray<Fact>, isRemembered: boolean): void {
    const isOther = (fact: Fact): boolean => !facts.includes(fact);
    this.held = this.held.filter(isOther);
    this.#indexed = new Set([...this.#indexed].filter(isOther));
    if (!isRemembered) this.#log = this.#log.filter(isOther);
    if (facts.some((fact) => this.#isOfSchema(fact))) this.#schema = undefined;
  }

  #isOfSchema({ a }: Fact): boolean {
    return this.schema.attribute(a)?.isSystem === true;
  }
}

export const CURRENT = kw('db/current-tx');

export function isTempid(ref: EdnData): boolean {
  return typeof ref === 'string' || (typeof ref === 'number' && ref < 0);
}
