/**
 * The schema of one database value, derived from the datoms of the entities that define attributes, and moved forward by the
 * changes of each transaction without reading anything.
 */
import type { Attribute } from '../../schema/attribute.ts';
import { ANNOTATIONS } from '../../schema/annotations.ts';
import { DB, ENUM_ATTRIBUTES, SYSTEM_ATTRIBUTES, isReserved } from '../../schema/bootstrap.ts';
import type { SystemAttribute } from '../../schema/bootstrap.ts';
import { inHashOrder } from '../../schema/clojure-hash.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import { LAST_SYSTEM_ENTITY } from '../../schema/system-entities.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import {
  attributeName,
  attributeNumber,
  attributeNumberOfEntity,
} from '../datom/attribute-number.ts';
import { datomOf } from '../novelty/change.ts';
import type { Change } from '../novelty/change.ts';
import { AttributeNames } from './attribute-names.ts';
import {
  annotationsOf,
  isAttribute,
  redefine,
  tupleOf,
  undefine,
  valueTypeOf,
} from './definition.ts';
import type { Definition } from './definition.ts';

/** An attribute as the engine needs it. */
export interface SchemaAttribute extends Attribute {
  /** What stands for it in datoms, see `attribute-number.ts`. */
  readonly number: number;
  /** Whether it is one that every database has. */
  readonly isSystem: boolean;
  /** Whether a value of it has only to be of the right type, and to be free where it is unique; it concerns nothing but its entity. */
  readonly isPlain: boolean;
  /** The composite tuples that it is a member of. */
  readonly memberOf: ReadonlyArray<Membership>;
}

export interface Membership {
  readonly tuple: Keyword;
  readonly place: number;
}

export class Schema {
  readonly names: AttributeNames;
  /** All that it is made of, by the entities that are defined. */
  readonly definitions: ReadonlyMap<number, Definition>;
  readonly #byNumber = new Map<number, SchemaAttribute>();
  readonly #memberships: ReadonlyMap<Keyword, ReadonlyArray<Membership>>;
  readonly #undeclared = new Map<number, SchemaAttribute>();
  readonly #idsByIdent = new Map<Keyword, number>();
  readonly #identsById = new Map<number, Keyword>();
  /** The entities of idents that are in use or were before a renaming. */
  readonly #entities = new Map<Keyword, number>();
  /** The user's attributes by ident, in the order of their installation. */
  readonly userAttributes: ReadonlyMap<Keyword, SchemaAttribute>;
  /** The user's attributes that refer to entities, also under former idents, in the order in which Datahike takes them. */
  readonly refs: ReadonlyArray<SchemaAttribute>;
  /** The composite tuples. */
  readonly composites: ReadonlyArray<SchemaAttribute>;

