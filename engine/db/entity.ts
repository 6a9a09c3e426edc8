/** Entities as lazy maps: an attribute is read when it is first asked for, a ref leads to the next entity. */
import { DB } from '../../schema/bootstrap.ts';
import { Keyword, forwardOf, isReverse, kw } from '../../schema/keyword.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import { must } from '../shared/assert.ts';
import { PAUSE, run } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { datomsWith, resolveEntity } from './lookup.ts';
import type { SettledDb } from './scan.ts';
import type { SchemaAttribute } from './schema.ts';
import { settle } from './settle.ts';

/** What an attribute of an entity holds: several values as a set, references as entities. */
export type EntityValue = Value | Entity | ReadonlySet<Value | Entity>;

/**
 * The entity that an id, ident or lookup ref names; null where an ident or lookup ref names none. Any id is one of an entity, whether
 * something is said of it or not.
 *
 * @throws BAD_USER_INPUT (`entity-id/syntax`) for a negative number
 */
export async function entity(db: Db, ref: EdnData): Promise<Entity | null> {
  const isName = typeof ref === 'number' || ref instanceof Keyword || isSequence(ref);
  if (!isName) return null;
  return run(find(db, ref));
}

function* find(db: Db, ref: EdnData): Suspended<Entity | null> {
  const settled = yield* settle(db);
  const id = yield* resolveEntity(settled, ref);
  return id === undefined ? null : new Entity(settled, id);
}

function isSequence(ref: EdnData): boolean {
  return Array.isArray(ref) || ref instanceof EdnList;
}

export class Entity {
  readonly db: Db;
  readonly id: number;
  readonly #db: SettledDb;
  readonly #values = new Map<Keyword, EntityValue | undefined>();
  /** The values of all attributes that the entity has, once they are read. */
  #all: ReadonlyMap<Keyword, EntityValue> | undefined;

  constructor(db: SettledDb, id: number) {
    this.db = db;
    this.id = id;
    this.#db = db;
  }

  /**
   * What the entity says under an attribute, also backward (`:_friend`: the entities that point here, one alone for a component's parent);
   * undefined where it says nothing.
   */
  async get(attribute: Keyword | string): Promise<EntityValue | undefined> {
    const ident = typeof attribute === 'string' ? kw(attribute) : attribute;
    if (ident === DB.id) return this.id;
    if (!isReverse(ident) && this.#all !== undefined) return this.#all.get(ident);
    if (!this.#values.has(ident)) this.#values.set(ident, await run(this.#read(ident)));
    return this.#values.get(ident);
  }

  /** Whether the entity says something under an attribute. */
  async has(attribute: Keyword | string): Promise<boolean> {
    return (await this.get(attribute)) !== undefined;
  }

  /** All that the entity says; the entities of refs are as lazy as this one. */
  async entries(): Promise<ReadonlyMap<Keyword, EntityValue>> {
    this.#all ??= await run(this.#readAll());
    return this.#all;
  }

  /** Reads all that the entity and its components say, so that asking for it later reads nothing. */
  async touch(): Promise<this> {
    await run(touchAll([this]));
    return this;
  }

  /** Whether the other one is the same entity of the same database value. */
  equals(other: unknown): boolean {
    return other instanceof Entity && other.id === this.id && other.db.novelty === this.db.novelty;
  }

  /** Reads what is not read yet, and gives the components. */
  *load(): Suspended<ReadonlyArray<Entity>> {
    this.#all ??= yield* this.#readAll();
    const components: Entity[] = [];
    for (const [ident, value] of this.#all) {
      if (this.#db.schema.attributeNamed(ident)?.component !== true) continue;
      for (const each of value instanceof Set ? value : [value])
        if (each instanceof Entity) components.push(each);
    }
    return components;
  }

  *#read(ident: Keyword): Suspended<EntityValue | undefined> {
    const a = this.#db.schema.numberOf(forwardOf(ident));
    if (a === undefined) return undefined;
    const attribute = this.#db.schema.attribute(a);
    if (isReverse(ident)) return this.#sources(attribute, yield* this.#pointingHere(a, attribute));
    return this.#valueOf(attribute, yield* datomsWith(this.#db, 'eavt', { e: this.id, a }));
  }

  *#pointingHere(a: number, attribute: SchemaAttribute | undefined): Suspended<Datom[]> {
    if (attribute?.indexed === true) return yield* datomsWith(this.#db, 'avet', { a, v: this.id });
    const datoms = yield* datomsWith(this.#db, 'aevt', { a });
    return datoms.filter(({ v }) => v === this.id);
  }

  #sources(
    attribute: SchemaAttribute | undefined,
    datoms: ReadonlyArray<Datom>,
  ): EntityValue | undefined {
    const [first] = datoms;
    if (first === undefined) return undefined;
    if (attribute?.component === true) return new Entity(this.#db, first.e);
    const ids = new Set(datoms.map(({ e }) => e));
    return new Set(Array.from(ids, (e) => new Entity(this.#db, e)));
  }

  *#readAll(): Suspended<ReadonlyMap<Keyword, EntityValue>> {
    const datomsByAttribute = new Map<number, Datom[]>();
    for (const datom of yield* datomsWith(this.#db, 'eavt', { e: this.id })) {
      const datoms = datomsByAttribute.get(datom.a);
      if (datoms === undefined) datomsByAttribute.set(datom.a, [datom]);
      else datoms.push(datom);
    }
    const all = new Map<Keyword, EntityValue>();
    for (const [a, datoms] of datomsByAttribute) {
      const ident = this.#db.schema.identOfNumber(a);
      const value = this.#valueOf(this.#db.schema.attribute(a), datoms);
      if (ident !== undefined && value !== undefined) all.set(ident, value);
    }
    return all;
  }

  #valueOf(
    attribute: SchemaAttribute | undefined,
    datoms: ReadonlyArray<Datom>,
  ): EntityValue | undefined {
    const isRef = attribute?.valueType === 'ref';
    // In a view of history a value may stand there several times, one row after the other.
    const distinct = datoms.filter(
      ({ v }, i) => i === 0 || !valueEquals(v, must(datoms[i - 1], 'an earlier row').v),
    );
    const values = distinct.map(({ v }) =>
      isRef && typeof v === 'number' ? new Entity(this.#db, v) : v,
    );
    return attribute?.cardinality === 'many' && values.length > 0 ? new Set(values) : values[0];
  }
}

/** Entities and the components below them, each once. */
function* touchAll(entities: ReadonlyArray<Entity>): Suspended<void> {
  const pending = [...entities];
  const seen = new Set<number>();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    pending.push(...(yield* next.load()));
    yield PAUSE;
  }
}
