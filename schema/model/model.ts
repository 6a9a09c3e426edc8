/**
 * The schema model: a database's attributes as the entity types, fields and links that GraphQL, REST and their documents show. What it is made of
 * is in `build-model.ts`.
 */
import type { Attribute } from '../attribute.ts';
import type { Keyword } from '../keyword.ts';
import type { RootNames } from './naming.ts';
import type { Shape } from './shapes.ts';

export interface Model {
  /** By name, in order of installation. */
  readonly types: ReadonlyMap<string, EntityType>;
  readonly typesByRoute: ReadonlyMap<string, EntityType>;
  /** The type that an entity with the attribute has. */
  readonly typesByAttribute: ReadonlyMap<Keyword, EntityType>;
  /** Types that share the fields of a namespace. */
  readonly mixins: ReadonlyMap<string, Mixin>;
  /** The attribute in which an entity says under which of its types it is shown where its place does not tell. */
  readonly discriminator?: Keyword | undefined;
  /** What each attribute that is shown is, to be written down. */
  readonly locks: ReadonlyMap<Keyword, Lock>;
  /** What could not be mapped as one would expect, for the operator. */
  readonly notes: ReadonlyArray<string>;
}

/** The entities that have at least one attribute of some namespaces. */
export interface EntityType {
  readonly name: string;
  /** One, unless several were put together. */
  readonly namespaces: ReadonlyArray<string>;
  readonly names: RootNames;
  readonly doc: string;
  /** Every attribute of the namespaces, also those that no field shows; an entity with one of them has this type. */
  readonly attributes: ReadonlyArray<Attribute>;
  readonly fields: ReadonlyMap<string, Field>;
  /** What leads into other databases, by name. */
  readonly foreign: ReadonlyMap<string, ForeignField>;
  /** The database that it is of, where another one shows it. */
  readonly database?: string;
  /** What a caller may do with its entities; everything where nothing is said. */
  readonly access?: TypeAccess;
}

export interface TypeAccess {
  readonly create: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  readonly history: boolean;
}

/** The fields of a namespace whose entities have another type besides. */
export interface Mixin {
  readonly name: string;
  readonly namespace: string;
  /** The names of the types that have its fields. */
  readonly types: ReadonlyArray<string>;
  readonly fields: ReadonlyMap<string, Field>;
}

export type Field = ScalarField | RefField | ReverseField;

interface FieldBase {
  readonly name: string;
  readonly attribute: Attribute;
  readonly many: boolean;
  /** Why the field should not be used any more. */
  readonly deprecated?: string | undefined;
  /** Whether the caller may only see it. */
  readonly isReadOnly?: boolean;
}

export interface ScalarField extends FieldBase {
  readonly kind: 'scalar';
  readonly shape: Shape;
  /** Whether the values are refs to entities that stand for their idents, which are shown. */
  readonly isIdent: boolean;
}

export interface RefField extends FieldBase {
  readonly kind: 'ref';
  /** The name of the target's type; undefined where any entity may be the target. */
  readonly target: string | undefined;
}

/** A ref seen from its target. `many` is false for components and unique refs: one entity at most points here. */
export interface ReverseField extends FieldBase {
  readonly kind: 'reverse';
  /** The name of the type that holds the ref. */
  readonly target: string;
}

/** Leads from a value to the entity in another database that has it: the value of a unique attribute there. */
export interface ForeignField {
  readonly name: string;
  /** The field with the value. */
  readonly key: ScalarField;
  readonly database: string;
  readonly attribute: Keyword;
  /** The name of the entity's type here; undefined while the other database is not known, or not shown to the caller. */
  readonly target: string | undefined;
}

/** Why an attribute is served as it is: its own words, what its name or its being a component say, or for want of anything better. */
export type Provenance = 'annotated' | 'matched' | 'fallback' | 'locked';

export interface Lock {
  /** The type that has the field. */
  readonly type: string;
  readonly field: string;
  /** What the field holds: a scalar, an enum, a tuple, or the type that a reference leads to (`Entity` for any). */
  readonly shape: string;
  /** The field at the other end of a reference, or the one that leads into another database. */
  readonly reverse: string | undefined;
  readonly provenance: Provenance;
}

/** How a model differs from what its attributes alone come to. */
export interface ModelConfig {
  /** A leading part of namespaces that names leave out: with `crm`, `:crm.person/name` is `Person.name`. */
  readonly stripPrefix?: string | undefined;
  /** Types of several namespaces: `{ Employee: { namespaces: ['person', 'employee'] } }`. */
  readonly types?: Readonly<Record<string, { readonly namespaces: ReadonlyArray<string> }>>;
  /** Namespaces whose fields are shown by other types: `{ audit: ['Person', 'Order'] }`. */
  readonly mixins?: Readonly<Record<string, ReadonlyArray<string>>>;
  /** The attribute that names, as a keyword or a text, the namespace of the type under which an entity of several is shown. */
  readonly discriminator?: Keyword | undefined;
  /** By ident (`':person/name'`), what counts in the place of an attribute's own annotations. */
  readonly attributes?: Readonly<Record<string, Attribute['annotations']>>;
}
