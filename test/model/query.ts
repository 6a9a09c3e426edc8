/**
 * Queries by nested loops: each clause turns a list of bindings into a list of bindings. What binds goes first, then functions, then
 * predicates, then `not`; rules are worked out bottom-up until nothing new comes.
 */
import { Sym } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueEquals, valueKey } from '../../schema/value-key.ts';
import { compareParts } from './order.ts';
import type { Value } from '../../schema/value.ts';

/** `[e a v tx added]` */
type Row = ReadonlyArray<EdnData>;
type Env = ReadonlyMap<string, EdnData>;
type Forms = ReadonlyArray<EdnData>;

export interface ModelQuery {
  readonly find: Forms;
  readonly with: Forms;
  readonly where: Forms;
  readonly rules: ReadonlyArray<Forms>;
}

/** The rows of the answer, each once; with `:with`, once for each binding of all its variables. */
export function queryModel(
  { find, with: more, where, rules }: ModelQuery,
  rows: ReadonlyArray<Row>,
): Row[] {
  const known = ruleAnswers(rules, rows);
  const envs = solve(where, [new Map()], { rows, known });
  const names = [...find, ...more].map(variableOf);
  const tuples = distinct(envs.map((env) => names.map((name) => env.get(name)!)));
  const isAggregate = find.map((element) => element instanceof EdnList);
  if (!isAggregate.includes(true)) return tuples.map((tuple) => tuple.slice(0, find.length));
  const groups = new Map<unknown, Row[]>();
  for (const tuple of tuples) {
    const key = valueKey(tuple.slice(0, find.length).filter((_, i) => isAggregate[i] !== true));
    groups.set(key, [...(groups.get(key) ?? []), tuple]);
  }
  return Array.from(groups.values(), (group) =>
    find.map((element, i) =>
      element instanceof EdnList
        ? aggregate(
            String(element.items[0]),
            group.map((tuple) => tuple[i]!),
          )
        : group[0]![i]!,
    ),
  );
}

/** How many bindings the patterns may have together, where none of them shares a variable with another. */
export function mostBindings({ where }: ModelQuery, rows: ReadonlyArray<Row>): number {
  const counts = where.map((clause) => {
    if (!Array.isArray(clause) || clause[0] instanceof EdnList) return 1;
    const [, a] = clause as Forms;
    return a instanceof Sym ? rows.length : rows.filter((row) => row[1] === a).length;
  });
  return counts.reduce((product, count) => product * Math.max(count, 1), 1);
}

interface World {
  readonly rows: ReadonlyArray<Row>;
  /** The tuples of each rule. */
  readonly known: ReadonlyMap<string, ReadonlyArray<Row>>;
}

function solve(clauses: Forms, start: ReadonlyArray<Env>, world: World): ReadonlyArray<Env> {
  let envs = start;
  for (const clause of [...clauses].sort((a, b) => stageOf(a) - stageOf(b)))
    envs = envs.flatMap((env) => solveOne(clause, env, world));
  return envs;
}

/** Patterns and rules, alternatives, functions, alternatives that only test, predicates, negations. */
function stageOf(clause: EdnData): number {
  const head = clause instanceof EdnList ? String(clause.items[0]) : undefined;
  if (head?.startsWith('not') === true) return 5;
  if (head?.startsWith('or') === true)
    return (clause as EdnList).items.slice(1).some((branch) => stageOf(branch) === 5) ? 3 : 1;
  if (Array.isArray(clause) && clause[0] instanceof EdnList) return clause.length === 2 ? 2 : 4;
  return 0;
}

