/** Datahike's operations by their names, over databases that are opened here. What they take and give is in `live.ts`. */
import type { Datom, Db, EdnData, EdnMap, IndexOrder, QueryLimits } from '../../engine/index.ts';
import {
  DatabaseError,
  Keyword,
  asOf,
  datoms,
  entity,
  findsSet,
  history,
  indexRange,
  kw,
  printEdn,
  pull,
  pullMany,
  qWithin,
  queryStatsWithin,
  reverseSchema,
  rseekDatoms,
  schema,
  seekDatoms,
  since,
  validAll,
  validAt,
  validBetween,
  validDuring,
} from '../../engine/index.ts';
import { Tagged } from '../../schema/value.ts';
import { collectNodes } from '../maintenance/collect.ts';
import { branches, createBranch } from '../versions/branches.ts';
import { branchAsDb, parentCommitIds } from '../versions/commits.ts';
import {
  all,
  dataOf,
  instantOf,
  itemsOf,
  nameOf,
  openedOf,
  placeOf,
  pullOf,
  queryOf,
  requestOf,
  timePointOf,
  uuidOf,
  valueOf,
} from './arguments.ts';
import { bounded } from './bounded.ts';
import type { Answer, Argument, OpenedDatabase } from './live.ts';
import { DatabaseEntity, DatabaseValue, FoundDatoms, HANDLE, TAGS } from './live.ts';
import { metrics } from './metrics.ts';
import type { Registry } from './registry.ts';
import { load, report, using } from './reports.ts';

export interface Asked {
  readonly registry: Registry;
  readonly limits: QueryLimits;
}

type Implementation = (asked: Asked, ...args: ReadonlyArray<Argument>) => Promise<Answer>;

/**
 * Asks for one of the operations in `schema/operation.ts`.
 *
 * @param args as the table says; whoever asks has checked them
 * @throws the errors of the operation; NOT_FOUND where there is none of that name
 */
export async function perform(
  name: string,
  args: ReadonlyArray<Argument>,
  asked: Asked,
): Promise<Answer> {
  const implementation = Object.hasOwn(IMPLEMENTATIONS, name) ? IMPLEMENTATIONS[name] : undefined;
  if (implementation === undefined)
    throw new DatabaseError('NOT_FOUND', `Expected an operation of Datahike, got ${name}`);
  return implementation(asked, ...args);
}

