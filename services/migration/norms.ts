/** Migrations of a schema, each applied to a database once: the transaction that applies one says so. */
import type { Db, EdnData, EdnMap, Keyword, TxInput } from '../../engine/index.ts';
import { datoms, kw, readEdn, registeredFunction, toTxData } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, Writer } from '../connection/writer-port.ts';
import type { Norm } from './norm-files.ts';
import { badNorm, readNorms, verifyChecksums } from './norm-files.ts';

export interface NormTarget {
  readonly connection: Connection;
  readonly writer: Writer;
}

/** On the transaction that applied a norm: its id. */
const NORM = kw('tx/norm');

const DECLARATION = readEdn(
  '[{:db/ident :tx/norm :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}]',
) as ReadonlyArray<EdnData>;

/**
 * Applies the norms of a folder that the database does not have yet, in the order of their names, each in one transaction; gives the ids of
 * those. Where one is refused, those before it stay applied. One process should do this at a time, such as a step of a deployment: two could
 * both find the same norm missing.
 *
 * @throws BAD_NORM before anything is applied where a checksum is another one, and the error of the transaction that is refused
 */
export async function ensureNorms(
  target: NormTarget,
  folder: string,
): Promise<ReadonlyArray<Keyword>> {
  await verifyChecksums(folder);
  const norms = await readNorms(folder);
  let db = await withNormAttribute(target);
  const known = await appliedTo(db);
  const missing = norms.filter(({ id }) => !known.has(id));
  for (const norm of missing) {
    const txData = [...norm.txData, ...(await dataOfFunction(norm, db))];
    db = await transact(target, recorded(norm, txData, db));
  }
  return missing.map(({ id }) => id);
}

async function withNormAttribute(target: NormTarget): Promise<Db> {
  const db = target.connection.db();
  return db.schema.attributeNamed(NORM) === undefined
    ? transact(target, { txData: DECLARATION })
    : db;
}

async function appliedTo(db: Db): Promise<ReadonlySet<EdnData>> {
  const applied = new Set<EdnData>();
  for await (const { v } of datoms(db, 'aevt', NORM)) applied.add(v);
  return applied;
}

async function dataOfFunction({ txFn, file }: Norm, db: Db): Promise<ReadonlyArray<EdnData>> {
  if (txFn === undefined) return [];
  const fn = registeredFunction(txFn);
  if (fn === undefined)
    throw badNorm(
      file,
      `Expected a registered function as :tx-fn, got ${txFn.toString()}: register it with registerFunction in the process that applies the norms`,
      { function: txFn },
    );
  const data = (await fn(db)) as TxInput | null | undefined;
  return data == null ? [] : toTxData(data);
}

/** Where transactions leave no entity, an entity of its own says what was applied. */
function recorded({ id }: Norm, txData: ReadonlyArray<EdnData>, { config }: Db): TransactRequest {
  const record: EdnMap = new Map<EdnData, EdnData>([[NORM, id]]);
  return config.keepHistory ? { txData, txMeta: record } : { txData: [...txData, record] };
}

async function transact({ connection, writer }: NormTarget, request: TransactRequest): Promise<Db> {
  const { tx } = await writer.transact(request);
  return connection.sync(tx);
}
