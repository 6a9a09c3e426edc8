/** Answers of the engine and of the model in one form, so that tests compare them with `toEqual`. */
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Db, IndexOrder } from '../../engine/index.ts';
import { datoms, rseekDatoms, seekDatoms } from '../../engine/index.ts';
import type { Datom } from '../../engine/index.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { ModelSchema } from '../model/schema.ts';
import { sortFacts } from '../model/order.ts';

export const ORDERS: ReadonlyArray<IndexOrder> = ['eavt', 'aevt', 'avet'];

/** Every row of an index, one text each. */
export async function rowsOf(
  db: Db,
  order: IndexOrder,
  ...components: EdnData[]
): Promise<string[]> {
  return textsOf(datoms(db, order, ...components));
}

export async function rowsFrom(
  db: Db,
  order: IndexOrder,
  ...components: EdnData[]
): Promise<string[]> {
  return textsOf(seekDatoms(db, order, ...components));
}

export async function rowsBackFrom(
  db: Db,
  order: IndexOrder,
  ...components: EdnData[]
): Promise<string[]> {
  return textsOf(rseekDatoms(db, order, ...components));
}

export async function textsOf(rows: AsyncIterable<Datom>): Promise<string[]> {
  const texts: string[] = [];
  for await (const datom of rows) texts.push(textOfDatom(datom));
  return texts;
}

/** The same of facts of the model. */
export function expectedRows(
  model: ModelDb,
  facts: ReadonlyArray<Fact>,
  order: IndexOrder,
): string[] {
  return expectedFacts(model, facts, order).map(textOfFact);
}

/** The facts that an index holds, in its order. */
export function expectedFacts(
  model: ModelDb,
  facts: ReadonlyArray<Fact>,
  order: IndexOrder,
): Fact[] {
  const schema = new ModelSchema(model);
  const inIndex =
    order === 'avet' ? facts.filter(({ a }) => schema.attribute(a)?.isIndexed === true) : facts;
  return sortFacts(inIndex, order);
}

export function textOfFact({ e, a, v, tx, added }: Fact): string {
  return printEdn([e, a, v, tx, added]);
}

export function textOfDatom({ e, attribute, v, tx, added }: Datom): string {
  return printEdn([e, attribute, v, tx, added]);
}
