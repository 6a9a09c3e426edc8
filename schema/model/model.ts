/**
 * The schema model: a database's attributes as the entity types, fields and links that GraphQL, REST and their documents show.
 *
 * It is a pure function of the attributes. Everything is decided in the order in which attributes were installed and looks only at
 * attributes installed before (or in the same transaction), so installing one more never renames, retypes or removes what is there.
 */
import type { Attribute } from '../attribute.ts';
import type { Keyword } from '../keyword.ts';
import {
  claimFieldName,
  claimReverseName,
  claimTypeName,
  reservedTypeClaims,
  rootNames,
} from './naming.ts';
import type { Claims, RootNames } from './naming.ts';
import { scalarOfValueType } from './scalars.ts';
import type { ScalarName } from './scalars.ts';

export interface Model {
  /** By name, in order of installation. */
  readonly types: ReadonlyMap<string, EntityType>;
  readonly typesByNamespace: ReadonlyMap<string, EntityType>;
  readonly typesByRoute: ReadonlyMap<string, EntityType>;
  /** What could not be mapped as one would expect, for the operator. */
  readonly notes: ReadonlyArray<string>;
}

/** The entities that have at least one attribute of a namespace. */
export interface EntityType {
  readonly name: string;
  readonly namespace: string;
  readonly names: RootNames;
  readonly doc: string;
  /** Every attribute of the namespace, also those that no field shows; an entity with one of them has this type. */
  readonly attributes: ReadonlyArray<Attribute>;
  readonly fields: ReadonlyMap<string, Field>;
}

export type Field = ScalarField | RefField | ReverseField;

export interface ScalarField {
  readonly kind: 'scalar';
  readonly name: string;
  readonly attribute: Attribute;
  readonly scalar: ScalarName;
  readonly many: boolean;
}

export interface RefField {
  readonly kind: 'ref';
  readonly name: string;
  readonly attribute: Attribute;
  readonly many: boolean;
  /** The name of the target's type; undefined where any entity may be the target. */
  readonly target: string | undefined;
}

/** A ref seen from its target. */
export interface ReverseField {
  readonly kind: 'reverse';
  readonly name: string;
  readonly attribute: Attribute;
  /** False for components and unique refs: one entity at most points here. */
  readonly many: boolean;
  /** The name of the type that holds the ref. */
  readonly target: string;
}

/** Builds the model of a set of attributes; attributes of the database itself (`:db/*`, `:gateway/*`) are left out. */
export function buildModel(attributes: Iterable<Attribute>): Model {
  const visible = Array.from(attributes)
    .filter((attribute) => !isHidden(attribute.ident))
    .sort((a, b) => a.installedTx - b.installedTx || a.id - b.id);
  const drafts = draftTypes(visible);
  const notes: string[] = [];
  for (const attribute of visible) addField(drafts, attribute, notes);
  return freezeModel(drafts, notes);
}

/** A type while its fields are being added. */
interface TypeDraft {
  readonly name: string;
  readonly namespace: string;
  /** The transaction that brought the first attribute of the namespace. */
  readonly since: number;
  readonly attributes: Attribute[];
  readonly fields: Map<string, Field>;
  readonly claims: Claims;
}

type Drafts = ReadonlyMap<string, TypeDraft>;

function draftTypes(attributes: ReadonlyArray<Attribute>): Drafts {
  const claims = reservedTypeClaims();
  const drafts = new Map<string, TypeDraft>();
  for (const attribute of attributes) {
    const namespace = attribute.ident.namespace;
    const draft = drafts.get(namespace) ?? newDraft(claims, attribute);
    draft.attributes.push(attribute);
    drafts.set(namespace, draft);
  }
  return drafts;
}

function newDraft(claims: Claims, attribute: Attribute): TypeDraft {
  const namespace = attribute.ident.namespace;
  return {
    name: claimTypeName(claims, namespace),
    namespace,
    since: attribute.installedTx,
    attributes: [],
    fields: new Map(),
    claims: new Set(),
  };
}

function addField(drafts: Drafts, attribute: Attribute, notes: string[]): void {
  const draft = drafts.get(attribute.ident.namespace);
  if (draft === undefined) return;
  const name = claimFieldName(draft.claims, draft.namespace, attribute.ident.name);
  const many = attribute.cardinality === 'many';
  if (attribute.valueType === 'ref') {
    const target = refTarget(drafts, attribute, notes);
    draft.fields.set(name, { kind: 'ref', name, attribute, many, target: target?.name });
    if (target !== undefined) addReverse(target, draft, name, attribute);
    return;
  }
  const scalar = scalarOfValueType(attribute.valueType);
  if (scalar === undefined) notes.push(`${attribute.ident} holds tuples, which no field shows yet`);
  else draft.fields.set(name, { kind: 'scalar', name, attribute, scalar, many });
}

function addReverse(target: TypeDraft, source: TypeDraft, ref: string, attribute: Attribute): void {
  const name = claimReverseName(target.claims, source.name, ref);
  const many = !attribute.component && attribute.unique === undefined;
  target.fields.set(name, { kind: 'reverse', name, attribute, many, target: source.name });
}

/** The one type a ref leads to, or undefined for any: by annotation, as a component, or by its local name. */
function refTarget(drafts: Drafts, attribute: Attribute, notes: string[]): TypeDraft | undefined {
  const annotated = attribute.annotations?.targets ?? [];
  if (annotated.length > 1) return undefined;
  const [wanted] = annotated;
  if (wanted !== undefined) {
    const target = drafts.get(wanted.qualifiedName);
    if (target === undefined)
      notes.push(`${attribute.ident} targets ${wanted}, which has no attributes`);
    return target;
  }
  const { namespace, name } = attribute.ident;
  const child = attribute.component ? drafts.get(`${namespace}.${name}`) : undefined;
  return [child, drafts.get(name)].find(
    (draft) => draft !== undefined && draft.since <= attribute.installedTx,
  );
}

function freezeModel(drafts: Drafts, notes: ReadonlyArray<string>): Model {
  const all = Array.from(drafts.values(), freezeType);
  return {
    types: new Map(all.map((type) => [type.name, type])),
    typesByNamespace: new Map(all.map((type) => [type.namespace, type])),
    typesByRoute: new Map(all.map((type) => [type.names.route, type])),
    notes,
  };
}

function freezeType(draft: TypeDraft): EntityType {
  const { name, namespace, attributes, fields } = draft;
  const doc =
    namespace === ''
      ? 'Entities with attributes that have no namespace.'
      : `Entities with attributes of the namespace \`${namespace}\`.`;
  return { name, namespace, names: rootNames(name), doc, attributes, fields };
}

function isHidden(ident: Keyword): boolean {
  return /^(db|db[.].*|gateway|gateway[.].*)$/.test(ident.namespace);
}
