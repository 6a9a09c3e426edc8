/** How the datoms of a database name attributes, and which attributes it has without declaring them. */
import { ANNOTATIONS } from '../../schema/annotations.ts';
import { DB, SYSTEM_ATTRIBUTES } from '../../schema/bootstrap.ts';
import type { SystemAttribute } from '../../schema/bootstrap.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { SYSTEM_ENTITIES } from '../../schema/system-entities.ts';
import { attributeNumber, attributeNumberOfEntity } from '../datom/attribute-number.ts';

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
  DB.maxLength,
  DB.attrPreds,
  DB.entityAttrs,
  DB.entityPreds,
  ...ANNOTATIONS,
];

export class AttributeNames {
  /** Whether attributes are named by their entities, or else by their idents. */
  readonly areEntities: boolean;
  readonly systemAttributes: ReadonlyArray<SystemAttribute>;
  readonly txInstant: number;
  readonly #definingIdents: ReadonlyMap<number, Keyword>;
  readonly #numbers: ReadonlyMap<Keyword, number>;
  readonly #systemNumbers: ReadonlySet<number>;

  constructor(areEntities: boolean) {
    this.areEntities = areEntities;
    const numbers = new Map(
      areEntities
        ? SYSTEM_ENTITIES.map(({ id, ident }) => [ident, attributeNumberOfEntity(id)] as const)
        : SYSTEM_ATTRIBUTES.map(({ ident }) => [ident, attributeNumber(ident)] as const),
    );
    this.systemAttributes = SYSTEM_ATTRIBUTES.filter(({ ident }) => numbers.has(ident)).map(
      (attribute) =>
        // A map that names an attribute which exists is refused, where by name it would speak of that one.
        areEntities && attribute.ident === DB.ident
          ? { ...attribute, unique: 'value' as const }
          : attribute,
    );
    this.txInstant = numbers.get(DB.txInstant) ?? attributeNumber(DB.txInstant);
    this.#definingIdents = new Map(
      DEFINING_ATTRIBUTES.flatMap((ident) => {
        const number = numbers.get(ident);
        return number === undefined ? [] : [[number, ident] as const];
      }),
    );
    this.#numbers = numbers;
    this.#systemNumbers = new Set(numbers.values());
  }

  static of(areEntities: boolean): AttributeNames {
    return areEntities ? BY_ENTITY : BY_IDENT;
  }

  /** The attribute of attributes that a number stands for. */
  definingIdent(number: number): Keyword | undefined {
    return this.#definingIdents.get(number);
  }

  /** The attributes of attributes. */
  get definingNumbers(): Iterable<number> {
    return this.#definingIdents.keys();
  }

  /** The number of an attribute that every database has. */
  systemNumber(ident: Keyword): number | undefined {
    return this.#numbers.get(ident);
  }

  /** Whether no transaction can change what the attribute means. */
  isSystem(number: number): boolean {
    return this.#systemNumbers.has(number);
  }
}

const BY_IDENT = new AttributeNames(false);
const BY_ENTITY = new AttributeNames(true);
