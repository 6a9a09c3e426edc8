/**
 * Inputs and patches to transaction data. Everything is written as `[:db/add e a v]` and its opposites: in these forms a value is
 * never taken for a lookup ref, a map or a list of values.
 */
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType, Model, RefField, ScalarField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import { isWritableField } from '../generate/graphql/inputs.ts';
import { badInput } from '../read/bad-input.ts';
import type { EntityName } from '../read/find-entity.ts';
import { parseBy } from '../read/find-entity.ts';
import type { By } from '../read/find-entity.ts';

export type Input = Readonly<Record<string, unknown>>;

/** An entity id, or the tempid of an entity that the transaction makes. */
export type EntityTerm = number | string;

/** What writing needs to know of the database as it is. */
export interface WriteLookup {
  /** @throws ENTITY_NOT_FOUND */
  readonly require: (target: string | undefined, name: EntityName) => Promise<number>;
  /** The current values of an attribute: ids for a ref. */
  readonly values: (entity: number, attribute: Keyword) => Promise<ReadonlyArray<EdnData>>;
}

const ADD = kw('db/add');
const RETRACT = kw('db/retract');
const RETRACT_ATTRIBUTE = kw('db.fn/retractAttribute');

/** A transaction being written down. */
export class TransactionDraft {
  readonly #model: Model;
  readonly #database: string;
  readonly #lookup: WriteLookup;
  readonly #operations: EdnData[] = [];
  readonly #identities: Array<readonly [Keyword, EdnData]> = [];
  #tempids = 0;

  constructor(model: Model, database: string, lookup: WriteLookup) {
    this.#model = model;
    this.#database = database;
    this.#lookup = lookup;
  }

  get operations(): ReadonlyArray<EdnData> {
    return this.#operations;
  }

  /** The identities that new entities claim: `[attribute value]`. */
  get identities(): ReadonlyArray<readonly [Keyword, EdnData]> {
    return this.#identities;
  }

  newTempid(): string {
    this.#tempids += 1;
    return `new-${this.#tempids}`;
  }

  add(entity: EntityTerm, attribute: Keyword, value: EdnData): void {
    this.#operations.push([ADD, entity, attribute, value]);
  }

  /** A new entity under a tempid, with those it creates in turn. */
  async create(type: EntityType, input: Input): Promise<string> {
    if (type.access?.create === false)
      throw new DatabaseError('FORBIDDEN', `The caller may not create entities of ${type.name}`);
    const tempid = this.newTempid();
    for (const [name, value] of Object.entries(input)) {
      const field = type.fields.get(name);
      const claims = field?.kind === 'scalar' && field.attribute.unique === 'identity';
      if (claims && value !== null) {
        this.#identities.push([field.attribute.ident, value as EdnData]);
      }
    }
    await this.assert(type, tempid, input, type.names.create);
    return tempid;
  }

  /** Adds what an input says; null says nothing. */
  async assert(type: EntityType, entity: EntityTerm, input: Input, place: string): Promise<void> {
    const before = this.#operations.length;
    for (const [name, value] of Object.entries(input)) {
      if (value === null || value === undefined) continue;
      const field = fieldAt(type, name, place);
      const values = field.many ? listAt(value, `${place}.${name}`) : [value];
      for (const each of values) {
        await this.#addValue(field, entity, each, `${place}.${name}`);
      }
    }
    if (this.#operations.length === before) throw badInput(place, 'needs at least one value');
  }

  /** Changes an entity as a patch says; null removes. */
  async patch(type: EntityType, entity: number, patch: Input): Promise<void> {
    const place = `${type.names.update}.patch`;
    for (const [name, value] of Object.entries(patch)) {
      if (value === undefined) continue;
      const field = fieldAt(type, name, place);
      const at = `${place}.${name}`;
      if (value === null || isUnlink(value)) this.#clear(entity, field.attribute.ident);
      else if (field.many) await this.#patchMany(field, entity, objectAt(value, at), at);
      else await this.#addValue(field, entity, value, at);
    }
  }

  retractEntity(entity: number): void {
    this.#operations.push([kw('db/retractEntity'), entity]);
  }

  #clear(entity: number, attribute: Keyword): void {
    this.#operations.push([RETRACT_ATTRIBUTE, entity, attribute]);
  }

  async #patchMany(
    field: ScalarField | RefField,
    entity: number,
    change: Input,
    place: string,
  ): Promise<void> {
    const { set, add, remove } = change;
    const isSet = set !== undefined && set !== null;
    const changes = [add, remove].filter((each) => each !== undefined && each !== null);
    if (isSet === changes.length > 0) throw badInput(place, 'takes either set, or add and remove');
    if (isSet) return this.#setMany(field, entity, listAt(set, `${place}.set`), place);
    for (const value of listAt(remove ?? [], `${place}.remove`)) {
      const removed =
        field.kind === 'ref' ? await this.#existing(field, value) : (value as EdnData);
      this.#operations.push([RETRACT, entity, field.attribute.ident, removed]);
    }
    for (const value of listAt(add ?? [], `${place}.add`)) {
      await this.#addValue(field, entity, value, `${place}.add`);
    }
  }

  /** Retracts only what goes, so that what stays keeps its transaction. */
  async #setMany(
    field: ScalarField | RefField,
    entity: number,
    wanted: ReadonlyArray<unknown>,
    place: string,
  ): Promise<void> {
    const { ident } = field.attribute;
    const values: EdnData[] = [];
    for (const value of wanted) values.push(await this.#toValue(field, value, `${place}.set`));
    const kept = new Set(values.map(valueKey));
    for (const current of await this.#lookup.values(entity, ident)) {
      if (!kept.has(valueKey(current))) this.#operations.push([RETRACT, entity, ident, current]);
    }
    for (const value of values) this.add(entity, ident, value);
  }

  async #addValue(
    field: ScalarField | RefField,
    entity: EntityTerm,
    value: unknown,
    place: string,
  ): Promise<void> {
    this.add(entity, field.attribute.ident, await this.#toValue(field, value, place));
  }

  async #toValue(field: ScalarField | RefField, value: unknown, place: string): Promise<EdnData> {
    if (field.kind === 'scalar') return scalarAt(value, place);
    const { link, create } = objectAt(value, place);
    if (link !== undefined && link !== null) return this.#existing(field, link);
    const type = field.target === undefined ? undefined : this.#model.types.get(field.target);
    if (create !== undefined && create !== null && type !== undefined) {
      return this.create(type, objectAt(create, `${place}.create`));
    }
    throw badInput(
      place,
      'must link or create an entity; unlink stands only for a single reference in a patch',
    );
  }

  #existing(field: RefField, by: unknown): Promise<number> {
    const name = parseBy(this.#model, this.#database, field.target, objectAt(by, 'link') as By);
    return this.#lookup.require(field.target, name);
  }
}

function fieldAt(type: EntityType, name: string, place: string): ScalarField | RefField {
  const field = type.fields.get(name);
  if (field === undefined || !isWritableField(field)) {
    throw badInput(`${place}.${name}`, `names no field of ${type.name} that can be written`);
  }
  return field;
}

function isUnlink(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'unlink' in value && value.unlink === true;
}

function scalarAt(value: unknown, place: string): EdnData {
  if (value === null || value === undefined) throw badInput(place, 'holds a null');
  return value as EdnData;
}

function objectAt(value: unknown, place: string): Input {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Input;
  throw badInput(place, 'must be an object');
}

function listAt(value: unknown, place: string): ReadonlyArray<unknown> {
  if (Array.isArray(value)) return value;
  throw badInput(place, 'must be a list');
}
