/**
 * A database value under change: facts come and go, and the schema with them, one after the other. The transactor and everyone who
 * follows its log run this one code, so that they come to the same.
 */
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import { ERAS } from '../indices/base-index.ts';
import { ANNOTATIONS } from '../../schema/annotations.ts';
import { DB } from '../../schema/bootstrap.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { Datom } from '../datom/datom.ts';
import { datomOf, isAssertion } from '../novelty/change.ts';
import type { Change } from '../novelty/change.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { draftOf } from './db.ts';
import type { Db, DbDraft } from './db.ts';
import { scanEra } from './scan.ts';
import type { Schema, SchemaAttribute } from './schema.ts';

/** What says of one attribute something that others are known by: its name, and what it is made of. */
const RENAMING: ReadonlySet<Keyword> = new Set([DB.ident, DB.tupleAttrs]);

export class EvolvingDb {
  readonly #db: DbDraft;
  /** The schema that AVET is in step with. */
  #indexedSchema: Schema;
  /** Changes that define attributes and are not in the schema yet: it is made anew only when it is asked for. */
  #schemaChanges: Change[] = [];
  /** The entities that these are about. */
  readonly #redefined = new Set<number>();
  /** Whether one of them may change what others mean. */
  #isRenamed = false;

  constructor(before: Db, tx: number) {
    this.#indexedSchema = before.schema;
    this.#db = draftOf(before);
    this.#db.novelty = before.novelty.edit();
    this.#db.maxTx = tx;
    this.#db.commit = undefined;
  }

  /** The facts so far; the schema may be an earlier one. */
  get facts(): Db {
    return this.#db;
  }

  /** The database so far. It changes with every change. */
  get db(): Db {
    if (this.#schemaChanges.length > 0) {
      this.#db.schema = this.#db.schema.apply(this.#schemaChanges);
      this.#schemaChanges = [];
      this.#redefined.clear();
      this.#isRenamed = false;
    }
    return this.#db;
  }

  /** The attribute of a number as it is defined so far. */
  attribute(a: number): SchemaAttribute | undefined {
    const known = this.#db.schema.attribute(a);
    return this.#isUpToDate(known) ? known : this.db.schema.attribute(a);
  }

  /** The attribute of an ident as it is defined so far. */
  attributeNamed(ident: Keyword): SchemaAttribute | undefined {
    const known = this.#db.schema.attributeNamed(ident);
    return this.#isUpToDate(known) ? known : this.db.schema.attributeNamed(ident);
  }

  /** Whether an attribute of the schema as it was last made is the one of now; those of the database itself always are. */
  #isUpToDate(attribute: SchemaAttribute | undefined): boolean {
    if (this.#schemaChanges.length === 0 || attribute?.isSystem === true) return true;
    return attribute !== undefined && !this.#isRenamed && !this.#redefined.has(attribute.id);
  }

  /** Applies a change; `attribute` is that of its datom, where the caller knows it. */
  apply(change: Change, attribute = this.attribute(datomOf(change).a)): void {
    this.#db.novelty.apply(change, this.#isIndexed(change, attribute));
    const { e, a } = datomOf(change);
    if (this.#db.topEntity !== undefined && e > this.#db.topEntity) this.#db.topEntity = e;
    if (attribute?.isSystem === false && !ANNOTATIONS.has(attribute.ident)) return;
    const { names } = this.#db.schema;
    if (a === names.txInstant) this.#noteInstant(change);
    const defining = this.#db.schema.definingIdent(a);
    if (defining === undefined) return;
    this.#schemaChanges.push(change);
    this.#redefined.add(e);
    this.#isRenamed ||= RENAMING.has(defining);
  }

  /** What else is done to the last one has to be looked up. */
  #noteInstant(change: Change): void {
    const { e: tx, v: at } = datomOf(change);
    if (tx !== this.#db.maxTx) return;
    this.#db.lastInstant = isAssertion(change) && at instanceof Date ? { tx, at } : undefined;
  }

  /** The same facts under another schema. */
  *underSchema(schema: Schema): Suspended<Db> {
    this.#db.schema = schema;
    yield* this.reindex(true);
    return yield* this.finish(this.#db.maxEid);
  }

  /**
   * Whether AVET has to follow a change. Where the attribute becomes indexed with these changes, AVET holds only what was written since, and
   * where it ceases to be, AVET goes on to hold all, until it is brought in step.
   */
  #isIndexed(change: Change, attribute: SchemaAttribute | undefined): boolean {
    const isIndexed = attribute?.indexed === true;
    const isInStep = this.#schemaChanges.length === 0 && this.#db.schema === this.#indexedSchema;
    if (isInStep) return isIndexed;
    const { a } = datomOf(change);
    const before = this.#mayHaveRows(a) ? this.#indexedSchema.isIndexed(a) : isIndexed;
    if (before || !isIndexed) return before;
    if (isAssertion(change)) return true;
    const { eras } = this.#db.novelty;
    const { e, v } = change.datom;
    return change.kind === 'purge'
      ? eras[change.era].avet.added.has(change.datom)
      : eras.current.avet.added.has(new Datom(e, a, v, change.assertedTx, true));
  }

  /** Whether an attribute may have had rows when AVET was last in step, and not only those that were written since. */
  #mayHaveRows(a: number): boolean {
    const { config, maxEid } = this.#db;
    if (config.schemaFlexibility === 'read' || this.#indexedSchema.attribute(a) !== undefined)
      return true;
    return config.attributeRefs && -a <= maxEid;
  }

  /** The database so far as a value that stays; changes go on after it. */
  snapshot(maxEid: number): Db {
    const value = draftOf(this.db);
    value.maxEid = maxEid;
    this.#db.novelty = value.novelty.goOn();
    return value;
  }

  /** Ends the changes: the database as a value. */
  *finish(maxEid: number): Suspended<Db> {
    yield* this.reindex();
    this.#db.novelty.seal();
    this.#db.maxEid = maxEid;
    return this.db;
  }

  /**
   * Takes the rows of attributes that became indexed into AVET, and those of attributes that are not any more out of it. Reads nothing for
   * an attribute that a strict database was told of just now: it has no rows but those that were written since.
   */
  *reindex(mayHaveRows = false): Suspended<void> {
    const { schema } = this.db;
    if (schema === this.#indexedSchema) return;
    const before = this.#indexedSchema;
    for (const { number, indexed } of schema.attributes) {
      const isChanged = before.isIndexed(number) !== indexed;
      if (isChanged && (mayHaveRows || this.#mayHaveRows(number)))
        yield* this.#reindexAttribute(number, indexed);
    }
    for (const { number, indexed } of before.attributes)
      if (indexed && schema.attribute(number) === undefined)
        yield* this.#reindexAttribute(number, false);
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
