/** What an entity map may say about an attribute, before it is applied. What a whole transaction did is checked in `schema-check.ts`. */
import { ANNOTATIONS } from '../../schema/annotations.ts';
import { DB, isReserved } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword } from '../../schema/keyword.ts';
import { valueEquals } from '../../schema/value-key.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { Transaction } from './transaction.ts';
import { txError } from './tx-error.ts';

/** A map with one of these speaks of a definition. */
const DEFINES: ReadonlyArray<Keyword> = [
  DB.ident,
  DB.isComponent,
  DB.noHistory,
  DB.valueType,
  DB.cardinality,
  DB.unique,
  DB.index,
  DB.doc,
  DB.tupleType,
  DB.tupleTypes,
  DB.tupleAttrs,
  DB.maxLength,
  DB.attrPreds,
];

/** What may be said anew of an attribute at any time. */
const ALWAYS_ALLOWED: ReadonlySet<Keyword> = new Set([
  DB.doc,
  DB.noHistory,
  DB.isComponent,
  DB.maxLength,
  DB.attrPreds,
  DB.entityAttrs,
  DB.entityPreds,
  ...ANNOTATIONS,
]);

/** @throws SCHEMA_VIOLATION (`transact/schema`) */
export function checkDefinition(transaction: Transaction, e: number, map: EdnMap): void {
  if (!DEFINES.some((part) => map.has(part))) return;
  const ident = map.get(DB.ident);
  if (ident instanceof Keyword && isReserved(ident))
    throw schemaError(
      "Using namespace 'db' for attribute identifiers is not allowed",
      { context: map },
      `: ${ident.toString()}`,
    );
  const known = transaction.identOf(e);
  // Of an entity that its ident found only what it comes to is judged, as in Datahike.
  if (known !== undefined && map.has(DB.id)) checkUpdate(transaction, e, known, map);
  else if (known === undefined && transaction.isStrict) checkComplete(map);
}

/** An attribute says three things of itself. */
function checkComplete(map: EdnMap): void {
  if (!map.has(DB.cardinality) && !map.has(DB.valueType)) return;
  if ([DB.ident, DB.valueType, DB.cardinality].every((part) => map.has(part))) return;
  throw schemaError(
    'Incomplete schema transaction attributes, expected :db/ident, :db/valueType, :db/cardinality',
    { context: map },
    `, got ${printEdn(map)}`,
  );
}

function checkUpdate({ db }: Transaction, e: number, ident: Keyword, map: EdnMap): void {
  const facts = db.schema.factsOf(e);
  const invalid = new Map<EdnData, EdnData>();
  for (const [key, value] of map) {
    if (key === DB.id || !(key instanceof Keyword)) continue;
    const before = facts.get(key) ?? null;
    const isSame =
      before === value || (before !== null && value !== null && isEqual(before, value));
    if (!isSame && !isAllowed(key, value, facts)) invalid.set(key, [before, value]);
  }
  if (invalid.size === 0) return;
  throw schemaError(
    'Update not supported for these schema attributes',
    { attribute: ident, 'invalid-updates': invalid, context: map },
    ` of ${ident.toString()}: ${printEdn(invalid)}`,
  );
}

function isAllowed(key: Keyword, value: EdnData, facts: EdnMap): boolean {
  if (ALWAYS_ALLOWED.has(key)) return true;
  if (key === DB.cardinality) return value !== DB.many || !facts.has(DB.unique);
  if (key === DB.unique) return facts.get(DB.cardinality) === DB.one;
  return key === DB.index && value === true;
}

function isEqual(before: EdnData, value: EdnData): boolean {
  return valueEquals(before as Value, value as Value);
}

function schemaError(
  message: string,
  data: Readonly<Record<string, unknown>>,
  hint: string,
): Error {
  return txError('transact/schema', message, data, 'SCHEMA_VIOLATION', hint);
}
