/**
 * Attributes to a model: a pure function. Locks count first; what is not locked is decided in the order in which attributes were installed, and looks
 * only at those installed before (or in the same transaction). So installing one more never renames, retypes or removes what is there.
 */
import type { Attribute } from '../attribute.ts';
import type { Keyword } from '../keyword.ts';
import type {
  EntityType,
  Field,
  ForeignField,
  Lock,
  Mixin,
  Model,
  ModelConfig,
  Provenance,
} from './model.ts';
import {
  claimFieldName,
  claimForeignName,
  claimMergedFieldName,
  claimReverseName,
  claimTypeName,
  reservedTypeClaims,
  rootNames,
} from './naming.ts';
import type { Claims } from './naming.ts';
import { shapeOf } from './shape-of.ts';
import type { ShapeContext } from './shape-of.ts';
import { shapeName } from './shapes.ts';

/** Builds the model of a set of attributes; attributes of the database itself (`:db/*`, `:gateway/*`) are left out. */
export function buildModel(attributes: Iterable<Attribute>, config: ModelConfig = {}): Model {
  const visible = Array.from(attributes, (attribute) => configured(attribute, config))
    .filter((attribute) => !isHidden(attribute))
    .sort((a, b) => a.installedTx - b.installedTx || a.id - b.id);
  return new ModelBuilder(visible, config).build();
}

/** A type, or a mixin, while its fields are being added. */
interface TypeDraft {
  readonly name: string;
  readonly isMixin: boolean;
  readonly namespaces: Set<string>;
  /** The transaction that brought the first attribute. */
  readonly since: number;
  readonly attributes: Attribute[];
  readonly fields: Map<string, Field>;
  readonly foreign: Map<string, ForeignField>;
  readonly claims: Claims;
}

interface Target {
  readonly draft: TypeDraft | undefined;
  readonly provenance: Provenance;
}

class ModelBuilder {
  readonly #attributes: ReadonlyArray<Attribute>;
  readonly #config: ModelConfig;
  readonly #claims = reservedTypeClaims();
  readonly #drafts = new Map<string, TypeDraft>();
  readonly #byNamespace = new Map<string, TypeDraft>();
  readonly #fieldNames = new Map<Keyword, string>();
  readonly #locks = new Map<Keyword, Lock>();
  readonly #notes: string[] = [];

  constructor(attributes: ReadonlyArray<Attribute>, config: ModelConfig) {
    this.#attributes = attributes;
    this.#config = config;
  }

  build(): Model {
    for (const group of inGroups(this.#attributes)) {
      for (const attribute of group) this.#place(attribute);
      for (const attribute of group) this.#nameField(attribute);
      for (const attribute of group) this.#addField(attribute);
      // What is locked takes its name before what was said to be a reference later.
      const isLocked = ({ annotations }: Attribute): boolean =>
        annotations?.lockReverse !== undefined;
      for (const attribute of group) if (isLocked(attribute)) this.#addForeign(attribute);
      for (const attribute of group) if (!isLocked(attribute)) this.#addForeign(attribute);
    }
    return this.#freeze();
  }

  /** Finds the type of an attribute, that of its namespace, and names it where it is the first one. */
  #place(attribute: Attribute): void {
    const { namespace } = attribute.ident;
    let draft = this.#byNamespace.get(namespace);
    if (draft === undefined) {
      draft = this.#draftFor(attribute);
      draft.namespaces.add(namespace);
      this.#byNamespace.set(namespace, draft);
    }
    draft.attributes.push(attribute);
  }

  #draftFor({ ident: { namespace }, annotations, installedTx }: Attribute): TypeDraft {
    const wish = annotations?.lockType ?? this.#composed(namespace);
    const known = wish === undefined ? undefined : this.#drafts.get(wish);
    if (known !== undefined) return known;
    const name = claimTypeName(this.#claims, this.#stripped(namespace), wish);
    const isMixin = Object.hasOwn(this.#config.mixins ?? {}, namespace);
    const draft = {
      name,
      isMixin,
      namespaces: new Set<string>(),
      since: installedTx,
      attributes: [],
      fields: new Map<string, Field>(),
      foreign: new Map<string, ForeignField>(),
      claims: isMixin ? this.#mixinClaims(namespace) : this.#typeClaims(name),
    };
    this.#drafts.set(name, draft);
    return draft;
  }

  /** What a mixin claims, it claims in each of the types that share it. */
  #mixinClaims(namespace: string): Claims {
    const own = new Set<string>();
    const types = this.#config.mixins?.[namespace] ?? [];
    const all = (): ReadonlyArray<Claims> =>
      types.flatMap((name) => this.#drafts.get(name)?.claims ?? []);
    return {
      has: (name) => own.has(name) || all().some((claims) => claims.has(name)),
      add: (name) => own.add(name),
    };
  }

  #typeClaims(type: string): Claims {
    const own = new Set<string>();
    const mixins = Object.entries(this.#config.mixins ?? {})
      .filter(([, types]) => types.includes(type))
      .map(([namespace]) => namespace);
    const isShared = (name: string): boolean =>
      mixins.some((namespace) => this.#byNamespace.get(namespace)?.fields.has(name) === true);
    return { has: (name) => own.has(name) || isShared(name), add: (name) => own.add(name) };
  }

  /** The name of the type of several namespaces that a namespace is a part of. */
  #composed(namespace: string): string | undefined {
    const types = Object.entries(this.#config.types ?? {});
    return types.find(([, { namespaces }]) => namespaces.includes(namespace))?.[0];
  }

  #stripped(namespace: string): string {
    const prefix = this.#config.stripPrefix;
    const isUnder = prefix !== undefined && namespace.startsWith(`${prefix}.`);
    return isUnder ? namespace.slice(prefix.length + 1) : namespace;
  }

  #draftOf(attribute: Attribute): TypeDraft {
    const draft = this.#byNamespace.get(attribute.ident.namespace);
    if (draft === undefined) throw new Error('Expected every attribute to have a type');
    return draft;
  }

