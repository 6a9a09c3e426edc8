/**
 * The schema of one database value, derived from the datoms of the entities that define attributes, and moved forward by the
 * changes of each transaction without reading anything.
 */
import type { Attribute, TupleDefinition, ValueType } from '../../schema/attribute.ts';
import { VALUE_TYPES } from '../../schema/attribute.ts';
import { DB, SYSTEM_ATTRIBUTES, isReserved } from '../../schema/bootstrap.ts';
import { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import type { Datom } from '../datom/datom.ts';
import type { Change } from '../novelty/change.ts';

/** Attributes of attributes, all that a definition is made of. */
export const DEFINING_ATTRIBUTES: ReadonlyArray<Keyword> = [
  DB.ident,
  DB.valueType,
  DB.cardinality,
  DB.unique,
  DB.index,
  DB.isComponent,
  DB.noHistory,
  DB.doc,
  DB.tupleType,
  DB.tupleTypes,
  DB.tupleAttrs,
  DB.targets,
];

const DEFINING_NUMBERS: ReadonlyMap<number, Keyword> = new Map(
  DEFINING_ATTRIBUTES.map((ident) => [attributeNumber(ident), ident]),
);

/** What the datoms say of one entity that has an ident or part of a definition. */
interface Definition {
  readonly values: ReadonlyMap<Keyword, ReadonlyArray<Value>>;
  /** The transaction that named the entity. */
  readonly installedTx: number;
}

export class Schema {
  readonly #definitions: ReadonlyMap<number, Definition>;
  readonly #byNumber = new Map<number, Attribute>();
  readonly #idsByIdent = new Map<Keyword, number>();
  readonly #identsById = new Map<number, Keyword>();
  /** The user's attributes by ident, in the order of their installation. */
  readonly userAttributes: ReadonlyMap<Keyword, Attribute>;

  private constructor(definitions: ReadonlyMap<number, Definition>) {
    this.#definitions = definitions;
    for (const attribute of SYSTEM_ATTRIBUTES)
      this.#byNumber.set(attributeNumber(attribute.ident), attribute);
    const userAttributes: Attribute[] = [];
    for (const [id, definition] of definitions) {
      const ident = keywordOf(definition, DB.ident);
      if (ident === undefined) continue;
      this.#idsByIdent.set(ident, id);
      this.#identsById.set(id, ident);
      if (!isAttribute(definition)) continue;
      const attribute = attributeOf(id, ident, definition);
      this.#byNumber.set(attributeNumber(ident), attribute);
      if (!isReserved(ident)) userAttributes.push(attribute);
    }
    userAttributes.sort((a, b) => a.installedTx - b.installedTx || a.id - b.id);
    this.userAttributes = new Map(userAttributes.map((attribute) => [attribute.ident, attribute]));
  }

  static readonly empty = new Schema(new Map());

  /** The attribute of a number, see `attribute-number.ts`; undefined where nothing declares it. */
  attribute(number: number): Attribute | undefined {
    return this.#byNumber.get(number);
  }

  isIndexed(number: number): boolean {
    return this.#byNumber.get(number)?.indexed === true;
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

  /** The schema after some changes; itself where none of them defines anything. */
  apply(changes: Iterable<Change>): Schema {
    let definitions: Map<number, Definition> | undefined;
    for (const { kind, datom } of changes) {
      const ident = DEFINING_NUMBERS.get(datom.a);
      if (ident === undefined) continue;
      definitions ??= new Map(this.#definitions);
      redefine(definitions, ident, datom, kind === 'assert');
    }
    return definitions === undefined ? this : new Schema(definitions);
  }
}

function redefine(
  definitions: Map<number, Definition>,
  ident: Keyword,
  { e, v, tx }: Datom,
  isAssertion: boolean,
): void {
  const before = definitions.get(e) ?? { values: new Map(), installedTx: tx };
  const kept = (before.values.get(ident) ?? []).filter((value: Value) => !valueEquals(value, v));
  const values = new Map(before.values).set(ident, isAssertion ? [...kept, v] : kept);
  definitions.set(e, { values, installedTx: before.installedTx });
}

function isAttribute({ values }: Definition): boolean {
  for (const [ident, of] of values)
    if (ident !== DB.ident && ident !== DB.doc && of.length > 0) return true;
  return false;
}

function attributeOf(id: number, ident: Keyword, definition: Definition): Attribute {
  const valueType = valueTypeOf(keywordOf(definition, DB.valueType));
  const unique = keywordOf(definition, DB.unique);
  const doc = definition.values.get(DB.doc)?.[0];
  const targets = (definition.values.get(DB.targets) ?? []).filter((v) => v instanceof Keyword);
  return {
    id,
    ident,
    valueType,
    cardinality: keywordOf(definition, DB.cardinality) === DB.many ? 'many' : 'one',
    unique:
      unique === DB.uniqueIdentity ? 'identity' : unique === DB.uniqueValue ? 'value' : undefined,
    indexed: isSet(definition, DB.index) || unique !== undefined || valueType === 'ref',
    component: isSet(definition, DB.isComponent),
    noHistory: isSet(definition, DB.noHistory),
    doc: typeof doc === 'string' ? doc : undefined,
    tuple: tupleOf(definition),
    ...(targets.length > 0 ? { targets } : {}),
    installedTx: definition.installedTx,
  };
}

function tupleOf(definition: Definition): TupleDefinition | undefined {
  const attributes = definition.values.get(DB.tupleAttrs)?.[0];
  if (attributes !== undefined)
    return { kind: 'composite', attributes: attributes as ReadonlyArray<Keyword> };
  const types = definition.values.get(DB.tupleTypes)?.[0];
  if (Array.isArray(types))
    return {
      kind: 'heterogeneous',
      types: types.flatMap((type: unknown) =>
        type instanceof Keyword ? (valueTypeOf(type) ?? []) : [],
      ),
    };
  const type = valueTypeOf(keywordOf(definition, DB.tupleType));
  return type === undefined ? undefined : { kind: 'homogeneous', type };
}

/** `:db.type/long` is `'long'`. */
export function valueTypeOf(type: Keyword | undefined): ValueType | undefined {
  return type?.namespace === 'db.type'
    ? VALUE_TYPES.find((valueType) => valueType === type.name)
    : undefined;
}

function keywordOf({ values }: Definition, ident: Keyword): Keyword | undefined {
  const value = values.get(ident)?.[0];
  return value instanceof Keyword ? value : undefined;
}

function isSet({ values }: Definition, ident: Keyword): boolean {
  return values.get(ident)?.[0] === true;
}
