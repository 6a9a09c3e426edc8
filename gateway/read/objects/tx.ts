/** Transactions and facts as objects, which stand in each other: `{ t instant id entity datoms }`, `{ field attribute value added tx entity }`. */
import { kw } from '../../../schema/keyword.ts';
import type { Projection } from '../../../services/reader/reader.ts';
import { quote } from '../json.ts';
import type { ObjectFields, ObjectPlan, ObjectRun } from '../plan.ts';
import { hashList } from '../query/cursor.ts';
import type { ShownDatom } from './datoms.ts';
import { datomsOfTransaction, writeValue } from './datoms.ts';
import { entityField, looked, one, plain, planObject } from './object-plan.ts';
import type { ForwardArguments, ObjectPage } from './page.ts';
import { encodePlace, parseForward, planPage } from './page.ts';

const INSTANT: Projection = { attributes: [{ kind: 'one', ident: kw('db/txInstant') }] };

/** What a transaction said, page by page. */
export const DATOMS_OF_TX: ObjectFields<number>[string] = (part, planEntities) => {
  const argumentsOf = part.args as (variables: object) => ForwardArguments;
  return looked(
    planPage(part, DATOM_FIELDS, planEntities),
    (run, txs) => pagesOf(run, txs, argumentsOf(run.variables)),
    (variables) => argumentsOf(variables).first ?? USUAL_COST,
  );
};

/** A transaction is its number. */
export const TX_FIELDS: ObjectFields<number> = {
  id: () => plain((tx, { scope }) => quote(scope.encodeId(tx))),
  t: () => plain((tx) => `"${tx}"`),
  instant: () => INSTANT_OF,
  entity: ({ entity = ANY }, planEntities) =>
    entityField(planEntities(undefined, entity), (tx) => tx),
  datoms: DATOMS_OF_TX,
};

export const DATOM_FIELDS: ObjectFields<ShownDatom> = {
  id: () => plain(({ entity }, { scope }) => quote(scope.encodeId(entity))),
  entity: ({ entity = ANY }, planEntities) =>
    entityField(planEntities(undefined, entity), (datom) => datom.entity),
  field: () => plain(({ field }) => quote(field.name)),
  attribute: () => plain(({ field }) => quote(field.attribute.ident.toString())),
  value: () => plain(({ field, value }, { scope }) => writeValue(field, value, scope)),
  added: () => plain(({ added }) => String(added)),
  tx: ({ below }, planEntities) => one(planObject(below, TX_FIELDS, planEntities), ({ tx }) => tx),
};

const ANY = { kind: 'any', common: [], fieldsByType: new Map() } as const;

const USUAL_COST = 50;

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

/** A page of what each transaction said. One after the other, so that what is held is of one. */
async function pagesOf(
  { scope }: ObjectRun,
  txs: ReadonlyArray<number>,
  args: ForwardArguments,
): Promise<(tx: number) => ObjectPage<ShownDatom>> {
  const { basisTx } = scope.snapshot;
  const listHash = hashList(['datoms', scope.asOf ?? null]);
  const { size, from } = parseForward(args, listHash, basisTx);
  const start = from === undefined ? 0 : from.place + 1;
  const pages = new Map<number, ObjectPage<ShownDatom>>();
  for (const tx of new Set(txs)) {
    const all = await datomsOfTransaction(scope, tx);
    const rows = all.slice(start, start + size);
    pages.set(tx, {
      rows,
      hasNextPage: start + size < all.length,
      hasPreviousPage: start > 0,
      cursorOf: (datom) => encodePlace({ basisTx, place: start + rows.indexOf(datom) }, listHash),
      totalCount: all.length,
    });
  }
  return (tx) => pages.get(tx) ?? NOTHING_SAID;
}

const NOTHING_SAID: ObjectPage<ShownDatom> = {
  rows: [],
  hasNextPage: false,
  hasPreviousPage: false,
  cursorOf: () => '',
  totalCount: 0,
};