  #nameField(attribute: Attribute): void {
    const draft = this.#draftOf(attribute);
    const { annotations, ident } = attribute;
    const wish = annotations?.lockField ?? annotations?.name;
    const claimName = draft.namespaces.size > 1 ? claimMergedFieldName : claimFieldName;
    const name = claimName(draft.claims, ident, wish);
    this.#fieldNames.set(ident, name);
    if (wish !== undefined && wish !== name)
      this.#notes.push(`${ident} is ${draft.name}.${name}: the name ${wish} is taken or is none`);
    if (
      annotations?.lockField !== undefined &&
      annotations.name !== undefined &&
      annotations.name !== name
    )
      this.#notes.push(`${ident} is locked as ${draft.name}.${name}; relock to rename it`);
  }

  #addField(attribute: Attribute): void {
    const draft = this.#draftOf(attribute);
    const { ident, annotations } = attribute;
    const name = this.#fieldNames.get(ident) ?? '';
    const base = {
      name,
      attribute,
      many: attribute.cardinality === 'many',
      deprecated: annotations?.deprecated,
    };
    if (attribute.valueType === 'ref' && !this.#isOfIdents(attribute)) {
      const { draft: target, provenance } = this.#targetOf(attribute);
      draft.fields.set(name, { ...base, kind: 'ref', target: target?.name });
      const reverse =
        target === undefined ? undefined : this.#addReverse(target, draft, name, attribute);
      const shape = target?.name ?? ANY_TARGET;
      this.#locks.set(ident, { type: draft.name, field: name, shape, reverse, provenance });
      return;
    }
    const shape = shapeOf(attribute, draft.name, name, this.#shapeContext());
    if (shape === undefined) return;
    const isIdent = attribute.valueType === 'ref';
    draft.fields.set(name, { ...base, kind: 'scalar', shape, isIdent });
    const isOwn = annotations?.enum !== undefined || annotations?.int === true;
    this.#locks.set(ident, {
      type: draft.name,
      field: name,
      shape: shapeName(shape),
      reverse: undefined,
      provenance: isOwn ? 'annotated' : 'matched',
    });
  }

  #shapeContext(): ShapeContext {
    return {
      typeClaims: this.#claims,
      fieldNameOf: (ident) => this.#fieldNames.get(ident),
      attributeOf: (ident) => this.#attributes.find((attribute) => attribute.ident === ident),
      note: (text) => this.#notes.push(text),
    };
  }

  /** Whether a ref leads to entities that are only idents. */
  #isOfIdents({ annotations }: Attribute): boolean {
    const locked = annotations?.lockShape;
    const isSaid =
      annotations?.enum !== undefined ||
      annotations?.targets?.some((target) => target.qualifiedName === 'db/ident') === true;
    return isSaid && (locked === undefined || !this.#isEntityType(locked));
  }

  #isEntityType(name: string): boolean {
    return name === ANY_TARGET || this.#drafts.has(name);
  }

  #addReverse(target: TypeDraft, source: TypeDraft, ref: string, attribute: Attribute): string {
    const { annotations } = attribute;
    const wish = annotations?.lockReverse ?? annotations?.reverseName;
    const name = claimReverseName(target.claims, source.name, ref, wish);
    const many = !attribute.component && attribute.unique === undefined;
    target.fields.set(name, { kind: 'reverse', name, attribute, many, target: source.name });
    return name;
  }

  /** The field that leads from the values of an attribute into the database that they are of. */
  #addForeign(attribute: Attribute): void {
    const { ident, annotations = {} } = attribute;
    const { referenceDatabase: database, referenceAttribute: referenced } = annotations;
    const draft = this.#draftOf(attribute);
    const key = draft.fields.get(this.#fieldNames.get(ident) ?? '');
    const lock = this.#locks.get(ident);
    if (database === undefined || referenced === undefined || lock === undefined) return;
    if (key?.kind !== 'scalar' || key.isIdent || key.shape.kind !== 'scalar') {
      this.#notes.push(
        `${ident} references ${referenced} of ${database}, but holds no plain value`,
      );
      return;
    }
    const wish = annotations.lockReverse ?? annotations.referenceName;
    const name = claimForeignName(draft.claims, key.name, referenced.namespace, wish);
    const target = undefined;
    draft.foreign.set(name, { name, key, database, attribute: referenced, target });
    this.#locks.set(ident, { ...lock, reverse: name });
  }

  /** The one type a ref leads to, or none for any: by its lock, by annotation, as a component, or by its local name. */
  #targetOf(attribute: Attribute): Target {
    const { annotations, ident } = attribute;
    const locked = annotations?.lockShape;
    if (locked !== undefined) {
      const draft = this.#drafts.get(locked);
      if (draft === undefined && locked !== ANY_TARGET)
        this.#notes.push(`${ident} is locked to ${locked}, which has no attributes any more`);
      return { draft, provenance: 'locked' };
    }
    const [wanted, ...more] = annotations?.targets ?? [];
    if (wanted !== undefined) {
      const draft = more.length > 0 ? undefined : this.#byNamespace.get(wanted.qualifiedName);
      if (draft === undefined && more.length === 0)
        this.#notes.push(`${ident} targets ${wanted}, which has no attributes`);
      return { draft, provenance: 'annotated' };
    }
    const { namespace, name } = ident;
    const child = attribute.component ? this.#byNamespace.get(`${namespace}.${name}`) : undefined;
    const draft = [child, this.#byNamespace.get(name)].find(
      (each) => each !== undefined && !each.isMixin && each.since <= attribute.installedTx,
    );
    return { draft, provenance: draft === undefined ? 'fallback' : 'matched' };
  }

  #freeze(): Model {
    const drafts = Array.from(this.#drafts.values());
    const mixins = drafts.filter(({ isMixin }) => isMixin).map((draft) => this.#mixinOf(draft));
    const types = drafts.filter(({ isMixin }) => !isMixin).map((draft) => typeOf(draft, mixins));
    const typesByAttribute = new Map(
      types.flatMap((type) => type.attributes.map(({ ident }) => [ident, type] as const)),
    );
    return {
      types: new Map(types.map((type) => [type.name, type])),
      typesByRoute: new Map(types.map((type) => [type.names.route, type])),
      typesByAttribute,
      mixins: new Map(mixins.map((mixin) => [mixin.name, mixin])),
      discriminator: this.#discriminator(),
      locks: this.#locks,
      notes: this.#notes,
    };
  }

  #discriminator(): Keyword | undefined {
    const { discriminator } = this.#config;
    if (
      discriminator !== undefined &&
      !this.#attributes.some(({ ident }) => ident === discriminator)
    )
      this.#notes.push(`The discriminator ${discriminator} is no attribute`);
    return discriminator;
  }

  #mixinOf({ name, namespaces, fields }: TypeDraft): Mixin {
    const [namespace = ''] = namespaces;
    return { name, namespace, types: this.#config.mixins?.[namespace] ?? [], fields };
  }
}

