/** Transactions and their answers as EDN, between the writer and the processes that send to it. */
import type { ErrorCode, EdnData, EdnMap } from '../../engine/index.ts';
import { DatabaseError, ERROR_CODES, Keyword, kw, printEdn, readEdn } from '../../engine/index.ts';
import type { Condition } from '../connection/conditions.ts';
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';

const TX_DATA = kw('tx-data');
const TX_META = kw('tx-meta');
const CONDITIONS = kw('conditions');
const PARENTS = kw('parents');
const KEY = kw('key');
const CONTENT = kw('content');
const TIMEOUT_MS = kw('timeout-ms');
const TX = kw('tx');
const INSTANT = kw('instant');
const TEMPIDS = kw('tempids');
const DATOM_COUNT = kw('datom-count');
const COMMIT_ID = kw('commit-id');
const CODE = kw('code');
const MESSAGE = kw('message');
const KIND = kw('kind');
const DATA = kw('data');

/** The content type of all of it. */
export const EDN = 'application/edn';

/** Nested maps of a transaction may go deep; a body is bounded by its size. */
const MAX_DEPTH = 1_000;

export function printRequest({
  txData,
  txMeta,
  conditions,
  parents,
  key,
  content,
  timeoutMs,
}: TransactRequest): string {
  return printEdn(
    new Map<EdnData, EdnData>([
      [TX_DATA, txData],
      [TX_META, txMeta ?? null],
      [CONDITIONS, conditions?.map(conditionToEdn) ?? null],
      [PARENTS, parents ?? null],
      [KEY, key ?? null],
      [CONTENT, content ?? null],
      [TIMEOUT_MS, timeoutMs === undefined ? null : Math.ceil(timeoutMs)],
    ]),
  );
}

/** @throws BAD_EDN, BAD_TRANSACTION */
export function readRequest(text: string): TransactRequest {
  const map = readEdn(text, { maxDepth: MAX_DEPTH });
  const txData = map instanceof Map ? (map as EdnMap).get(TX_DATA) : undefined;
  const txMeta = map instanceof Map ? ((map as EdnMap).get(TX_META) ?? null) : null;
  if (!Array.isArray(txData) || (txMeta !== null && !(txMeta instanceof Map)))
    throw new DatabaseError(
      'BAD_TRANSACTION',
      'Expected a map {:tx-data [...], :tx-meta {...}} as body',
      { kind: 'transact/syntax' },
    );
  const [conditions, parents, key, content, timeoutMs] = [
    CONDITIONS,
    PARENTS,
    KEY,
    CONTENT,
    TIMEOUT_MS,
  ].map((name) => (map as EdnMap).get(name) ?? null);
  return {
    txData: txData as ReadonlyArray<EdnData>,
    ...(txMeta === null ? {} : { txMeta: txMeta as EdnMap }),
    ...(Array.isArray(conditions) ? { conditions: conditions.map(conditionFromEdn) } : {}),
    ...(Array.isArray(parents) ? { parents: parents.map(String) } : {}),
    ...(typeof key === 'string' ? { key } : {}),
    ...(typeof content === 'string' ? { content } : {}),
    ...(typeof timeoutMs === 'number' && timeoutMs > 0 ? { timeoutMs } : {}),
  };
}

export function printResult({
  tx,
  instant,
  tempids,
  datomCount,
  commitId,
}: TransactResult): string {
  return printEdn(
    new Map<EdnData, EdnData>([
      [TX, tx],
      [INSTANT, instant],
      [TEMPIDS, tempids],
      [DATOM_COUNT, datomCount],
      [COMMIT_ID, commitId ?? null],
    ]),
  );
}

export function readResult(text: string): TransactResult {
  const map = readEdn(text) as EdnMap;
  const commitId = map.get(COMMIT_ID);
  return {
    tx: map.get(TX) as number,
    instant: map.get(INSTANT) as Date,
    tempids: map.get(TEMPIDS) as ReadonlyMap<EdnData, number>,
    datomCount: map.get(DATOM_COUNT) as number,
    commitId: typeof commitId === 'string' ? commitId : undefined,
  };
}

export function printError({ code, message, kind, data }: DatabaseError): string {
  return printEdn(
    new Map<EdnData, EdnData>([
      [CODE, code],
      [MESSAGE, message],
      [KIND, kind ?? null],
      [DATA, new Map(Object.entries(data).filter(isScalar))],
    ]),
  );
}

/** The error that a text writes, or undefined where it writes none. */
export function readError(text: string): DatabaseError | undefined {
  const map = readEdn(text);
  if (!(map instanceof Map)) return undefined;
  const [code, message, kind, data] = [CODE, MESSAGE, KIND, DATA].map((key) =>
    (map as EdnMap).get(key),
  );
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_CODES, code)) return undefined;
  return new DatabaseError(code as ErrorCode, String(message), {
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(data instanceof Map ? { data: Object.fromEntries(data as EdnMap) } : {}),
  });
}

/** What of an error's data is told: names, numbers and texts, not the data that was at fault. */
function isScalar(entry: readonly [string, unknown]): entry is [string, EdnData] {
  const [, value] = entry;
  return typeof value === 'string' || typeof value === 'number' || value instanceof Keyword;
}

function conditionToEdn(condition: Condition): EdnData {
  if (!('refusal' in condition)) return new Map(Object.entries(condition));
  const { code, message, data = {} } = condition.refusal;
  const refusal = [code, message, new Map(Object.entries(data))];
  return new Map<EdnData, EdnData>(Object.entries({ ...condition, refusal }));
}

/** @throws BAD_TRANSACTION */
function conditionFromEdn(edn: EdnData): Condition {
  const condition = edn instanceof Map ? Object.fromEntries(edn as EdnMap) : {};
  if (!KINDS.has(condition['kind'] as Condition['kind']))
    throw new DatabaseError('BAD_TRANSACTION', `Expected a condition, got ${printEdn(edn)}`);
  const { refusal } = condition;
  if (!Array.isArray(refusal)) return condition as unknown as Condition;
  const [code, message, data] = refusal as [ErrorCode, string, EdnMap];
  return {
    ...condition,
    refusal: { code, message, data: Object.fromEntries(data) as Record<string, EdnData> },
  } as unknown as Condition;
}

const KINDS: ReadonlySet<Condition['kind']> = new Set([
  'version',
  'holder',
  'values',
  'has',
  'matches',
  'basis',
  'never',
]);
