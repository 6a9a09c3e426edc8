/** The schema as data, in the shapes of Datahike. */
import { DB } from '../../schema/bootstrap.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Db } from './db.ts';

/** Each ident with what is said of it: attributes, enums and entity specs; `:db/id` but for idents that were replaced by others. */
export function schema(db: Db): EdnMap {
  const entries = new Map<EdnData, EdnData>();
  for (const { ident, id, facts } of db.schema.entries())
    entries.set(ident, id === undefined ? facts : new Map([...facts, [DB.id, id]]));
  return entries;
}

/**
 * The other way round: properties such as `:db/unique`, `:db.type/ref` or `:db.cardinality/many` with the set of attributes that have them.
 */
export function reverseSchema(db: Db): EdnMap {
  const sets = new Map<EdnData, Set<EdnData>>();
  const add = (property: EdnData, ident: Keyword): void => {
    const attributes = sets.get(property);
    if (attributes === undefined) sets.set(property, new Set([ident]));
    else attributes.add(ident);
  };
  for (const [key, facts] of schema(db)) {
    const ident = key as Keyword;
    add(DB.ident, ident);
    for (const [fact, value] of facts as EdnMap)
      for (const property of propertiesOf(fact, value)) add(property, ident);
  }
  const memberships = membershipsOf(db);
  return memberships.size === 0 ? sets : new Map([...sets, [ATTR_TUPLES, memberships]]);
}

const ATTR_TUPLES = kw('db/attrTuples');

/** Pairs of a member of composite tuples and its places in them. */
function membershipsOf(db: Db): ReadonlySet<EdnData> {
  const places = new Map<Keyword, Map<EdnData, EdnData>>();
  for (const { ident, tuple } of db.schema.composites) {
    if (tuple?.kind !== 'composite') continue;
    for (const [place, member] of tuple.attributes.entries())
      places.set(member, (places.get(member) ?? new Map<EdnData, EdnData>()).set(ident, place));
  }
  return new Set(places);
}

const CONSTRAINED = kw('db.attr/constrained');

/** What one fact about an attribute makes it. */
function propertiesOf(fact: EdnData, value: EdnData): ReadonlyArray<EdnData> {
  if (fact === DB.maxLength || fact === DB.attrPreds) return [CONSTRAINED];
  if (value === true)
    return fact === DB.isComponent || fact === DB.index || fact === DB.noHistory ? [fact] : [];
  return value instanceof Keyword ? (PROPERTIES.get(value) ?? []) : [];
}

const PROPERTIES: ReadonlyMap<Keyword, ReadonlyArray<Keyword>> = new Map<
  Keyword,
  ReadonlyArray<Keyword>
>([
  [DB.uniqueIdentity, [DB.unique, DB.uniqueIdentity, DB.index]],
  [DB.uniqueValue, [DB.unique, DB.uniqueValue, DB.index]],
  [DB.many, [DB.many]],
  [kw('db.type/ref'), [kw('db.type/ref'), DB.index]],
  [kw('db.type/tuple'), [kw('db.type/tuple')]],
  ...['string', 'bytes', 'float-array', 'double-array'].map(
    (type) => [kw(`db.type/${type}`), [CONSTRAINED]] as const,
  ),
]);