const IMPLEMENTATIONS: Readonly<Record<string, Implementation>> = {
  'database-exists?': ({ registry }, config) => registry.exists(dataOf(config)),
  'create-database': ({ registry }, config) => registry.create(dataOf(config)),
  'delete-database': ({ registry }, config) => registry.delete(dataOf(config)).then(nothing),
  connect: ({ registry }, config) => registry.connect(dataOf(config)),
  db: ({ registry }, connection) => registry.db(openedOf(connection)),
  release: async ({ registry }, connection, isAll) => {
    if (isAll === true) registry.release(openedOf(connection));
    return null;
  },
  transact: (asked, connection, transaction) =>
    report(asked.registry, openedOf(connection), requestOf(dataOf(transaction))),
  'load-entities': ({ registry }, connection, records) => load(registry, connection, records),
  q: async ({ limits }, form, ...inputs) => {
    const { query, args } = queryOf(form ?? null, inputs);
    const answer = await qWithin(limits, query, ...args);
    return Array.isArray(answer) && findsSet(query) ? new Set(answer) : answer;
  },
  'query-stats': async ({ limits }, form, ...inputs) => {
    const { query, args } = queryOf(form ?? null, inputs);
    return queryStatsWithin(limits, query, ...args);
  },
  pull: async ({ limits }, value, ...asked) => {
    const { db } = valueOf(value);
    const [selector, eid] = pullOf(asked);
    return pull(db, selector, eid, limits);
  },
  'pull-many': async ({ limits }, value, ...asked) => {
    const [selector, eids] = pullOf(asked);
    const pulled = await pullMany(valueOf(value).db, selector, itemsOf(eids), limits);
    return pulled.filter((each) => each !== null);
  },
  entity: async (_asked, value, eid) => {
    const found = await entity(valueOf(value).db, dataOf(eid));
    return found === null ? null : new DatabaseEntity(found, valueOf(value));
  },
  'entity-db': async (_asked, held) => {
    if (held instanceof DatabaseEntity) return held.of;
    throw new DatabaseError('BAD_USER_INPUT', `Expected an entity, got ${printEdn(dataOf(held))}`);
  },
  datoms: found('datoms'),
  'seek-datoms': found('seek-datoms'),
  'rseek-datoms': found('rseek-datoms'),
  'index-range': found('index-range'),
  history: async (_asked, value) => viewed(value, history, TAGS.history),
  since: async (_asked, value, point) =>
    viewed(value, (db) => since(db, timePointOf(point)), TAGS.since, pointed(point)),
  'as-of': async (_asked, value, point) =>
    viewed(value, (db) => asOf(db, timePointOf(point)), TAGS.asOf, pointed(point)),
  'valid-at': async (_asked, value, at) =>
    viewed(value, (db) => validAt(db, instantOf(at)), TAGS.valid, [[kw('at'), instantOf(at)]]),
  'valid-between': async (_asked, value, from, to) =>
    viewed(value, (db) => validBetween(db, instantOf(from), instantOf(to)), TAGS.valid, [
      [kw('between'), [instantOf(from), instantOf(to)]],
    ]),
  'valid-during': async (_asked, value, from, to) =>
    viewed(value, (db) => validDuring(db, instantOf(from), instantOf(to)), TAGS.valid, [
      [kw('during'), [instantOf(from), instantOf(to)]],
    ]),
  'valid-all': async (_asked, value) => allValid(valueOf(value)),
  branches: async (_asked, connection) => branchesOf(openedOf(connection)),
  'branch!': async (_asked, connection, from, branch) => {
    const of = openedOf(connection);
    const before = await branchesOf(of);
    await using(of, (opened) => createBranch(opened, nameOf(from), nameOf(branch)));
    return [before, await branchesOf(of)];
  },
  'delete-branch!': async ({ registry }, connection, branch) => {
    const of = openedOf(connection);
    const before = await branchesOf(of);
    await registry.deleteBranch(of.atBranch(nameOf(branch)));
    return [before, await branchesOf(of)];
  },
  'merge-db': (asked, connection, parents, txData, txMeta) => {
    const request = requestOf(dataOf(txData), dataOf(txMeta));
    const names = itemsOf(dataOf(parents)).map(nameOf);
    return report(asked.registry, openedOf(connection), { ...request, parents: names });
  },
  'commit-id': async (_asked, value) => commitOf(valueOf(value).handle),
  'parent-commit-ids': async ({ registry }, value) => {
    const { db, of, handle } = valueOf(value);
    const id = commitOf(handle);
    const committed =
      db.commit === undefined && id !== null ? await registry.dbAt(of, String(id)) : null;
    const parents = parentCommitIds(committed?.db ?? db);
    return parents === null ? null : new Set(Array.from(parents, uuidOf));
  },
  'commit-as-db': async ({ registry }, from, id) =>
    (await registry.dbAt(placeOf(from), String(dataOf(id)))) ?? null,
  'branch-as-db': async (_asked, from, branch) => {
    const of = placeOf(from).atBranch(nameOf(branch));
    const db = await using(placeOf(from), (opened) => branchAsDb(opened, of.branch));
    return db === null ? null : DatabaseValue.whole(db, of);
  },
  schema: async (_asked, value) => schema(valueOf(value).db),
  'reverse-schema': async (_asked, value) => reverseSchema(valueOf(value).db),
  metrics: ({ limits }, value) => metrics(valueOf(value).db, limits),
  'gc-storage': async (_asked, connection, before, options) => {
    const sinceMs = before === undefined ? 0 : Date.now() - instantOf(before).getTime();
    const spared = (dataOf(options) as EdnMap | null)?.get(kw('min-age-ms'));
    const retainMs = Math.max(0, sinceMs, typeof spared === 'number' ? spared : 0);
    await using(openedOf(connection), ({ store }) => collectNodes(store, { retainMs }));
    return new Set();
  },
};

