/** A whole query of the model: inputs, clauses, and the shape of the answer. */
import { Keyword, Sym } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import { compareParts } from './order.ts';
import { START, pullModel } from './pull.ts';
import { solve, untilStable } from './query.ts';
import { isNumber } from './query-functions.ts';
import { assignments } from './query-inputs.ts';
import { requireNamed } from './query-source.ts';
import type { Env, Forms, ModelDatabase, ModelSource, Row, World } from './query-world.ts';
import { spend, isVariable, sourceNamed, symbolName, variablesIn } from './query-world.ts';
import { fail } from './refusal.ts';
import { ModelSchema } from './schema.ts';

export interface ModelQuery {
  readonly shape: 'relation' | 'collection' | 'tuple' | 'scalar';
  readonly find: Forms;
  readonly with: Forms;
  /** A name for each of the find elements. */
  readonly keys?: { readonly section: 'keys' | 'strs' | 'syms'; readonly names: Forms } | undefined;
  /** Sources `$…`, `%`, and bindings. */
  readonly in: Forms;
  readonly where: Forms;
  readonly rules: ReadonlyArray<Forms>;
  readonly needs: ReadonlyMap<string, ReadonlyArray<number>>;
  /** Places in the find elements. */
  readonly orderBy?: ReadonlyArray<readonly [place: number, isDescending: boolean]> | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** A database or data for each input but the rules, in the order of `:in`. */
export type ModelInput = ModelDatabase | EdnData;

/** All rows that the answer is made of, each once, in the order that is asked for; whoever compares them takes the page and the shape. */
export function queryModel(
  query: ModelQuery,
  inputs: ReadonlyArray<ModelInput>,
  mostSteps: number,
): Row[] {
  const world = worldOf(query, inputs, mostSteps);
  const known = variablesIn([query.in, query.where]);
  const names = [...query.find.map(variableOf), ...query.with.map(variableOf)];
  if (names.some((name) => !known.includes(name))) fail('parser/query');
  const start = bindingsOf(query, inputs, world);
  const { envs } = untilStable(world, (inside) => solve(query.where, start, inside));
  const tuples = distinct(envs.map((env) => names.map((name) => env.get(name)!)));
  const rows = query.find.some(isAggregate)
    ? aggregated(query, tuples)
    : tuples.map((tuple) => tuple.slice(0, query.find.length));
  const sorted = [...rows].sort((one, other) => compareRows(query, one, other));
  return sorted.map((row) =>
    query.find.map((element, i) => shown(element, row[i]!, world, query, inputs)),
  );
}

export function compareRows({ orderBy = [] }: ModelQuery, one: Row, other: Row): number {
  for (const [place, isDescending] of orderBy) {
    const order = compareParts(one[place] as Value, other[place] as Value);
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

function worldOf(
  { in: forms, rules, needs }: ModelQuery,
  inputs: ReadonlyArray<ModelInput>,
  mostSteps: number,
): World {
  const sources = new Map<string, ModelSource>();
  for (const [i, form] of forms.filter((one) => symbolName(one) !== '%').entries()) {
    const input = inputs[i]!;
    if (symbolName(form)?.startsWith('$') !== true) continue;
    sources.set(symbolName(form)!, isDatabase(input) ? input : { tuples: input as Row[] });
  }
  const scalars = new Set(forms.filter(isVariable).map(({ name }) => name));
  return {
    sources,
    implicit: '$',
    rules,
    needs,
    scalars,
    tables: new Map(),
    budget: { steps: mostSteps },
  };
}

export function isDatabase(input: ModelInput): input is ModelDatabase {
  return typeof input === 'object' && input !== null && 'rows' in input;
}

function bindingsOf(
  { in: forms }: ModelQuery,
  inputs: ReadonlyArray<ModelInput>,
  world: World,
): { readonly bound: ReadonlySet<string>; readonly envs: ReadonlyArray<Env> } {
  let envs: ReadonlyArray<Env> = [new Map()];
  for (const [i, form] of forms.filter((one) => symbolName(one) !== '%').entries()) {
    if (symbolName(form)?.startsWith('$') === true) continue;
    const ways = distinctWays(assignments(form, inputs[i] as EdnData));
    envs = envs.flatMap((env) => ways.map((way) => new Map([...env, ...way])));
    spend(world, envs.length);
  }
  const bound = forms.filter((form) => symbolName(form)?.startsWith('$') !== true);
  return { bound: new Set(variablesIn(bound)), envs };
}

function distinctWays(ways: ReturnType<typeof assignments>): ReturnType<typeof assignments> {
  return [...new Map(ways.map((way) => [valueKey(way.map(([, value]) => value)), way])).values()];
}

function isAggregate(element: EdnData): boolean {
  return element instanceof EdnList && symbolName(element.items[0]) !== 'pull';
}

/** `?x`, `(count ?x)`, `(pull ?x [..])`, `(pull $ ?x [..])` */
function variableOf(element: EdnData): string {
  if (!(element instanceof EdnList)) return symbolName(element)!;
  return isAggregate(element)
    ? symbolName(element.items.at(-1))!
    : symbolName(element.items.find(isVariable))!;
}

/** Groups by what is not aggregated. */
function aggregated({ find }: ModelQuery, tuples: ReadonlyArray<Row>): Row[] {
  const groups = new Map<unknown, Row[]>();
  for (const tuple of tuples) {
    const key = valueKey(tuple.slice(0, find.length).filter((_, i) => !isAggregate(find[i]!)));
    groups.set(key, [...(groups.get(key) ?? []), tuple]);
  }
  return Array.from(groups.values(), (group) =>
    find.map((element, i) =>
      isAggregate(element)
        ? aggregate(
            (element as EdnList).items,
            group.map((tuple) => tuple[i]!),
          )
        : group[0]![i]!,
    ),
  );
}

function aggregate([head, ...args]: Forms, values: Forms): EdnData {
  const sorted = [...values].sort((a, b) => compareParts(a as Value, b as Value));
  const n = typeof args[0] === 'number' ? args[0] : undefined;
  const numbers = (): number[] =>
    values.map((value) => (isNumber(value) ? value : fail('query/aggregate')));
  const sum = (all: ReadonlyArray<number>): number => all.reduce((a, b) => a + b, 0);
  const mean = (all: ReadonlyArray<number>): number => sum(all) / all.length;
  const variance = (all: ReadonlyArray<number>): number =>
    mean(all.map((each) => (each - mean(all)) ** 2));
  switch (symbolName(head)) {
    case 'count':
      return values.length;
    case 'count-distinct':
      return distinct(values.map((value) => [value])).length;
    case 'distinct':
      return new Set(distinct(values.map((value) => [value])).map(([value]) => value!));
    case 'sum':
      return sum(numbers());
    case 'avg':
      return mean(numbers());
    case 'variance':
      return variance(numbers());
    case 'median': {
      const middle = sorted.length >> 1;
      if (sorted.length % 2 === 1) return sorted[middle]!;
      return mean(
        [sorted[middle - 1], sorted[middle]].map((v) =>
          isNumber(v) ? v : fail('query/aggregate'),
        ),
      );
    }
    case 'min':
      return n === undefined ? sorted[0]! : sorted.slice(0, n);
    case 'max':
      return n === undefined ? sorted.at(-1)! : sorted.slice(Math.max(0, sorted.length - n));
    default:
      return fail('query/aggregate');
  }
}

function shown(
  element: EdnData,
  value: EdnData,
  world: World,
  { in: forms }: ModelQuery,
  inputs: ReadonlyArray<ModelInput>,
): EdnData {
  if (!(element instanceof EdnList) || isAggregate(element)) return value;
  const source = element.items[1] as Sym;
  const pattern = element.items.at(-1)!;
  const given = forms.filter((one) => symbolName(one) !== '%').indexOf(pattern);
  const database = sourceNamed(world, isVariable(source) ? '$' : source.name) as ModelDatabase;
  const specs = (given < 0 ? pattern : inputs[given]) as Forms;
  const e = requireNamed(database, value);
  const { db, facts } = database;
  return pullModel(db, facts, specs, e, START, new ModelSchema(db), (steps) => spend(world, steps));
}

/** The row as it is shown with `:keys`, `:strs` or `:syms`. */
export function keyed({ keys }: ModelQuery, row: Row): EdnData {
  if (keys === undefined) return row;
  const toKey = { keys: Keyword.intern, strs: String, syms: (name: string) => Sym.intern(name) };
  return new Map(
    row.map((value, i): [EdnData, EdnData] => [toKey[keys.section](String(keys.names[i])), value]),
  );
}

function distinct(rows: ReadonlyArray<Row>): Row[] {
  return [...new Map(rows.map((row) => [valueKey(row), row])).values()];
}
