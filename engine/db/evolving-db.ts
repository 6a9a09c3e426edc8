/**
 * A database value under change: facts come and go, and the schema with them, one after the other. The transactor and everyone who
 * follows its log run this one code, so that they come to the same.
 */
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import { ERAS } from '../indices/base-index.ts';
import { datomOf } from '../novelty/change.ts';
import type { Change } from '../novelty/change.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { scanEra } from './scan.ts';
import type { Schema, SchemaAttribute } from './schema.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class EvolvingDb<D extends Db> {
  readonly #db: Mutable<D>;
  /** The schema that AVET is in step with. */
  #indexedSchema: Schema;
  /** Changes that define attributes and are not in the schema yet: it is made anew only when it is asked for. */
  #schemaChanges: Change[] = [];

  constructor(before: D, tx: number) {
    this.#indexedSchema = before.schema;
    this.#db = { ...before, novelty: before.novelty.edit(), maxTx: tx, commit: undefined };
  }

  /** The facts so far; the schema may be an earlier one. */
  get facts(): D {
    return this.#db;
  }

  /** The database so far. It changes with every change. */
  get db(): D {
    if (this.#schemaChanges.length > 0) {
      this.#db.schema = this.#db.schema.apply(this.#schemaChanges);
      this.#schemaChanges = [];
    }
    return this.#db;
  }

  /** The attribute of a number as it is defined so far. */
  attribute(a: number): SchemaAttribute | undefined {
    // What an attribute of attributes means does not change, so the schema so far need not be known.
    const { schema } = this.#db.schema.names.isSystem(a) ? this.#db : this.db;
    return schema.attribute(a);
  }

  /** Applies a change; `attribute` is that of its datom, where the caller knows it. */
  apply(change: Change, attribute = this.attribute(datomOf(change).a)): void {
    this.#db.novelty.apply(change, attribute?.indexed === true);
    if (attribute?.isSystem === false) return;
    const { names } = this.#db.schema;
    if (names.definingIdent(datomOf(change).a) !== undefined) this.#schemaChanges.push(change);
  }

  /** The same facts under another schema. */
  *underSchema(schema: Schema): Suspended<D> {
    this.#db.schema = schema;
    yield* this.reindex(true);
    return yield* this.finish(this.#db.maxEid);
  }

  /** The database so far as a value that stays; changes go on after it. */
  snapshot(maxEid: number): D {
    const value = { ...this.db, maxEid };
    this.#db.novelty = value.novelty.goOn();
    return value;
  }

  /** Ends the changes: the database as a value. */
  *finish(maxEid: number): Suspended<D> {
    yield* this.reindex();
    this.#db.novelty.seal();
    this.#db.maxEid = maxEid;
    return this.db;
  }

  /**
   * Takes the rows of attributes that became indexed into AVET, and those of attributes that are not any more out of it. Reads nothing for
   * an attribute that a strict database was told of just now: it has no rows but those that were written since.
   */
  *reindex(mayHaveRows = this.#db.config.schemaFlexibility === 'read'): Suspended<void> {
    const { schema } = this.db;
    if (schema === this.#indexedSchema) return;
    for (const { number, indexed } of schema.userAttributes.values()) {
      const before = this.#indexedSchema.attribute(number);
      const isToChange = before === undefined ? mayHaveRows && indexed : before.indexed !== indexed;
      if (isToChange) yield* this.#reindexAttribute(number, indexed);
    }
    this.#indexedSchema = schema;
  }

  *#reindexAttribute(a: number, isIndexed: boolean): Suspended<void> {
    for (const era of ERAS) {
      // A value of its own, because the scan must not see what is changed meanwhile.
      const rows = scanEra(this.snapshot(this.#db.maxEid), era, 'aevt', prefixRange({ a }), false);
      while (yield* advance(rows)) {
        for (let row = rows.lo; row < rows.hi; row++)
          this.#db.novelty.reindex(era, rows.keys.datom(row), isIndexed);
        yield PAUSE;
      }
    }
  }
}
