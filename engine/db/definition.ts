/** What the datoms say of the entities that define attributes, moved forward and back by changes. */
import type { TupleDefinition, ValueType } from '../../schema/attribute.ts';
import { VALUE_TYPES } from '../../schema/attribute.ts';
import type { AnnotationAttribute, Annotations } from '../../schema/annotations.ts';
import { ANNOTATION, ANNOTATIONS, ANNOTATION_ATTRIBUTES } from '../../schema/annotations.ts';
import { DB } from '../../schema/bootstrap.ts';
import { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { datomOf, isAssertion } from '../novelty/change.ts';
import type { Change } from '../novelty/change.ts';
import { DEFINING_ATTRIBUTES } from './attribute-names.ts';

/** What the datoms say of one entity that has an ident or part of a definition. */
export interface Definition {
  readonly values: ReadonlyMap<Keyword, ReadonlyArray<Value>>;
  /** The transaction that named the entity. */
  readonly installedTx: number;
  /** Idents that were replaced by later ones: they go on to name the attribute. */
  readonly formerIdents: ReadonlyArray<Keyword>;
}

/** What is said of an entity after a change. */
export function redefine(
  definitions: Map<number, Definition>,
  ident: Keyword,
  change: Change,
): void {
  const { e, v, tx } = datomOf(change);
  if (!isAssertion(change) && change.kind === 'purge' && change.era === 'temporal') {
    if (ident === DB.ident && !change.datom.added) forgetIdent(definitions, e, v);
    return;
  }
  const before = definitions.get(e) ?? { values: new Map(), installedTx: tx, formerIdents: [] };
  const kept = (before.values.get(ident) ?? []).filter((value: Value) => !valueEquals(value, v));
  const values = new Map(before.values);
  if (isAssertion(change)) values.set(ident, [...kept, v]);
  else if (kept.length > 0) values.set(ident, kept);
  else values.delete(ident);
  const isKept = !isAssertion(change) && change.kind === 'retract' && change.keepsHistory;
  const isFormerIdent = isKept && ident === DB.ident && v instanceof Keyword;
  const formerIdents = isFormerIdent ? [...before.formerIdents, v] : before.formerIdents;
  definitions.set(e, { values, installedTx: before.installedTx, formerIdents });
}

/** Takes back what {@link redefine} did. */
export function undefine(
  definitions: Map<number, Definition>,
  ident: Keyword,
  change: Change,
): void {
  const { e, v } = datomOf(change);
  const after = definitions.get(e);
  const [values, formerIdents] = [new Map(after?.values), [...(after?.formerIdents ?? [])]];
  const others = (values.get(ident) ?? []).filter((value: Value) => !valueEquals(value, v));
  const before = isAssertion(change) ? others : [...others, v];
  if (before.length > 0) values.set(ident, before);
  else values.delete(ident);
  if (!isAssertion(change) && formerIdents.at(-1) === v) formerIdents.pop();
  if (values.size === 0) definitions.delete(e);
  else definitions.set(e, { values, installedTx: after?.installedTx ?? 0, formerIdents });
}

/** That an entity was renamed is not known any more. */
function forgetIdent(definitions: Map<number, Definition>, e: number, ident: Value): void {
  const before = definitions.get(e);
  if (before === undefined) return;
  const formerIdents = [...before.formerIdents];
  const place = formerIdents.findIndex((former) => former === ident);
  if (place >= 0) formerIdents.splice(place, 1);
  definitions.set(e, { ...before, formerIdents });
}

/** What an enum, a documented thing and an entity spec may have, too, or what changes nothing. */
const OF_OTHERS: ReadonlySet<Keyword> = new Set([
  DB.ident,
  DB.doc,
  DB.entityAttrs,
  DB.entityPreds,
  ...ANNOTATIONS,
]);

const MAKES_ATTRIBUTE = DEFINING_ATTRIBUTES.filter((ident) => !OF_OTHERS.has(ident));

export function isAttribute({ values }: Definition): boolean {
  return MAKES_ATTRIBUTE.some((ident) => values.has(ident));
}

export function tupleOf({ values }: Definition): TupleDefinition | undefined {
  const attributes = values.get(DB.tupleAttrs)?.[0];
  if (attributes !== undefined)
    return { kind: 'composite', attributes: attributes as ReadonlyArray<Keyword> };
  const types = values.get(DB.tupleTypes)?.[0];
  if (Array.isArray(types))
    return {
      kind: 'heterogeneous',
      types: types.flatMap((type: unknown) =>
        type instanceof Keyword ? (valueTypeOf(type) ?? []) : [],
      ),
    };
  const name = values.get(DB.tupleType)?.[0];
  const type = name instanceof Keyword ? valueTypeOf(name) : undefined;
  return type === undefined ? undefined : { kind: 'homogeneous', type };
}

/** `:db.type/long` is `'long'`. */
export function valueTypeOf(type: Keyword | undefined): ValueType | undefined {
  return type?.namespace === 'db.type'
    ? VALUE_TYPES.find((valueType) => valueType === type.name)
    : undefined;
}

const ANNOTATION_NAMES = new Map(
  Object.entries(ANNOTATION).map(([name, ident]) => [ident as Keyword, name]),
);

/** What an attribute says of itself to the gateway; undefined for nothing. Values that are none of an annotation are left out. */
export function annotationsOf({ values }: Definition): Annotations | undefined {
  const entries = ANNOTATION_ATTRIBUTES.flatMap(({ ident, valueType, isMany }) => {
    const said = (values.get(ident) ?? []).filter((value) => isAnnotation(valueType, value));
    const name = ANNOTATION_NAMES.get(ident);
    if (said.length === 0 || name === undefined) return [];
    return [[name, isMany ? said : said[0]] as const];
  });
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Annotations);
}

function isAnnotation(valueType: AnnotationAttribute['valueType'], value: Value): boolean {
  return valueType === 'keyword' ? value instanceof Keyword : typeof value === valueType;
}