const nothing = (): null => null;

/** The commit that a value is of; a view is of that of its origin. */
function commitOf({ value }: Tagged): EdnData {
  const [id = null, origin] = [HANDLE.commitId, HANDLE.origin].map((key) =>
    (value as EdnMap).get(key),
  );
  return origin instanceof Tagged ? commitOf(origin) : id;
}

function branchesOf(of: OpenedDatabase): Promise<ReadonlySet<EdnData>> {
  return using(of, async (connection) => new Set((await branches(connection)).map(kw)));
}

export type ScanName = 'datoms' | 'seek-datoms' | 'rseek-datoms' | 'index-range';

/** The datoms that an operation on an index finds. They are read as the consumer asks for them. */
export function scan(
  name: ScanName,
  value: DatabaseValue,
  place: ReadonlyArray<Argument>,
): AsyncIterable<Datom> {
  return SCANS[name](value.db, place.map(dataOf));
}

type Scan = (db: Db, place: ReadonlyArray<EdnData>) => AsyncIterable<Datom>;

const SCANS: Readonly<Record<ScanName, Scan>> = {
  datoms: byIndex(datoms),
  'seek-datoms': byIndex(seekDatoms),
  'rseek-datoms': byIndex(rseekDatoms),
  'index-range': (db, [range]) => {
    const map = range as EdnMap;
    const [attribute, start = null, end = null] = ['attrid', 'start', 'end'].map((key) =>
      map.get(kw(key)),
    );
    return indexRange(db, attribute as Keyword | number, start, end);
  },
};

/** Positional, `:eavt 17`, or as a map `{:index :eavt :components [17]}`. */
function byIndex(
  read: (db: Db, order: IndexOrder, ...components: ReadonlyArray<EdnData>) => AsyncIterable<Datom>,
): Scan {
  return (db, [first = null, ...rest]) => {
    const isMap = first instanceof Map;
    const index = isMap ? ((first as EdnMap).get(kw('index')) ?? null) : first;
    const components = isMap ? itemsOf((first as EdnMap).get(kw('components')) ?? null) : rest;
    return read(db, orderOf(index), ...components);
  };
}

function found(name: ScanName): Implementation {
  return async ({ limits }, value, ...place) => {
    const of = valueOf(value);
    return new FoundDatoms(await all(bounded(scan(name, of, place), limits)), of);
  };
}

/** Whoever scans says whether there is such an index. */
function orderOf(index: EdnData): IndexOrder {
  if (index instanceof Keyword) return index.qualifiedName as IndexOrder;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected :eavt, :aevt or :avet as index, got ${printEdn(index)}`,
  );
}

function viewed(
  value: Argument | undefined,
  view: (db: Db) => Db,
  tag: string,
  said: ReadonlyArray<readonly [Keyword, EdnData]> = [],
): DatabaseValue {
  const { db, of, handle } = valueOf(value);
  const shown = new Map<EdnData, EdnData>([[HANDLE.origin, handle], ...said]);
  return new DatabaseValue(view(db), of, new Tagged(tag, shown));
}

/** Takes the windows of valid time away again; a value without any is what it was. */
function allValid(value: DatabaseValue): DatabaseValue {
  const { db, of, handle } = value;
  const origin =
    handle.tag === TAGS.valid ? (handle.value as EdnMap).get(HANDLE.origin) : undefined;
  if (origin instanceof Tagged) return new DatabaseValue(validAll(db), of, origin);
  return db.view.validTimes.length === 0 ? value : viewed(value, validAll, TAGS.valid);
}

function pointed(point: Argument | undefined): ReadonlyArray<readonly [Keyword, EdnData]> {
  return [[HANDLE.timePoint, timePointOf(point)]];
}
