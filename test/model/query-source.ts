/** Databases of the model as queries look into them: what names stand for there. */
import { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { Fact, ModelDb } from './facts.ts';
import { isSameValue, sortFacts } from './order.ts';
import type { Forms, ModelDatabase } from './query-world.ts';
import { fail } from './refusal.ts';
import { ModelSchema } from './schema.ts';

/** A database of which some facts are shown. */
export function databaseOf(db: ModelDb, facts: ReadonlyArray<Fact>): ModelDatabase {
  const rows = facts.map(({ e, a, v, tx, added }) => [e, a, v, tx, added]);
  return { db, schema: new ModelSchema(db), facts, rows };
}

/** The values of an attribute of an entity in the order of EAVT, or who refers to it by `:_attribute`. */
export function valuesOf(
  { schema, facts }: ModelDatabase,
  e: number,
  ident: Keyword,
): ReadonlyArray<Value> {
  const isBackward = ident.name.startsWith('_');
  const forward = isBackward ? Keyword.intern(`${ident.namespace}/${ident.name.slice(1)}`) : ident;
  const a = schema.nameOf(forward);
  const ofAttribute = sortFacts(
    facts.filter((fact) => fact.a === a),
    'eavt',
  );
  return isBackward
    ? ofAttribute.filter(({ v }) => v === e).map((fact) => fact.e)
    : ofAttribute.filter((fact) => fact.e === e).map(({ v }) => v);
}

/** The entity that an id, an ident or a lookup ref names. */
export function entityNamed(source: ModelDatabase, ref: EdnData): number | undefined {
  if (typeof ref === 'number') return ref;
  if (ref instanceof Keyword) return source.schema.idOf(ref);
  const pair = ref instanceof EdnList ? ref.items : ref;
  if (!Array.isArray(pair)) return undefined;
  const [name = null, value = null] = pair as Forms;
  const attribute = name instanceof Keyword ? source.schema.attributeNamed(name) : undefined;
  if (attribute?.unique === undefined) fail('lookup-ref/unique');
  const found = source.facts.filter(
    ({ a, v }) => a === attribute.name && value !== null && isSameValue(v, value as Value),
  );
  return sortFacts(found, 'avet')[0]?.e;
}

/** As {@link entityNamed}, and refused where nothing is named. */
export function requireNamed(source: ModelDatabase, ref: EdnData): number {
  return entityNamed(source, ref) ?? fail('entity-id/missing');
}

/**
 * What a given value stands for at a place of a pattern, where names stand for entities and attributes; undefined where it names nothing.
 * `isRequired`: of a constant or a single input, which are refused then.
 */
export function standsFor(
  source: ModelDatabase,
  terms: Forms,
  place: number,
  value: EdnData,
  isRequired: boolean,
): EdnData | undefined {
  const { schema } = source;
  const [, a = null] = terms;
  if (place === 1 && value instanceof Keyword) return isRequired ? schema.nameOf(value) : value;
  const isReference =
    place === 2 && a instanceof Keyword && schema.attributeNamed(a)?.type === 'ref';
  if ((place !== 0 && !isReference) || typeof value === 'number') return value;
  const isLookupRef = Array.isArray(value) || value instanceof EdnList;
  return isRequired && isLookupRef ? requireNamed(source, value) : entityNamed(source, value);
}
