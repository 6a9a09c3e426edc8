/** Entities, which are read attribute by attribute as somebody asks. What was read is kept: a value of a database never changes. */
import { call } from './call.ts';
import type { Database } from './handles.ts';

/** Attributes as `person/name` or `:person/name`, backward as `person/_friends`. Entities that it refers to are entities, several values an array. */
export interface Entity {
  readonly id: number;
  /** What it says under an attribute; undefined where it says nothing. */
  get(attribute: string): Promise<unknown>;
  has(attribute: string): Promise<boolean>;
  /** All that it says, with its components, as a plain object. */
  touch(): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * The entity that an id, an ident or a lookup ref names; null where nothing has that name.
 *
 *     const ada = await entity(db, [':person/email', 'ada@example.com'])
 *     await ada?.get('person/name')
 */
export async function entity(db: Database, ref: unknown): Promise<Entity | null> {
  const found = await call<Readonly<Record<string, number>> | null>('entity', [db, ref]);
  const id = found?.['db/id'];
  return id === undefined ? null : new LazyEntity(db, id);
}

/** The value of a database that an entity was read from. */
export async function entityDb(held: Entity): Promise<Database> {
  return (held as LazyEntity).db;
}

class LazyEntity implements Entity {
  readonly id: number;
  readonly db: Database;
  readonly #read = new Map<string, Promise<unknown>>();
  #all: Promise<Readonly<Record<string, unknown>>> | undefined;

  constructor(db: Database, id: number) {
    this.db = db;
    this.id = id;
  }

  get(attribute: string): Promise<unknown> {
    const name = attribute.replace(/^:/, '');
    const reading = this.#read.get(name) ?? this.#readOne(name);
    this.#read.set(name, reading);
    reading.catch(() => this.#read.delete(name));
    return reading;
  }

  async has(attribute: string): Promise<boolean> {
    return (await this.get(attribute)) !== undefined;
  }

  touch(): Promise<Readonly<Record<string, unknown>>> {
    this.#all ??= call('pull', [this.db, ['*'], this.id]);
    this.#all.catch(() => (this.#all = undefined));
    return this.#all;
  }

  async #readOne(name: string): Promise<unknown> {
    if (name === 'db/id') return this.id;
    // Of several values all, and not the thousand that pull gives by default.
    const pattern = [[`:${name}`, ':limit', null]];
    const found = await call<Readonly<Record<string, unknown>> | null>('pull', [
      this.db,
      pattern,
      this.id,
    ]);
    return this.#entities(found?.[name]);
  }

  #entities(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#entities(item));
    const id = (value as Readonly<Record<string, unknown>> | null | undefined)?.['db/id'];
    return typeof id === 'number' ? new LazyEntity(this.db, id) : value;
  }
}