function solveOne(clause: EdnData, env: Env, world: World): ReadonlyArray<Env> {
  if (Array.isArray(clause)) {
    const items = clause as Forms;
    return items[0] instanceof EdnList
      ? call(items[0], items[1], env)
      : world.rows.flatMap((row) => unify(items, row, env));
  }
  const [head, ...rest] = (clause as EdnList).items;
  switch (String(head)) {
    case 'not':
      return solve(rest, [env], world).length === 0 ? [env] : [];
    case 'not-join':
      return solve(rest.slice(1), [only(env, rest[0] as Forms)], world).length === 0 ? [env] : [];
    case 'or':
      return rest.flatMap((branch) => solve(clausesOf(branch), [env], world));
    case 'or-join': {
      const join = rest[0] as Forms;
      const inner = rest
        .slice(1)
        .flatMap((branch) => solve(clausesOf(branch), [only(env, join)], world));
      return inner.map((found) => new Map([...env, ...only(found, join)]));
    }
    default:
      return (world.known.get(String(head)) ?? []).flatMap((tuple) => unify(rest, tuple, env));
  }
}

function clausesOf(branch: EdnData): Forms {
  const isAnd = branch instanceof EdnList && String(branch.items[0]) === 'and';
  return isAnd ? branch.items.slice(1) : [branch];
}

function only(env: Env, names: Forms): Env {
  const wanted = new Set(names.map(String));
  return new Map([...env].filter(([name]) => wanted.has(name)));
}

function unify(terms: Forms, row: Row, env: Env): ReadonlyArray<Env> {
  const next = new Map(env);
  for (const [i, term] of terms.entries()) {
    if (term instanceof Sym && term.name === '_') continue;
    const isVariable = term instanceof Sym;
    const value = isVariable ? next.get(term.name) : term;
    if (value === undefined) next.set(String(term), row[i]!);
    else if (!valueEquals(value, row[i]!)) return [];
  }
  return [next];
}

function call(
  { items: [name, ...args] }: EdnList,
  binding: EdnData | undefined,
  env: Env,
): ReadonlyArray<Env> {
  const values = args.map((arg) => (arg instanceof Sym ? env.get(arg.name)! : arg));
  const result = FUNCTIONS[String(name)]!(values);
  if (binding === undefined) return result === true ? [env] : [];
  return result === undefined ? [] : unify([binding], [result], env);
}

const FUNCTIONS: Readonly<Record<string, (args: Forms) => EdnData | undefined>> = {
  '<': ([a, b]) => isOrdered(a!, b!) && compareParts(a as Value, b as Value) < 0,
  '>=': ([a, b]) => isOrdered(a!, b!) && compareParts(a as Value, b as Value) >= 0,
  '=': ([a, b]) => valueEquals(a!, b!),
  'not=': ([a, b]) => !valueEquals(a!, b!),
  vector: (args) => args,
  inc: ([a]) => (typeof a === 'number' ? a + 1 : undefined),
};

function isOrdered(a: EdnData, b: EdnData): boolean {
  return typeof a === typeof b && a?.constructor === b?.constructor;
}

function ruleAnswers(rules: ReadonlyArray<Forms>, rows: ReadonlyArray<Row>): World['known'] {
  let known = new Map<string, ReadonlyArray<Row>>();
  for (let before = -1, size = 0; before !== size;) {
    before = size;
    const next = new Map<string, Row[]>();
    for (const [head, ...body] of rules) {
      const [name, ...params] = (head as EdnList).items;
      const envs = solve(body, [new Map()], { rows, known });
      const tuples = envs.map((env) => params.map((param) => env.get(String(param))!));
      next.set(String(name), distinct([...(next.get(String(name)) ?? []), ...tuples]));
    }
    known = next;
    size = [...known.values()].reduce((sum, tuples) => sum + tuples.length, 0);
  }
  return known;
}

function aggregate(name: string, values: Forms): EdnData {
  const sorted = [...values].sort((a, b) => compareParts(a as Value, b as Value));
  switch (name) {
    case 'count':
      return values.length;
    case 'count-distinct':
      return distinct(values.map((value) => [value])).length;
    case 'min':
      return sorted[0]!;
    default:
      return sorted.at(-1)!;
  }
}

function variableOf(element: EdnData): string {
  return String(element instanceof EdnList ? element.items.at(-1) : element);
}

function distinct(rows: ReadonlyArray<Row>): Row[] {
  return [...new Map(rows.map((row) => [valueKey(row), row])).values()];
}
