/** Entity maps of the model: `{:db/id e, :attr value, :many [v w], :ref {:nested "map"}, :_reverse e}`. */
import { Keyword, kw } from '../../schema/keyword.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { Attempt } from './attempt.ts';
import { isTempid } from './attempt.ts';
import { checkDefinition } from './check-schema.ts';
import { systemName } from './facts.ts';
import { ENTITY_PREDICATES, factsOf } from './functions.ts';
import { fail } from './refusal.ts';
import type { ModelAttribute } from './schema.ts';
import { fittingValue } from './values-fit.ts';

const ID = kw('db/id');
const ENSURE = kw('db/ensure');

export function entityMap(attempt: Attempt, map: EdnMap): number {
  const e = subjectOf(attempt, map);
  checkDefinition(attempt, e, map);
  if (attempt.before.config.attributeRefs && e <= 54) fail('transact/syntax');
  const entries = [...map].filter(([key]) => key !== ID && key !== ENSURE);
  const attributes = entries.map(([key]) => attributeOfEntry(attempt, key as Keyword));
  for (const [place, [key, value]] of entries.entries()) {
    const attribute = attributes[place]!;
    if (isBackward(key))
      for (const item of itemsOf(attempt, value))
        attempt.add(
          item instanceof Map ? entityMap(attempt, item as EdnMap) : attempt.target(item),
          attribute,
          e,
        );
    else
      for (const item of valuesOf(attempt, attribute, value)) {
        const isNested = item instanceof Map && attribute.type === 'ref';
        attempt.add(e, attribute, isNested ? entityMap(attempt, item as EdnMap) : item);
      }
  }
  const spec = map.get(ENSURE);
  if (spec instanceof Keyword) ensure(attempt, e, spec);
  return e;
}

function attributeOfEntry(attempt: Attempt, key: Keyword): ModelAttribute {
  if (!isBackward(key)) return attempt.attribute(key, true);
  const attribute = attempt.attribute(forward(key), true);
  return attribute.type === 'ref' ? attribute : fail('transact/syntax');
}

function isBackward(key: EdnData): boolean {
  return key instanceof Keyword && key.name.startsWith('_');
}

function forward({ namespace, name }: Keyword): Keyword {
  return kw(namespace === '' ? name.slice(1) : `${namespace}/${name.slice(1)}`);
}

function valuesOf(
  attempt: Attempt,
  { isMany, type }: ModelAttribute,
  value: EdnData,
): ReadonlyArray<EdnData> {
  if (!isMany) return [value];
  if (type === 'ref') return itemsOf(attempt, value);
  return Array.isArray(value) ? (value as ReadonlyArray<EdnData>) : [value];
}

/** Several references, or one, which a lookup ref is, too. */
function itemsOf({ schema }: Attempt, value: EdnData): ReadonlyArray<EdnData> {
  if (!Array.isArray(value)) return [value];
  const [ident] = value as ReadonlyArray<EdnData>;
  const isLookupRef =
    value.length === 2 &&
    ident instanceof Keyword &&
    schema.attributeNamed(ident)?.unique === 'identity';
  return isLookupRef ? [value] : (value as ReadonlyArray<EdnData>);
}

/** The entity that a map is about. */
function subjectOf(attempt: Attempt, map: EdnMap): number {
  const found = foundBy(attempt, map);
  const id = map.get(ID) ?? null;
  if (id === null) return found ?? ++attempt.maxEid;
  if (found === undefined) return attempt.entity(id);
  if (isTempid(id)) return attempt.bind(id, found);
  return attempt.entity(id) === found ? found : fail('transact/upsert');
}

/** The entity that the identities in a map find, also composite ones whose members it has all. */
function foundBy(attempt: Attempt, map: EdnMap): number | undefined {
  const holders: number[] = [];
  const note = (name: ModelAttribute['name'], v: Value | undefined): void => {
    const holder = v === undefined ? undefined : attempt.holder(name, v);
    if (holder !== undefined) holders.push(holder);
    if (new Set(holders).size > 1) fail('transact/upsert');
  };
  for (const [key, value] of map) {
    if (key === ID || key === ENSURE || isBackward(key)) continue;
    const attribute = attempt.schema.attributeNamed(key as Keyword);
    if (attribute?.unique === 'identity') note(attribute.name, identity(attempt, attribute, value));
  }
  for (const { tuple, unique, name } of attempt.schema.attributes) {
    if (tuple?.kind !== 'composite' || unique !== 'identity') continue;
    if (!tuple.parts.every((ident) => map.has(ident))) continue;
    const members = tuple.parts.map((ident) => {
      const attribute = attempt.attribute(ident, true);
      const value = map.get(ident) ?? null;
      return value === null ? fail('transact/syntax') : identity(attempt, attribute, value);
    });
    note(name, members.includes(undefined) ? undefined : (members as Value[]));
  }
  return holders[0];
}

function identity(attempt: Attempt, attribute: ModelAttribute, value: EdnData): Value | undefined {
  if (value === null) return undefined;
  if (attribute.type !== 'ref')
    return fittingValue(attempt, attribute, value) ?? fail('transact/schema');
  if (value instanceof Map) return undefined;
  return isTempid(value) ? attempt.known(value) : attempt.existing(value);
}

/** Only what this transaction said of the entity so far counts as there. */
function ensure(attempt: Attempt, e: number, spec: Keyword): void {
  const { schema, reported, before } = attempt;
  const id = schema.idOf(spec);
  if (id === undefined) return;
  const definition = schema.definition(id);
  for (const ident of definition.get('db.entity/attrs') ?? []) {
    const name = before.config.attributeRefs ? systemName(before.config, ident as Keyword) : ident;
    if (!reported.some((fact) => fact.e === e && fact.a === name)) fail('transact/ensure');
  }
  const values = factsOf(attempt.soFar, e).map(({ v }) => v);
  for (const predicate of definition.get('db.entity/preds') ?? [])
    if (ENTITY_PREDICATES[(predicate as { name: string }).name]?.(values) !== true)
      fail('transact/ensure');
}
