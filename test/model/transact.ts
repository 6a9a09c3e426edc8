/** Transactions of the model: each form makes the list of facts longer. */
import { Keyword, kw } from '../../schema/keyword.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { ErrorCode } from '../../schema/error.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import type { Fact, ModelAttribute, ModelDb } from './facts.ts';
import { FIRST_TX, attributeOf, presentOf } from './facts.ts';

export interface ModelReport {
  readonly after: ModelDb;
  readonly facts: ReadonlyArray<Fact>;
  readonly tempids: ReadonlyMap<EdnData, number>;
}

const ID = kw('db/id');

/** What was found out about tempids: which stand for entities that exist, and what all of them were given. */
interface Learned {
  readonly existing: ReadonlySet<EdnData>;
  readonly given: ReadonlyMap<EdnData, number>;
}

/** A tempid was found to be an entity; the transaction starts again. */
class StartAgain extends Error {
  readonly learned: Learned;

  constructor(learned: Learned) {
    super('start again');
    this.learned = learned;
  }
}

/** @throws DatabaseError with the code that the engine has to give */
export function transactModel(db: ModelDb, forms: ReadonlyArray<EdnData>, now: Date): ModelReport {
  for (let learned: Learned = { existing: new Set(), given: new Map() }; ;) {
    try {
      return new Attempt(db, learned).run(forms, now);
    } catch (error) {
      if (!(error instanceof StartAgain)) throw error;
      ({ learned } = error);
    }
  }
}

class Attempt {
  readonly #before: ModelDb;
  readonly #learned: Learned;
  readonly #tx: number;
  readonly #facts: Fact[] = [];
  /** The facts, and some retractions once more. */
  readonly #reported: Fact[] = [];
  readonly #tempids = new Map<EdnData, number>();
  #held: Fact[];
  #maxEid: number;

  constructor(before: ModelDb, learned: Learned) {
    this.#before = before;
    this.#learned = learned;
    this.#tx = before.maxTx + 1;
    this.#held = [...presentOf(before)];
    this.#maxEid = before.maxEid;
  }