const ANY_TARGET = 'Entity';

function typeOf(draft: TypeDraft, mixins: ReadonlyArray<Mixin>): EntityType {
  const { name, attributes, fields, foreign } = draft;
  const namespaces = Array.from(draft.namespaces);
  const shared = mixins.filter(({ types }) => types.includes(name));
  // A field of the type's own hides one of the same name that it shares.
  const all = new Map([...shared.flatMap((mixin) => [...mixin.fields]), ...fields]);
  const named = namespaces.map((namespace) => `\`${namespace}\``).join(', ');
  const doc = namespaces.includes('')
    ? 'Entities with attributes that have no namespace.'
    : `Entities with attributes of the namespace ${named}.`;
  return { name, namespaces, names: rootNames(name), doc, attributes, fields: all, foreign };
}

/** An attribute with what the configuration says of it. */
function configured(attribute: Attribute, { attributes = {} }: ModelConfig): Attribute {
  const said = attributes[attribute.ident.toString()];
  if (said === undefined) return attribute;
  return { ...attribute, annotations: { ...attribute.annotations, ...said } };
}

function isHidden({ ident, annotations }: Attribute): boolean {
  return (
    annotations?.hidden === true || /^(db|db[.].*|gateway|gateway[.].*)$/.test(ident.namespace)
  );
}

/** What is locked comes first, then what was installed together, one transaction after the other. */
function inGroups(attributes: ReadonlyArray<Attribute>): ReadonlyArray<ReadonlyArray<Attribute>> {
  const groups = new Map<number, Attribute[]>();
  for (const attribute of attributes) {
    const isLocked = attribute.annotations?.lockField !== undefined;
    const key = isLocked ? 0 : attribute.installedTx;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [attribute]);
    else group.push(attribute);
  }
  const locked = groups.get(0) ?? [];
  groups.delete(0);
  return [locked, ...groups.values()];
}
