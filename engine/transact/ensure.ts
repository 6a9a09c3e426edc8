/** Entity specs: `{… :db/ensure :spec}` asks that the entity has what the spec requires once its map is applied. */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { registeredFunction } from '../shared/functions.ts';
import type { Suspended } from '../shared/suspend.ts';
import { awaiting } from '../shared/suspend.ts';
import type { Transaction } from './transaction.ts';
import { txError } from './tx-error.ts';

/**
 * Only what this transaction asserted of the entity so far counts as there; a spec that nothing defines asks for nothing.
 *
 * @throws SCHEMA_VIOLATION (`transact/ensure`)
 */
export function* ensure(transaction: Transaction, e: number, spec: EdnData): Suspended<void> {
  if (!(spec instanceof Keyword)) return;
  const { schema } = transaction.db;
  const id = schema.idOf(spec);
  const values = id === undefined ? undefined : schema.definition(id)?.values;
  const required = (values?.get(DB.entityAttrs) ?? []).filter((v) => v instanceof Keyword);
  if (required.length > 0) checkRequired(transaction, e, spec, required);
  const predicates = (values?.get(DB.entityPreds) ?? []).filter((v) => v instanceof Sym);
  if (predicates.length > 0) yield* checkPredicates(transaction, e, spec, predicates);
}

function checkRequired(
  { txData }: Transaction,
  e: number,
  spec: Keyword,
  required: ReadonlyArray<Keyword>,
): void {
  const written = new Set(txData.flatMap((datom) => (datom.e === e ? [datom.attribute] : [])));
  const missing = required.filter((attribute) => !written.has(attribute));
  if (missing.length === 0) return;
  throw txError(
    'transact/ensure',
    `Entity ${e} missing attributes ${printEdn(new Set(missing))} of spec ${spec.toString()}`,
    { entity: e, spec, attributes: missing },
    'SCHEMA_VIOLATION',
  );
}

function* checkPredicates(
  transaction: Transaction,
  e: number,
  spec: Keyword,
  predicates: ReadonlyArray<Sym>,
): Suspended<void> {
  const db = transaction.snapshot();
  const failed: Sym[] = [];
  for (const name of predicates) {
    const predicate = registeredFunction(name);
    if (predicate === undefined)
      throw txError(
        'transact/ensure',
        `No function is registered as ${name.name}, a predicate of spec ${spec.toString()}: register it before writing`,
        { entity: e, spec, predicate: name },
      );
    const holds = yield* awaiting(predicate(db, e));
    if (holds === false || holds === null || holds === undefined) failed.push(name);
  }
  if (failed.length === 0) return;
  throw txError(
    'transact/ensure',
    `Entity ${e} failed predicates ${printEdn(new Set(failed))} of spec ${spec.toString()}`,
    { entity: e, spec, predicates: failed },
    'SCHEMA_VIOLATION',
  );
}