  run(forms: ReadonlyArray<EdnData>, now: Date): ModelReport {
    this.#add(this.#tx, kw('db/txInstant'), now);
    for (const form of forms)
      if (form instanceof Map) this.#entityMap(form as EdnMap);
      else this.#operation(form as ReadonlyArray<EdnData>);
    const log = [...this.#before.log, ...this.#facts];
    const maxEid = Math.max(this.#maxEid, ...this.#tempids.values());
    const after = { ...this.#before, log, maxTx: this.#tx, maxEid };
    return { after, facts: this.#reported, tempids: this.#tempids };
  }

  #operation([op, ref, a, v, wanted]: ReadonlyArray<EdnData>): void {
    const ident = a as Keyword;
    switch ((op as Keyword).name) {
      case 'add': {
        const { unique } = attributeOf(this.#before, ident);
        const holder =
          unique === 'identity' && isTempid(ref!) ? this.#holder(ident, v!) : undefined;
        if (holder !== undefined) this.#bind(ref!, holder);
        return this.#add(this.#entity(ref!), ident, v!);
      }
      case 'retract': {
        const e = this.#existing(ref!);
        const value = v === undefined || e === undefined ? undefined : this.#value(ident, v);
        return this.#end(this.#where(e, ident, value));
      }
      case 'retractAttribute':
        return this.#endDeep(this.#where(this.#existing(ref!), ident));
      case 'retractEntity':
        return this.#endEntity(this.#existing(ref!));
      case 'cas':
        return this.#cas(this.#existing(ref!), ident, v!, wanted!);
      default:
        throw new Error(`The model knows no ${String(op)}`);
    }
  }

  #cas(e: number | undefined, a: Keyword, expected: EdnData, wanted: EdnData): void {
    if (e === undefined) return fail('ENTITY_NOT_FOUND');
    const present = this.#where(e, a);
    const old = expected === null ? null : this.#value(a, expected);
    const isExpected =
      old === null ? present.length === 0 : present.some(({ v }) => valueEquals(v, old));
    if (!isExpected) return fail('CAS_CONFLICT');
    this.#add(e, a, wanted);
  }

  #entityMap(map: EdnMap): number {
    const e = this.#subject(map);
    for (const [key, value] of map) {
      const ident = key as Keyword;
      if (ident === ID) continue;
      if (ident.name.startsWith('_')) {
        const forward = kw(`${ident.namespace}/${ident.name.slice(1)}`);
        for (const item of this.#items(value))
          this.#add(
            item instanceof Map ? this.#entityMap(item as EdnMap) : this.#target(item),
            forward,
            e,
          );
        continue;
      }
      const { isMany } = attributeOf(this.#before, ident);
      for (const item of isMany ? this.#items(value) : [value])
        this.#add(e, ident, item instanceof Map ? this.#entityMap(item as EdnMap) : item);
    }
    return e;
  }

  /** The entity that a map is about. */
  #subject(map: EdnMap): number {
    const holders = new Set<number>();
    for (const [key, value] of map) {
      const attribute = this.#before.attributes.get(key as Keyword);
      const holder =
        attribute?.unique === 'identity' ? this.#holder(attribute.ident, value) : undefined;
      if (holder !== undefined) holders.add(holder);
    }
    if (holders.size > 1) return fail('UPSERT_CONFLICT');
    const [found] = holders;
    const id = map.get(ID) ?? null;
    if (id === null) return found ?? ++this.#maxEid;
    if (found === undefined) return this.#entity(id);
    if (isTempid(id)) return this.#bind(id, found);
    return this.#entity(id) === found ? found : fail('UPSERT_CONFLICT');
  }

  #bind(tempid: EdnData, found: number): number {
    const known = this.#tempids.get(tempid) ?? this.#learned.given.get(tempid);
    if (known !== undefined && known !== found) {
      if (this.#learned.existing.has(tempid) || known <= this.#before.maxEid)
        return fail('UPSERT_CONFLICT');
      throw new StartAgain({
        existing: new Set([...this.#learned.existing, tempid]),
        given: new Map([...this.#learned.given, ...this.#tempids, [tempid, found]]),
      });
    }
    this.#tempids.set(tempid, found);
    return found;
  }

  /** The entity that holds a unique value. */
  #holder(a: Keyword, value: EdnData): number | undefined {
    return this.#held.find((fact) => fact.a === a && valueEquals(fact.v, value))?.e;
  }

  #items(value: EdnData): ReadonlyArray<EdnData> {
    return Array.isArray(value) && !isLookupRef(value)
      ? (value as ReadonlyArray<EdnData>)
      : [value];
  }

  #entity(ref: EdnData): number {
    if (isTempid(ref)) return this.#entity(this.#standIn(ref));
    if (typeof ref === 'number') {
      this.#maxEid = Math.max(this.#maxEid, ref);
      return ref;
    }
    return this.#existing(ref) ?? fail('ENTITY_NOT_FOUND');
  }

  #standIn(tempid: EdnData): number {
    const known = this.#tempids.get(tempid) ?? this.#learned.given.get(tempid) ?? ++this.#maxEid;
    this.#tempids.set(tempid, known);
    return known;
  }

  /** The value of a ref: a number is taken as it is, and what a tempid had before moves no counter. */
  #target(ref: EdnData): number {
    if (isTempid(ref)) return this.#standIn(ref);
    return typeof ref === 'number' && ref >= 0 ? ref : this.#entity(ref);
  }

  #existing(ref: EdnData): number | undefined {
    if (typeof ref === 'number') return ref;
    const [a, v] = ref as readonly [Keyword, EdnData];
    return this.#holder(a, v);
  }

  #value(a: Keyword, value: EdnData): Value {
    return attributeOf(this.#before, a).type === 'ref' ? this.#target(value) : (value as Value);
  }

  #where(e: number | undefined, a: Keyword, v?: Value): Fact[] {
    return this.#held.filter(
      (fact) => fact.e === e && fact.a === a && (v === undefined || valueEquals(fact.v, v)),
    );
  }

  #add(e: number, a: Keyword, value: EdnData): void {
    const attribute: ModelAttribute = attributeOf(this.#before, a);
    const v = this.#value(a, value);
    if (this.#where(e, a, v).length > 0) return;
    if (attribute.unique !== undefined && this.#holder(a, v) !== undefined)
      return fail('UNIQUE_CONFLICT');
    if (!attribute.isMany) this.#end(this.#where(e, a));
    const fact = { e, a, v, tx: this.#tx, added: true };
    this.#facts.push(fact);
    this.#reported.push(fact);
    this.#held.push(fact);
    if (e < FIRST_TX) this.#maxEid = Math.max(this.#maxEid, e);
  }

  #end(facts: ReadonlyArray<Fact>): void {
    for (const fact of facts) {
      if (!this.#held.includes(fact)) continue;
      this.#held = this.#held.filter((one) => one !== fact);
      const end = { ...fact, tx: this.#tx, added: false };
      this.#facts.push(end);
      this.#reported.push(end);
    }
  }

  /** Also the components that they lead to. */
  #endDeep(facts: ReadonlyArray<Fact>): void {
    this.#end(facts);
    for (const { a, v } of facts)
      if (attributeOf(this.#before, a).isComponent) this.#endEntity(v as number);
  }

  #endEntity(e: number | undefined): void {
    const isRef = (a: Keyword): boolean => attributeOf(this.#before, a).type === 'ref';
    const isOf = ({ e: subject, a, v }: Fact): boolean => subject === e || (isRef(a) && v === e);
    const facts = this.#held.filter(isOf);
    // A reference of the entity to itself is found as its fact and as a reference to it.
    const twice = facts.filter(({ e: subject, a, v }) => subject === e && v === e && isRef(a));
    this.#endDeep(facts);
    for (const fact of twice) this.#reported.push({ ...fact, tx: this.#tx, added: false });
  }
}

function isTempid(ref: EdnData): boolean {
  return typeof ref === 'string' || (typeof ref === 'number' && ref < 0);
}

function isLookupRef(value: ReadonlyArray<EdnData>): boolean {
  return value.length === 2 && value[0] instanceof Keyword;
}

function fail(code: ErrorCode): never {
  throw new DatabaseError(code, 'refused by the model');
}
