/** Transactions as objects: `{ t instant id entity }`. */
import { kw } from '../../../schema/keyword.ts';
import type { Projection } from '../../../services/reader/reader.ts';
import { quote } from '../json.ts';
import { entityField, plain } from './object-plan.ts';
import type { ObjectFields, ObjectPlan } from '../plan.ts';

const INSTANT: Projection = { attributes: [{ kind: 'one', ident: kw('db/txInstant') }] };

/** A transaction is its number. */
export const TX_FIELDS: ObjectFields<number> = {
  id: () => plain((tx, { scope }) => quote(scope.encodeId(tx))),
  t: () => plain((tx) => `"${tx}"`),
  instant: () => INSTANT_OF,
  entity: ({ entity = ANY }, planEntities) =>
    entityField(planEntities(undefined, entity), (tx) => tx),
};

const ANY = { kind: 'any', common: [], fieldsByType: new Map() } as const;

const INSTANT_OF: ObjectPlan<number> = {
  read: async ({ scope }, values) => {
    const txs = Array.from(new Set(values));
    const { columns } = await scope.snapshot.project(INSTANT, txs);
    const instants = columns[0] as ReadonlyArray<Date | undefined>;
    const byTx = new Map(txs.map((tx, place) => [tx, instants[place]]));
    return (tx) => JSON.stringify(byTx.get(tx) ?? null);
  },
  cost: () => 0,
};
