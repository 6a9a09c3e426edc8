/**
 * The models of several databases as one: what a set of them shows. A field is there where all databases that have it agree on what it is; what they
 * do not agree on is left out, and said so.
 */
import { kw } from '../keyword.ts';
import type { EntityType, Field, Model } from './model.ts';
import { claimSetType, claimSetValueType, reservedTypeClaims } from './naming.ts';
import type { Claims } from './naming.ts';
import type { Shape } from './shapes.ts';

/** Types and fields in the order of the models. `notes` tells what is left out. */
export function mergeModels(models: ReadonlyArray<Model>): Model {
  const drafts = new Map<string, TypeDraft>();
  for (const { types } of models)
    for (const type of types.values()) {
      const draft = drafts.get(type.name) ?? new TypeDraft(type);
      draft.add(type);
      drafts.set(type.name, draft);
    }
  const claims = reservedTypeClaims();
  const named = Array.from(drafts.values()).filter(({ name }) => claimSetType(claims, name));
  const shown = new Set(named.map(({ name }) => name));
  const sameShapes = new Map<string, string>();
  for (const draft of named) draft.claimShapes(claims, sameShapes);
  for (const draft of named) draft.keep((field) => leadsTo(field, shown));
  // What leads back has something that leads there.
  for (const draft of named)
    draft.keep((field) => field.kind !== 'reverse' || drafts.get(field.target)?.hasRef(field));
  const types = named.map((draft) => draft.type());
  const unnamed = Array.from(drafts.keys()).filter((name) => !shown.has(name));
  return {
    ...withTypes(types),
    notes: [
      ...unnamed.map((name) => `${name}: another type of the set needs the name`),
      ...named.flatMap((draft) => draft.notes),
    ],
  };
}

/**
 * One of the databases in the shape of the set: its own fields as far as the set has them. In the place of those that it lacks, or does not show to the
 * caller, there are fields of an attribute that no entity has: so they read, filter and sort as what has no value.
 */
export function modelWithin(set: Model, own: Model): Model {
  const types = Array.from(set.types.values(), (type): EntityType => {
    const there = own.types.get(type.name);
    const fields = Array.from(type.fields.values(), (field): Field => {
      const same = there?.fields.get(field.name);
      return same ?? { ...field, attribute: { ...field.attribute, ident: ABSENT } };
    });
    const [attribute] = type.attributes;
    const nowhere = attribute === undefined ? [] : [{ ...attribute, ident: ABSENT }];
    const shown = {
      ...type,
      attributes: there?.attributes ?? nowhere,
      fields: new Map(fields.map((field) => [field.name, field])),
    };
    return there?.access === undefined ? shown : { ...shown, access: there.access };
  });
  return withTypes(types);
}

/** No database has it: what begins with `gateway` is nobody else's to install. */
const ABSENT = kw('gateway.absent/attribute');

/** A type while the fields of all databases come together. */
class TypeDraft {
  readonly name: string;
  readonly notes: string[] = [];
  readonly #first: EntityType;
  readonly #fields = new Map<string, Field>();
  readonly #conflicts = new Set<string>();
  readonly #namesByAttribute = new Map<string, string>();
  readonly #attributes = new Map<string, EntityType['attributes'][number]>();

  constructor(first: EntityType) {
    this.name = first.name;
    this.#first = first;
  }

  add({ attributes, fields }: EntityType): void {
    for (const attribute of attributes)
      if (!this.#attributes.has(attribute.ident.toString()))
        this.#attributes.set(attribute.ident.toString(), attribute);
    for (const field of fields.values()) {
      const { name } = field;
      const known = this.#fields.get(name);
      if (known === undefined) this.#fields.set(name, field);
      else if (meaningOf(known) !== meaningOf(field)) this.#conflicts.add(name);
      const origin = `${field.kind === 'reverse' ? '<' : ''}${field.attribute.ident}`;
      const elsewhere = this.#namesByAttribute.get(origin) ?? name;
      this.#namesByAttribute.set(origin, elsewhere);
      if (elsewhere !== name) for (const each of [elsewhere, name]) this.#conflicts.add(each);
    }
  }

  /** Takes the names of the types that values have; those of fields that are the same count once. */
  claimShapes(claims: Claims, known: Map<string, string>): void {
    this.keep((field) => {
      const { shape } = field as { readonly shape?: Shape };
      if (shape?.kind !== 'enum' && shape?.kind !== 'tuple') return true;
      const text = textOf(shape);
      if (known.has(shape.name)) return known.get(shape.name) === text;
      known.set(shape.name, text);
      return claimSetValueType(claims, shape.name);
    });
  }

  keep(isKept: (field: Field) => boolean | undefined): void {
    for (const field of this.#fields.values())
      if (isKept(field) !== true) this.#conflicts.add(field.name);
  }

  hasRef({ attribute }: Field): boolean {
    return Array.from(this.#fields.values()).some(
      (field) =>
        field.kind === 'ref' &&
        field.attribute.ident === attribute.ident &&
        !this.#conflicts.has(field.name),
    );
  }

  type(): EntityType {
    const fields = new Map(Array.from(this.#fields).filter(([name]) => !this.#conflicts.has(name)));
    const left = Array.from(this.#conflicts).toSorted();
    const { name, namespaces, names, doc } = this.#first;
    if (left.length > 0) this.notes.push(`${name}: ${left.join(', ')}`);
    const note = `Left out, because the databases differ: ${left.map((each) => `\`${each}\``).join(', ')}.`;
    return {
      name,
      namespaces,
      names,
      doc: left.length === 0 ? doc : `${doc}\n\n${note}`,
      attributes: Array.from(this.#attributes.values()),
      fields,
      foreign: new Map(),
    };
  }
}

function leadsTo(field: Field, types: ReadonlySet<string>): boolean {
  return field.kind === 'scalar' || field.target === undefined || types.has(field.target);
}

/** Equal for fields that say the same. */
function meaningOf(field: Field): string {
  const { kind, many, attribute } = field;
  const held = field.kind === 'scalar' ? [textOf(field.shape), field.isIdent] : field.target;
  return JSON.stringify([kind, many, attribute.ident.toString(), held]);
}

function textOf(shape: Shape): string {
  return JSON.stringify(shape, (_key, value: unknown) =>
    value instanceof Map ? Array.from(value, ([key, each]) => [String(key), String(each)]) : value,
  );
}

function withTypes(types: ReadonlyArray<EntityType>): Model {
  return {
    types: new Map(types.map((type) => [type.name, type])),
    typesByRoute: new Map(types.map((type) => [type.names.route, type])),
    typesByAttribute: new Map(
      types.flatMap((type) => type.attributes.map(({ ident }) => [ident, type] as const)),
    ),
    mixins: new Map(),
    locks: new Map(),
    notes: [],
  };
}
