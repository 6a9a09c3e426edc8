/** Runs recorded cases: each a sequence of steps against a fresh database. Format: `test/conformance/README.md`. */
import { kw, Keyword } from '../../schema/keyword.ts';
import { DatabaseError } from '../../schema/error.ts';
import { configFromEdn } from '../../schema/database.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { EdnDouble, EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type {
  Datom,
  Db,
  EntityValue,
  IndexOrder,
  QueryInput,
  TxReport,
} from '../../engine/index.ts';
import {
  asOf,
  datoms,
  emptyDb,
  Entity,
  entity,
  history,
  indexRange,
  pull,
  pullMany,
  q,
  reverseSchema,
  rseekDatoms,
  run,
  schema,
  seekDatoms,
  since,
  transact,
  validAt,
} from '../../engine/index.ts';
import { must } from '../../engine/shared/assert.ts';
import { isEqual } from './compare.ts';

export interface StepResult {
  readonly name: string;
  readonly step: EdnMap;
  readonly isPassed: boolean;
  /** Of an error, what is told over Datahike's protocol. */
  readonly said?: string | undefined;
  /** What was expected and what came, where they differ. */
  readonly expected: EdnData | string;
  readonly actual: EdnData | string;
}

export async function runCases(text: string): Promise<StepResult[]> {
  const cases = readEdn(text, { maxDepth: 2_000, hasTypedNumbers: true }) as ReadonlyArray<EdnMap>;
  const results: StepResult[] = [];
  for (const one of cases) results.push(...(await runCase(one)));
  return results;
}

async function runCase(map: EdnMap): Promise<StepResult[]> {
  const name = String(get(map, 'name'));
  const databases = new Map<string, Db>([['', emptyDb(configOf(get(map, 'config')))]]);
  for (const [other, config] of (get(map, 'others') as EdnMap | null) ?? [])
    databases.set(String(other), emptyDb(configOf(config)));
  const results: StepResult[] = [];
  for (const step of map.get(kw('steps')) as ReadonlyArray<EdnMap>)
    results.push({ name, step, ...(await runStep(step, databases)) });
  return results;
}

async function runStep(
  step: EdnMap,
  databases: Map<string, Db>,
): Promise<Omit<StepResult, 'name' | 'step'>> {
  const error = get(step, 'error') as EdnMap | null;
  const expected = step.has(kw('error')) ? error : get(step, 'expect');
  try {
    const actual = await answer(step, databases);
    const isPassed = !step.has(kw('error')) && isEqual(step, expected, actual);
    return { isPassed, expected, actual };
  } catch (thrown) {
    const kind = thrown instanceof DatabaseError ? thrown.kind : undefined;
    const wanted = error === null ? null : get(error, 'kind');
    const isPassed =
      step.has(kw('error')) &&
      thrown instanceof DatabaseError &&
      (wanted === null || String(wanted) === `:${kind}`);
    return {
      isPassed,
      said: thrown instanceof DatabaseError ? thrown.summary : undefined,
      expected,
      actual: `${thrown instanceof DatabaseError ? `error :${kind}` : 'CRASH'} ${String(thrown instanceof Error ? thrown.message : thrown)}`,
    };
  }
}

async function answer(step: EdnMap, databases: Map<string, Db>): Promise<EdnData> {
  const name = String(get(step, 'in-db') ?? '');
  const present = databases.get(name) ?? fail(`no database ${name}`);
  if (step.has(kw('tx'))) {
    const report = await speculate(present, step, 'tx');
    databases.set(name, report.dbAfter);
    return reportOf(report, true);
  }
  if (step.has(kw('with'))) return reportOf(await speculate(present, step, 'with'), false);
  return read(step, viewOf(present, get(step, 'view')), databases);
}

function speculate(db: Db, step: EdnMap, key: 'tx' | 'with'): Promise<TxReport> {
  const meta = step.get(kw('meta')) as EdnMap | undefined;
  const txData = step.get(kw(key)) as ReadonlyArray<EdnData>;
  const request = { txData, now: new Date(), hasTypedNumbers: true };
  return run(transact(db, meta === undefined ? request : { ...request, txMeta: meta }));
}

function read(step: EdnMap, db: Db, databases: ReadonlyMap<string, Db>): Promise<EdnData> {
  const field = (key: string): EdnData => get(step, key);
  if (step.has(kw('q'))) return query(step, db, databases);
  if (step.has(kw('pull'))) return pull(db, field('pull'), field('id'));
  if (step.has(kw('pull-many')))
    return pullMany(db, field('pull-many'), itemsOf(field('ids'))).then((all) =>
      all.filter((one) => one !== null),
    );
  if (step.has(kw('schema'))) return Promise.resolve(schema(db));
  if (step.has(kw('reverse-schema'))) return Promise.resolve(reverseSchema(db));
  if (step.has(kw('entity'))) return entityOf(db, field('entity'));
  if (step.has(kw('entity-get')))
    return attributeOfEntity(db, field('id'), field('entity-get') as Keyword);
  const components = itemsOf(field('components'));
  const take = Number(field('take') ?? 50);
  if (step.has(kw('datoms'))) return rowsOf(datoms(db, orderOf(field('datoms')), ...components));
  if (step.has(kw('seek-datoms')))
    return rowsOf(seekDatoms(db, orderOf(field('seek-datoms')), ...components), take);
  if (step.has(kw('rseek-datoms')))
    return rowsOf(rseekDatoms(db, orderOf(field('rseek-datoms')), ...components), take);
  if (step.has(kw('index-range'))) {
    const range = field('index-range') as EdnMap;
    const attribute = get(range, 'attrid') as Keyword | number;
    return rowsOf(indexRange(db, attribute, get(range, 'start'), get(range, 'end')));
  }
  return fail('not built yet');
}

