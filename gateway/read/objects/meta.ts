/** What is told of an entity besides its attributes: `_meta { version tx created history }`. */
import { kw, sym } from '../../../schema/keyword.ts';
import type { ObjectPart } from '../../select/selection.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import { badInput } from '../bad-input.ts';
import { hashList } from '../query/cursor.ts';
import type { ReadScope } from '../scope.ts';
import { suggest } from '../suggest.ts';
import type { ShownDatom } from './datoms.ts';
import { datomsOf, fieldsByAttribute } from './datoms.ts';
import { looked, one, plain, planObject } from './object-plan.ts';
import type { ForwardArguments, ObjectPage } from './page.ts';
import { encodePlace, parseForward, planPage } from './page.ts';
import { DATOM_FIELDS, TX_FIELDS } from './tx.ts';
import type { ObjectFields, ObjectPlan, ObjectRun, PlanEntities } from '../plan.ts';

/** An entity is its number. */
export function planMeta(
  parts: ReadonlyArray<ObjectPart>,
  planEntities: PlanEntities,
): ObjectPlan<number> {
  return planObject(parts, META_FIELDS, planEntities);
}

const META_FIELDS: ObjectFields<number> = {
  version: () => looked(plain(quoteNumber), versionsOf),
  tx: ({ below }, planEntities) => looked(planObject(below, TX_FIELDS, planEntities), versionsOf),
  created: ({ below }, planEntities) => {
    const tx = planObject(below, TX_FIELDS, planEntities);
    return looked(
      one(tx, (first: number | undefined) => first),
      firstTxsOf,
    );
  },
  history: (part, planEntities) => {
    const argumentsOf = part.args as (variables: object) => HistoryArguments;
    return looked(
      planPage(part, DATOM_FIELDS, planEntities),
      (run, entities) => historyOf(run, entities, argumentsOf(run.variables)),
      (variables) => argumentsOf(variables).first ?? USUAL_COST,
    );
  },
};

const USUAL_COST = 50;

function quoteNumber(value: number): string {
  return `"${value}"`;
}

async function versionsOf(
  { scope }: ObjectRun,
  entities: ReadonlyArray<number>,
): Promise<(entity: number) => number> {
  const versions = await scope.snapshot.versions(entities);
  const byEntity = new Map(entities.map((entity, place) => [entity, versions[place] ?? 0]));
  return (entity) => byEntity.get(entity) ?? 0;
}

const [E, TX] = [sym('?e'), sym('?tx')];

const FIRST_TXS = new Map<EdnData, EdnData>([
  [kw('find'), [E, new EdnList([sym('min'), TX])]],
  [kw('in'), [sym('$'), [E, sym('...')]]],
  [kw('where'), [[E, sym('_'), sym('_'), TX]]],
]);

/** The first transactions that said something of entities; of those that hold still where the database keeps no history. */
async function firstTxsOf(
  { scope: { snapshot } }: ObjectRun,
  entities: ReadonlyArray<number>,
): Promise<(entity: number) => number | undefined> {
  const all = snapshot.config.keepHistory ? snapshot.history() : snapshot;
  const rows = (await all.q(FIRST_TXS, [entities])) as ReadonlyArray<readonly [number, number]>;
  const byEntity = new Map(rows);
  return (entity) => byEntity.get(entity);
}

export interface HistoryArguments extends ForwardArguments {
  readonly fields?: ReadonlyArray<string> | null;
  readonly newestFirst?: boolean | null;
}

/** Pages of what was said of entities. Cursors pin the transaction that the first page ended with. */
export async function historyOf(
  { scope }: ObjectRun,
  entities: ReadonlyArray<number>,
  args: HistoryArguments,
): Promise<(entity: number) => ObjectPage<ShownDatom>> {
  const { fields = null, newestFirst } = args;
  const isNewestFirst = newestFirst !== false;
  checkFields(scope, fields);
  const listHash = hashList(['history', fields, isNewestFirst, scope.asOf ?? null]);
  const { size, from } = parseForward(args, listHash, scope.snapshot.basisTx);
  const basisTx = from?.basisTx ?? scope.snapshot.basisTx;
  const start = from === undefined ? 0 : from.place + 1;
  const wanted = fields === null ? undefined : new Set(fields);
  const byEntity = new Map<number, ShownDatom[]>();
  for (const datom of await datomsOf(scope, entities)) {
    if (datom.tx > basisTx || wanted?.has(datom.field.name) === false) continue;
    const known = byEntity.get(datom.entity);
    if (known === undefined) byEntity.set(datom.entity, [datom]);
    else known.push(datom);
  }
  return (entity) => {
    const said = byEntity.get(entity) ?? [];
    const all = isNewestFirst ? said.toReversed() : said;
    return {
      rows: all.slice(start, start + size),
      hasNextPage: start + size < all.length,
      hasPreviousPage: start > 0,
      cursorOf: (datom) => encodePlace({ basisTx, place: all.indexOf(datom) }, listHash),
      totalCount: all.length,
    };
  };
}

/** @throws BAD_USER_INPUT for a field that no type shows */
function checkFields({ model }: ReadScope, fields: ReadonlyArray<string> | null): void {
  const known = new Set(Array.from(fieldsByAttribute(model).values(), ({ field }) => field.name));
  for (const name of fields ?? [])
    if (!known.has(name))
      throw badInput(
        'history.fields',
        `names no field '${name.slice(0, 60)}'${suggest(name, Array.from(known))}`,
      );
}
