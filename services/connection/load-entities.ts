/** Raw records of another database into this one. */
import type { EdnData } from '../../engine/index.ts';
import { DatabaseError, Keyword, kw, printEdn } from '../../engine/index.ts';
import type { Connection } from './connection.ts';
import type { TransactResult, Writer } from './writer-port.ts';

/** `[e a v tx added]`, as a datom is printed; `a` as a keyword. */
export type EntityRecord = readonly [
  e: number,
  attribute: Keyword,
  v: EdnData,
  tx: number,
  added?: boolean,
];

const ADD = kw('db/add');
const RETRACT = kw('db/retract');
const TX_INSTANT = kw('db/txInstant');

/**
 * Transacts records of another database, one transaction for each of theirs, in their order and at their times. Entities get new ids, the
 * same one wherever the same id stands, also as the value of a reference. Attributes have to be declared before they are used, here or among
 * the records.
 *
 * @throws BAD_TRANSACTION for what is no record; the transactions before it are written
 */
export async function loadEntities(
  connection: Connection,
  writer: Writer,
  records: ReadonlyArray<EntityRecord>,
): Promise<ReadonlyArray<TransactResult>> {
  const ids = new Map<number, number>();
  const results: TransactResult[] = [];
  for (const [tx, group] of byTransaction(records)) {
    const time = group.find(([e, attribute]) => e === tx && attribute === TX_INSTANT)?.[2];
    const { schema } = connection.db();
    const nameOf = (id: number): EdnData =>
      id === tx ? kw('db/current-tx') : (ids.get(id) ?? `${id}`);
    const isRef = (attribute: Keyword): boolean =>
      schema.attributeNamed(attribute)?.valueType === 'ref';
    const txData = group
      .filter(([e, attribute]) => e !== tx || attribute !== TX_INSTANT)
      .map(([e, attribute, v, , added = true]) => [
        added ? ADD : RETRACT,
        nameOf(e),
        attribute,
        isRef(attribute) && typeof v === 'number' ? nameOf(v) : v,
      ]);
    const txMeta = time instanceof Date ? new Map([[TX_INSTANT, time]]) : undefined;
    const result = await writer.transact(txMeta === undefined ? { txData } : { txData, txMeta });
    await connection.sync(result.tx);
    ids.set(tx, result.tx);
    for (const [name, id] of result.tempids)
      if (typeof name === 'string' && /^\d+$/.test(name)) ids.set(Number(name), id);
    results.push(result);
  }
  return results;
}

/** The records of each transaction, the transactions in order. */
function byTransaction(
  records: ReadonlyArray<EntityRecord>,
): ReadonlyArray<readonly [number, ReadonlyArray<EntityRecord>]> {
  const groups = new Map<number, EntityRecord[]>();
  for (const record of records) {
    const [e, attribute, , tx] = record;
    if (typeof e !== 'number' || !(attribute instanceof Keyword) || typeof tx !== 'number')
      throw new DatabaseError(
        'BAD_TRANSACTION',
        `Expected a record [e a v tx added], got ${printEdn(record as EdnData)}`,
        { kind: 'transact/syntax' },
      );
    const group = groups.get(tx);
    if (group === undefined) groups.set(tx, [record]);
    else group.push(record);
  }
  return [...groups].sort(([one], [other]) => one - other);
}