async function entityOf(db: Db, ref: EdnData): Promise<EdnData> {
  const found = await entity(db, ref);
  if (found === null) return null;
  await found.touch();
  const map = new Map<EdnData, EdnData>([[kw('db/id'), found.id]]);
  for (const [attribute, value] of await found.entries()) map.set(attribute, dataOf(value));
  return map;
}

async function attributeOfEntity(db: Db, ref: EdnData, attribute: Keyword): Promise<EdnData> {
  const value = await (await entity(db, ref))?.get(attribute);
  return value === undefined ? null : dataOf(value);
}

function dataOf(value: EntityValue): EdnData {
  if (value instanceof Entity) return new Map([[kw('db/id'), value.id]]);
  if (value instanceof Set) return new Set(Array.from(value, dataOf));
  return value as Value;
}

function query(step: EdnMap, db: Db, databases: ReadonlyMap<string, Db>): Promise<EdnData> {
  const options = get(step, 'opts') as EdnMap | null;
  const form = get(step, 'q');
  const inputs = step.has(kw('in'))
    ? itemsOf(get(step, 'in')).map((input) => inputOf(input as EdnMap, db, databases))
    : [viewOf(must(databases.get(''), 'the database of the case'), get(step, 'view'))];
  return q(options === null ? form : withOptions(form, options), ...inputs);
}

function inputOf(input: EdnMap, db: Db, databases: ReadonlyMap<string, Db>): QueryInput {
  if (input.has(kw('val'))) return get(input, 'val');
  const other = get(input, 'other');
  const source =
    other === null ? db : (databases.get(String(other)) ?? fail(`no database ${String(other)}`));
  return viewOf(source, get(input, 'view'));
}

/** The query in map form with further keys. */
function withOptions(form: EdnData, options: EdnMap): EdnData {
  const data = typeof form === 'string' ? readEdn(form) : form;
  if (data instanceof Map) return new Map([...(data as EdnMap), ...options]);
  const map = new Map<EdnData, EdnData[]>();
  let section: EdnData[] = [];
  for (const item of data as ReadonlyArray<EdnData>)
    if (item instanceof Keyword) map.set(item, (section = []));
    else section.push(item);
  return new Map<EdnData, EdnData>([...map, ...options]);
}

function viewOf(db: Db, view: EdnData): Db {
  if (view === null) return db;
  if (view === kw('history')) return history(db);
  const [kind, point] = view as readonly [Keyword, number | Date];
  switch (kind.name) {
    case 'valid-at':
      return validAt(db, point as Date);
    case 'as-of':
      return asOf(db, point);
    case 'since':
      return since(db, point);
    case 'as-of-history':
      return history(asOf(db, point));
    case 'since-history':
      return history(since(db, point));
    default:
      return fail(`view ${kind.name} is not built yet`);
  }
}

function reportOf(report: TxReport, isCommitted: boolean): EdnData {
  const entries: Array<[EdnData, EdnData]> = [
    [kw('tempids'), report.tempids],
    [kw('tx-data'), report.txData.map(rowOf)],
  ];
  if (isCommitted)
    entries.push([kw('max-eid'), report.dbAfter.maxEid], [kw('max-tx'), report.dbAfter.maxTx]);
  return new Map(entries);
}

async function rowsOf(datoms: AsyncIterable<Datom>, take = Infinity): Promise<EdnData> {
  const rows: EdnData[] = [];
  for await (const datom of datoms) {
    if (rows.length >= take) break;
    rows.push(rowOf(datom));
  }
  return rows;
}

function rowOf({ e, attribute, v, tx, added }: Datom): EdnData {
  return [e, attribute, v, tx, added];
}

function configOf(config: EdnData): DatabaseConfig {
  return configFromEdn((config as EdnMap | null) ?? new Map());
}

function orderOf(index: EdnData): IndexOrder {
  return String(index).slice(1) as IndexOrder;
}

function itemsOf(data: EdnData): ReadonlyArray<EdnData> {
  return data instanceof EdnList ? data.items : ((data as ReadonlyArray<EdnData> | null) ?? []);
}

/** What the cases tell of numbers counts in transactions alone. */
function get(map: EdnMap, key: string): EdnData {
  return untyped(map.get(kw(key)) ?? null);
}

function untyped(data: EdnData): EdnData {
  if (data instanceof EdnDouble) return data.value;
  if (Array.isArray(data)) return (data as ReadonlyArray<EdnData>).map(untyped);
  if (data instanceof EdnList) return new EdnList(data.items.map(untyped));
  if (data instanceof Set) return new Set(Array.from(data as ReadonlySet<EdnData>, untyped));
  if (data instanceof Map)
    return new Map(Array.from(data as EdnMap, ([key, value]) => [untyped(key), untyped(value)]));
  return data;
}

function fail(message: string): never {
  throw new Error(message);
}