  private constructor(names: AttributeNames, definitions: ReadonlyMap<number, Definition>) {
    this.names = names;
    this.definitions = definitions;
    this.#nameEntities();
    this.#memberships = this.#membershipsIn();
    const declared = this.#deriveAttributes().sort(
      (a, b) => a.installedTx - b.installedTx || a.id - b.id,
    );
    this.userAttributes = new Map(declared.map((attribute) => [attribute.ident, attribute]));
    const refs = Array.from(this.attributes).filter(
      ({ valueType, isSystem }) => valueType === 'ref' && !isSystem,
    );
    this.refs = inHashOrder(refs, ({ ident }) => ident);
    this.composites = declared.filter(({ tuple }) => tuple?.kind === 'composite');
  }

  /** The schema in which nothing is defined but what every database has. */
  static empty(attributeRefs: boolean): Schema {
    return new Schema(AttributeNames.of(attributeRefs), new Map());
  }

  /** The attribute of a number, see `attribute-number.ts`; undefined where nothing declares it. */
  attribute(number: number): SchemaAttribute | undefined {
    return this.#byNumber.get(number);
  }

  /** All there are: also the database's own, and those that a former ident stands for. */
  get attributes(): Iterable<SchemaAttribute> {
    return this.#byNumber.values();
  }

  isIndexed(number: number): boolean {
    return this.#byNumber.get(number)?.indexed === true;
  }

  /** What stands in datoms for the attribute of an ident; undefined where attributes are named by entities and none has the ident. */
  numberOf(ident: Keyword): number | undefined {
    if (!this.names.areEntities) return attributeNumber(ident);
    const id = this.#entities.get(ident);
    return id === undefined ? this.names.systemNumber(ident) : attributeNumberOfEntity(id);
  }

  /** As {@link numberOf}, of an ident or of the entity that defines an attribute. */
  numberFor(name: EdnData): number | undefined {
    if (name instanceof Keyword) return this.numberOf(name);
    if (typeof name !== 'number') return undefined;
    if (this.names.areEntities) return attributeNumberOfEntity(name);
    const ident = this.#identsById.get(name);
    return ident === undefined ? undefined : attributeNumber(ident);
  }

  /** What a lenient database takes an attribute for that nobody declared. */
  undeclared(ident: Keyword, number: number): SchemaAttribute {
    let attribute = this.#undeclared.get(number);
    if (attribute === undefined) {
      const memberOf = this.#memberships.get(ident) ?? [];
      attribute = { ...UNDECLARED, ident, number, memberOf };
      this.#undeclared.set(number, attribute);
    }
    return attribute;
  }

  attributeNamed(ident: Keyword): SchemaAttribute | undefined {
    const number = this.numberOf(ident);
    return number === undefined ? undefined : this.#byNumber.get(number);
  }

  /** The present ident of the attribute that a number stands for. */
  identOfNumber(number: number): Keyword | undefined {
    const name = attributeName(number);
    return typeof name === 'number' ? this.#identsById.get(name) : name;
  }

  /** The entity that an ident names. */
  idOf(ident: Keyword): number | undefined {
    return this.#idsByIdent.get(ident);
  }

  identOf(id: number): Keyword | undefined {
    return this.#identsById.get(id);
  }

  /** The names of all declared attributes, for suggestions. */
  get idents(): Iterable<Keyword> {
    return this.userAttributes.keys();
  }

  /** What is said of the entity that defines something. */
  definition(id: number): Definition | undefined {
    return this.definitions.get(id);
  }

  /** Each user's definition with the idents that name it, the former ones too; `id` is undefined for those. */
  *entries(): Iterable<{
    readonly ident: Keyword;
    readonly id: number | undefined;
    readonly facts: EdnMap;
  }> {
    for (const [ident, id] of this.#entities) {
      if (this.#isSystem(ident, id)) continue;
      const isCurrent = this.#idsByIdent.get(ident) === id;
      yield { ident, id: isCurrent ? id : undefined, facts: this.factsOf(id, ident) };
    }
  }

  /** The value of a fact about a definition, an enum as its keyword. */
  enumIdent(value: Value): Value {
    return typeof value === 'number' ? (this.#identsById.get(value) ?? value) : value;
  }

  /** The attribute of attributes that a number stands for. */
  definingIdent(number: number): Keyword | undefined {
    return this.#definingIdent(number, undefined);
  }

  /** Where attributes are named by their entities, annotations are attributes like the user's own. */
  #definingIdent(
    number: number,
    changed: ReadonlyMap<number, Definition> | undefined,
  ): Keyword | undefined {
    const system = this.names.definingIdent(number);
    if (system !== undefined || !this.names.areEntities) return system;
    const [ident] = (changed ?? this.definitions).get(-number)?.values.get(DB.ident) ?? [];
    return ident instanceof Keyword && ANNOTATIONS.has(ident) ? ident : undefined;
  }

  /** The schema after some changes; itself where none of them defines anything. */
  apply(changes: Iterable<Change>): Schema {
    let definitions: Map<number, Definition> | undefined;
    for (const change of changes) {
      const ident = this.#definingIdent(datomOf(change).a, definitions);
      if (ident === undefined) continue;
      definitions ??= new Map(this.definitions);
      redefine(definitions, ident, change);
    }
    return definitions === undefined ? this : new Schema(this.names, definitions);
  }

  /** The schema before some changes, the latest of which is the last. */
  undo(changes: ReadonlyArray<Change>): Schema {
    let definitions: Map<number, Definition> | undefined;
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i];
      const ident = change === undefined ? undefined : this.definingIdent(datomOf(change).a);
      if (change === undefined || ident === undefined) continue;
      definitions ??= new Map(this.definitions);
      undefine(definitions, ident, change);
    }
    return definitions === undefined ? this : new Schema(this.names, definitions);
  }

  #nameEntities(): void {
    for (const [id, { values }] of this.definitions) {
      const ident = values.get(DB.ident)?.[0];
      if (!(ident instanceof Keyword)) continue;
      this.#idsByIdent.set(ident, id);
      this.#identsById.set(id, ident);
      this.#entities.set(ident, id);
    }
    for (const [id, { formerIdents }] of this.definitions) {
      if (!this.#identsById.has(id)) continue;
      for (const ident of formerIdents)
        if (!this.#entities.has(ident)) this.#entities.set(ident, id);
    }
  }

  #deriveAttributes(): SchemaAttribute[] {
    const enter = (number: number, attribute: Attribute): SchemaAttribute => {
      const memberOf = this.#memberships.get(attribute.ident) ?? [];
      const isSystem = this.names.isSystem(number);
      const isPlain = memberOf.length === 0 && isPlainAttribute(attribute, isSystem);
      const entry = { ...attribute, number, isSystem, isPlain, memberOf };
      this.#byNumber.set(number, entry);
      return entry;
    };
    for (const attribute of this.names.systemAttributes) {
      const number = this.numberOf(attribute.ident);
      const id = this.names.areEntities && number !== undefined ? -number : 0;
      if (number !== undefined) enter(number, { ...attribute, id, installedTx: 0 });
    }
    const attributes: SchemaAttribute[] = [];
    for (const [ident, id] of this.#entities) {
      const definition = this.definitions.get(id);
      const number = this.numberOf(ident);
      if (definition === undefined || number === undefined || !isAttribute(definition)) continue;
      const isCurrent = this.#idsByIdent.get(ident) === id;
      if (this.names.areEntities && (!isCurrent || this.#isSystem(ident, id))) continue;
      const attribute = enter(number, this.#attributeOf(id, ident, definition));
      if (isCurrent && !this.#isSystem(ident, id)) attributes.push(attribute);
    }
    return attributes;
  }

  /** Whether a definition is the database's own. */
  #isSystem(ident: Keyword, id: number): boolean {
    return isReserved(ident) || (this.names.areEntities && id <= LAST_SYSTEM_ENTITY);
  }

  #membershipsIn(): ReadonlyMap<Keyword, Membership[]> {
    const memberships = new Map<Keyword, Membership[]>();
    for (const [tuple, id] of this.#idsByIdent) {
      const members = this.definitions.get(id)?.values.get(DB.tupleAttrs)?.[0];
      if (!Array.isArray(members)) continue;
      for (const [place, name] of members.entries()) {
        if (!(name instanceof Keyword)) continue;
        const member = this.#presentIdent(name);
        memberships.set(member, [...(memberships.get(member) ?? []), { tuple, place }]);
      }
    }
    return memberships;
  }

  /** The ident that an attribute has now: where attributes are entities, a definition may speak of it by a former one. */
  #presentIdent(ident: Keyword): Keyword {
    const id = this.names.areEntities ? this.#entities.get(ident) : undefined;
    return (id === undefined ? undefined : this.#identsById.get(id)) ?? ident;
  }

  #attributeOf(id: number, ident: Keyword, definition: Definition): Attribute {
    const { values, installedTx } = definition;
    const keywordOf = (key: Keyword): Keyword | undefined => {
      const value = values.get(key)?.[0];
      const name = value === undefined ? undefined : this.enumIdent(value);
      return name instanceof Keyword ? name : undefined;
    };
    const isSet = (key: Keyword): boolean => values.get(key)?.[0] === true;
    const valueType = valueTypeOf(keywordOf(DB.valueType));
    const unique = keywordOf(DB.unique);
    const doc = values.get(DB.doc)?.[0];
    const annotations = annotationsOf(definition);
    const maxLength = values.get(DB.maxLength)?.[0];
    const predicates = (values.get(DB.attrPreds) ?? []).filter((v) => v instanceof Sym);
    return {
      id,
      ident,
      valueType,
      cardinality: keywordOf(DB.cardinality) === DB.many ? 'many' : 'one',
      unique:
        unique === DB.uniqueIdentity ? 'identity' : unique === DB.uniqueValue ? 'value' : undefined,
      indexed: isSet(DB.index) || unique !== undefined || valueType === 'ref',
      component: isSet(DB.isComponent),
      noHistory: isSet(DB.noHistory),
      doc: typeof doc === 'string' ? doc : undefined,
      tuple: tupleOf(definition),
      ...(typeof maxLength === 'number' ? { maxLength } : {}),
      ...(predicates.length > 0 ? { predicates } : {}),
      ...(annotations === undefined ? {} : { annotations }),
      installedTx,
    };
  }

  /** What the datoms say of an entity that defines something: enums as keywords, several values as a vector. */
  factsOf(id: number, ident = this.#identsById.get(id)): EdnMap {
    const facts = new Map<Keyword, Value>();
    for (const [key, values] of this.definitions.get(id)?.values ?? []) {
      const [value] = values;
      if (value === undefined) continue;
      if (key === DB.ident) facts.set(key, ident ?? value);
      else if (MANY.has(key)) facts.set(key, values);
      else facts.set(key, ENUM_ATTRIBUTES.has(key) ? this.enumIdent(value) : value);
    }
    return facts;
  }
}

const UNDECLARED = {
  id: 0,
  valueType: undefined,
  cardinality: 'one',
  unique: undefined,
  indexed: false,
  component: false,
  noHistory: false,
  doc: undefined,
  tuple: undefined,
  installedTx: 0,
  isSystem: false,
  isPlain: false,
} as const;

function isPlainAttribute(attribute: Attribute, isSystem: boolean): boolean {
  const { ident, valueType, cardinality, tuple, predicates, maxLength } = attribute;
  const isChecked = predicates !== undefined || maxLength !== undefined || tuple !== undefined;
  const hasMeaning = isSystem && ident !== DB.txInstant;
  return cardinality === 'one' && valueType !== 'ref' && !isChecked && !hasMeaning;
}

/** Attributes of attributes that may have several values. */
const MANY: ReadonlySet<Keyword> = new Set(
  SYSTEM_ATTRIBUTES.filter(({ cardinality }: SystemAttribute) => cardinality === 'many').map(
    ({ ident }) => ident,
  ),
);
