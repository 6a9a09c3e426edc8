/** What operations are given, as what they need: data, databases, or the one of several forms in which something is said. */
import type { Db, EdnData, EdnMap } from '../../engine/index.ts';
import { DatabaseError, EdnList, Keyword, Uuid, kw, printEdn } from '../../engine/index.ts';
import { Tagged } from '../../schema/value.ts';
import type { TransactRequest } from '../connection/writer-port.ts';
import type { Argument } from './live.ts';
import { DatabaseEntity, DatabaseValue, OpenedDatabase, TAGS } from './live.ts';

/**
 * A query and its inputs, which a query that is a map may also have as its `:args`: `{:query … :args […] :limit n :offset n :order-by […]}`. Queries are known
 * again by their texts; as data they are new with each request.
 */
export function queryOf(
  form: Argument,
  inputs: ReadonlyArray<Argument>,
): { readonly query: EdnData; readonly args: ReadonlyArray<EdnData | Db> } {
  if (!(form instanceof Map)) return { query: textOf(dataOf(form)), args: inputs.map(inputOf) };
  const map = form as EdnMap;
  const query = map.get(QUERY);
  const args = (map.get(ARGS) ?? (query === undefined ? inputs : [])) as ReadonlyArray<Argument>;
  const rest = new Map([...map].filter(([key]) => key !== ARGS));
  return {
    query: query === undefined ? textOf(rest) : rest.set(QUERY, textOf(query)),
    args: args.map(inputOf),
  };
}

function textOf(query: EdnData): string {
  return typeof query === 'string' ? query : printEdn(query);
}

const QUERY = kw('query');
const ARGS = kw('args');

function inputOf(input: Argument): EdnData | Db {
  return input instanceof DatabaseValue ? input.db : dataOf(input);
}

/** `selector eid`, or `{:selector … :eid …}`. */
export function pullOf(asked: ReadonlyArray<Argument>): readonly [selector: EdnData, eid: EdnData] {
  const [first = null, eid = null] = asked.map(dataOf);
  if (!(first instanceof Map)) return [first, eid];
  const map = first as EdnMap;
  return [map.get(kw('selector')) ?? null, map.get(kw('eid')) ?? null];
}

/** Transaction data, or a map of it with its metadata. */
export function requestOf(transaction: EdnData, txMeta: EdnData = null): TransactRequest {
  const isMap = transaction instanceof Map;
  const txData = isMap ? ((transaction as EdnMap).get(kw('tx-data')) ?? []) : transaction;
  const meta = isMap ? ((transaction as EdnMap).get(kw('tx-meta')) ?? null) : txMeta;
  return {
    txData: itemsOf(txData).map(withoutTag),
    ...(meta instanceof Map ? { txMeta: meta as EdnMap } : {}),
  };
}

const ADD = kw('db/add');
const RETRACT = kw('db/retract');

/** A datom of a report may be transacted again. */
function withoutTag(form: EdnData): EdnData {
  if (!(form instanceof Tagged) || form.tag !== TAGS.datom) return form;
  const [e = null, a = null, v = null, , added = true] = form.value as ReadonlyArray<EdnData>;
  return [added === true ? ADD : RETRACT, e, a, v];
}

export function itemsOf(data: EdnData): ReadonlyArray<EdnData> {
  if (data === null) return [];
  if (data instanceof EdnList) return data.items;
  if (data instanceof Set) return [...(data as ReadonlySet<EdnData>)];
  if (Array.isArray(data)) return data as ReadonlyArray<EdnData>;
  throw new DatabaseError('BAD_USER_INPUT', `Expected a sequence, got ${printEdn(data)}`);
}

/** @throws BAD_USER_INPUT for what is more than data */
export function dataOf(argument: Argument | undefined): EdnData {
  if (argument === undefined) return null;
  const isLive =
    argument instanceof OpenedDatabase ||
    argument instanceof DatabaseValue ||
    argument instanceof DatabaseEntity;
  if (!isLive) return argument;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    'Expected data, got a database, a connection or an entity',
  );
}

export function openedOf(argument: Argument | undefined): OpenedDatabase {
  if (argument instanceof OpenedDatabase) return argument;
  throw new DatabaseError('BAD_USER_INPUT', 'Expected a Datahike connection');
}

export function valueOf(argument: Argument | undefined): DatabaseValue {
  if (argument instanceof DatabaseValue) return argument;
  throw new DatabaseError('BAD_USER_INPUT', 'Expected a Datahike database');
}

/** The database of a connection or of a value. */
export function placeOf(argument: Argument | undefined): OpenedDatabase {
  return argument instanceof DatabaseValue ? argument.of : openedOf(argument);
}

export function nameOf(data: Argument | undefined): string {
  if (data instanceof Keyword) return data.qualifiedName;
  if (data instanceof Uuid) return data.text;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected the keyword of a branch or the UUID of a commit, got ${printEdn(dataOf(data))}`,
  );
}

export function timePointOf(point: Argument | undefined): number | Date {
  if (typeof point === 'number' || point instanceof Date) return point;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected a transaction or an instant, got ${printEdn(dataOf(point))}`,
  );
}

export function instantOf(instant: Argument | undefined): Date {
  if (instant instanceof Date) return instant;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected an instant, got ${printEdn(dataOf(instant))}`,
  );
}

export function uuidOf(text: string | null): EdnData {
  return text === null ? null : (Uuid.parse(text) ?? null);
}

/** All that comes, in order. */
export async function all<T>(coming: AsyncIterable<T>): Promise<T[]> {
  const came: T[] = [];
  for await (const each of coming) came.push(each);
  return came;
}
