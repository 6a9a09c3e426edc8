/**
 * A database value under change: facts come and go, and the schema with them, one after the other. The transactor and everyone who
 * follows its log run this one code, so that they come to the same.
 */
import type { Attribute } from '../../schema/attribute.ts';
import { SYSTEM_ATTRIBUTES } from '../../schema/bootstrap.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import type { Change } from '../novelty/change.ts';
import type { Db } from './db.ts';
import { DEFINING_ATTRIBUTES } from './schema.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const DEFINING = new Set(DEFINING_ATTRIBUTES.map(attributeNumber));

/** Attributes whose meaning no transaction can change, so that asking for them need not look at the schema so far. */
const SYSTEM: ReadonlyMap<number, Attribute> = new Map(
  SYSTEM_ATTRIBUTES.map((attribute) => [attributeNumber(attribute.ident), attribute]),
);

export class EvolvingDb<D extends Db> {
  readonly #db: Mutable<D>;
  /** Changes that define attributes and are not in the schema yet: it is made anew only when it is asked for. */
  #schemaChanges: Change[] = [];

  constructor(before: D, tx: number) {
    this.#db = { ...before, novelty: before.novelty.edit(), maxTx: tx };
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
  attribute(a: number): Attribute | undefined {
    return SYSTEM.get(a) ?? this.db.schema.attribute(a);
  }

  apply(change: Change): void {
    const { a } = change.datom;
    this.#db.novelty.apply(change, this.attribute(a)?.indexed === true);
    if (DEFINING.has(a)) this.#schemaChanges.push(change);
  }

  /** Ends the changes: the database as a value. */
  seal(maxEid: number): D {
    this.#db.novelty.seal();
    this.#db.maxEid = maxEid;
    return this.db;
  }
}
