/**
 * Queries by nested loops: a clause turns a list of bindings into a list of bindings. Of the clauses that are left, the first whose
 * inputs are bound comes next. Answers of rules are worked out again and again until nothing new comes.
 */
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueEquals, valueKey } from '../../schema/value-key.ts';
import { Sym } from '../../schema/keyword.ts';
import type { Bindings, Env, Forms, Row, Table, World } from './query-world.ts';
import { isVariable, only, spend, sourceNamed, symbolName, variablesIn } from './query-world.ts';
import { standsFor } from './query-source.ts';
import { databaseFunction, isDatabaseFunction, plainFunction } from './query-functions.ts';
import { assignments } from './query-inputs.ts';
import { fail } from './refusal.ts';

/** Does something that calls rules, until what the rules answer grows no more. */
export function untilStable<T>(world: World, action: (world: World) => T): T {
  const inside: World = { ...world, tables: new Map() };
  for (;;) {
    const before = sizeOf(inside);
    for (const table of [...inside.tables.values()]) work(table, inside);
    const result = action(inside);
    if (sizeOf(inside) === before) return result;
  }
}

function sizeOf({ tables }: World): number {
  return [...tables.values()].reduce((size, { answers }) => size + answers.size, tables.size);
}

export function solve(clauses: Forms, start: Bindings, world: World): Bindings {
  const rest = [...clauses];
  let bindings = start;
  while (rest.length > 0) {
    const next = rest.findIndex((clause) => isReady(clause, rest, bindings.bound, world));
    if (next < 0) fail('query/where');
    const [clause] = rest.splice(next, 1);
    const envs = bindings.envs.flatMap((env) => solveOne(clause!, env, bindings.bound, world));
    spend(world, envs.length);
    // Without any binding it is still told whether the clause can be worked out.
    if (bindings.envs.length === 0) solveOne(clause!, undefined, bindings.bound, world);
    bindings = { bound: new Set([...bindings.bound, ...binds(clause!, world)]), envs };
  }
  return bindings;
}

/** What stands behind the name of a source, and whether one stood there. */
function withoutSource(clause: EdnList): readonly [name: string | undefined, items: Forms] {
  const [first] = clause.items;
  return first instanceof Sym && first.name.startsWith('$')
    ? [first.name, clause.items.slice(1)]
    : [undefined, clause.items];
}

function isCall(clause: EdnData): clause is ReadonlyArray<EdnData> {
  return Array.isArray(clause) && clause[0] instanceof EdnList;
}

/** Variables of a clause that are seen outside of it. */
function seen(clause: EdnData): string[] {
  if (!(clause instanceof EdnList)) return variablesIn(clause);
  const [, [head, ...rest]] = withoutSource(clause);
  const isJoin = symbolName(head) === 'not-join' || symbolName(head) === 'or-join';
  return variablesIn(isJoin ? rest[0]! : rest);
}

/** Variables that have to be bound before. */
function needs(clause: EdnData, world: World): string[] {
  if (isCall(clause)) return variablesIn((clause[0] as EdnList).items.slice(1));
  if (!(clause instanceof EdnList)) return [];
  const [, [head, ...rest]] = withoutSource(clause);
  const name = symbolName(head)!;
  if (name === 'not' || name === 'not-join') return seen(clause);
  if (name !== 'or' && name !== 'or-join') {
    const places = world.needs.get(name) ?? [];
    return rest.filter((_, i) => places.includes(i)).flatMap(variablesIn);
  }
  const [head1] = name === 'or-join' && Array.isArray(rest[0]) ? (rest[0] as Forms) : [];
  const required = Array.isArray(head1) ? variablesIn(head1) : [];
  const branches = name === 'or-join' ? rest.slice(1) : rest;
  const open = branches.flatMap((branch) => {
    const inside = clausesOf(branch);
    const bound = inside.flatMap((one) => binds(one, world));
    return inside.flatMap((one) => needs(one, world).filter((each) => !bound.includes(each)));
  });
  return [...required, ...open.filter((each) => seen(clause).includes(each))];
}

/** Variables that are bound afterwards. */
function binds(clause: EdnData, world: World): string[] {
  if (isCall(clause)) return clause.length === 2 ? variablesIn(clause[1]!) : [];
  if (clause instanceof EdnList) {
    const [, [head]] = withoutSource(clause);
    if (symbolName(head)!.startsWith('not')) return [];
  }
  const inputs = needs(clause, world);
  return seen(clause).filter((name) => !inputs.includes(name));
}

function isReady(clause: EdnData, rest: Forms, bound: ReadonlySet<string>, world: World): boolean {
  const missing = needs(clause, world).filter((name) => !bound.has(name));
  if (missing.length === 0) return true;
  const isNegation =
    clause instanceof EdnList && symbolName(withoutSource(clause)[1][0])!.startsWith('not');
  // What no other clause binds is the business of the negation alone.
  const others = rest.filter((other) => other !== clause);
  return (
    isNegation && !missing.some((name) => others.some((one) => binds(one, world).includes(name)))
  );
}

function solveOne(
  clause: EdnData,
  env: Env | undefined,
  bound: ReadonlySet<string>,
  world: World,
): ReadonlyArray<Env> {
  const envs = env === undefined ? [] : [env];
  if (isCall(clause)) return envs.flatMap((each) => call(clause, each, world));
  if (!(clause instanceof EdnList))
    return Array.isArray(clause) ? match(clause as Forms, env, world) : fail('parser/where');
  const [source, [head, ...rest]] = withoutSource(clause);
  const here = source === undefined ? world : { ...world, implicit: source };
  switch (symbolName(head)) {
    case 'not':
    case 'not-join': {
      const shared = seen(clause).filter((name) => bound.has(name));
      if (shared.length === 0) fail('query/where');
      const body = symbolName(head) === 'not' ? rest : rest.slice(1);
      const start = { bound: new Set(shared), envs: envs.map((each) => only(each, shared)) };
      const isSatisfied = untilStable(here, (inside) => solve(body, start, inside).envs.length > 0);
      return isSatisfied ? [] : envs;
    }
    case 'or':
    case 'or-join': {
      const join = seen(clause);
      const shared = join.filter((name) => bound.has(name));
      const start = { bound: new Set(shared), envs: envs.map((each) => only(each, shared)) };
      const branches = symbolName(head) === 'or' ? rest : rest.slice(1);
      const mentioned = branches.flatMap(variablesIn);
      const found = branches.flatMap((branch) => {
        const inside = solve(clausesOf(branch), start, here);
        if (join.some((name) => mentioned.includes(name) && !inside.bound.has(name)))
          fail('query/where');
        return inside.envs;
      });
      spend(world, found.length * envs.length);
      return envs.flatMap((each) =>
        distinctEnvs(found.map((one) => new Map([...each, ...only(one, join)]))),
      );
    }
    default:
      return callRule(symbolName(head)!, rest, envs, here);
  }
}

function clausesOf(branch: EdnData): Forms {
  const isAnd = branch instanceof EdnList && symbolName(branch.items[0]) === 'and';
  return isAnd ? branch.items.slice(1) : [branch];
}

function distinctEnvs(envs: ReadonlyArray<Env>): ReadonlyArray<Env> {
  const keyOf = (env: Env): unknown =>
    valueKey([...env].sort(([one], [other]) => (one < other ? -1 : 1)));
  return [...new Map(envs.map((env) => [keyOf(env), env])).values()];
}

/** A pattern against every fact, or every tuple, of its source. */
function match(pattern: Forms, env: Env | undefined, world: World): ReadonlyArray<Env> {
  const [first] = pattern;
  const isNamed = first instanceof Sym && first.name.startsWith('$');
  const source = sourceNamed(world, isNamed ? first.name : world.implicit);
  const terms = isNamed ? pattern.slice(1) : pattern;
  const isTuples = !('rows' in source);
  const given = terms.map((term, place): Given => {
    const isOpen = isVariable(term) ? env?.get(term.name) === undefined : isBlank(term);
    if (isOpen) return undefined;
    const value = isVariable(term) ? env!.get(term.name)! : term;
    const isRequired = !isVariable(term) || world.scalars.has(term.name);
    return { value: isTuples ? value : standsFor(source, terms, place, value, isRequired) };
  });
  if (env === undefined || given.some((one) => one !== undefined && one.value === undefined))
    return [];
  const rows = isTuples ? source.tuples : source.rows;
  spend(world, rows.length);
  return rows.flatMap((row) => (row.length < terms.length ? [] : unify(terms, given, row, env)));
}

/** What has to stand at a place of a row; undefined where anything may. A value that names nothing is none. */
type Given = { readonly value: EdnData | undefined } | undefined;

function unify(terms: Forms, given: ReadonlyArray<Given>, row: Row, env: Env): ReadonlyArray<Env> {
  if (!given.every((one, i) => one === undefined || valueEquals(one.value!, row[i]!))) return [];
  const next = new Map(env);
  for (const [i, term] of terms.entries()) {
    if (given[i] !== undefined || !isVariable(term)) continue;
    const value = next.get(term.name);
    if (value === undefined) next.set(term.name, row[i]!);
    else if (!valueEquals(value, row[i]!)) return [];
  }
  return [next];
}

function isBlank(term: EdnData): boolean {
  return symbolName(term) === '_';
}

function call(clause: Forms, env: Env, world: World): ReadonlyArray<Env> {
  const [name, ...args] = (clause[0] as EdnList).items;
  const values = args.map((arg) => (isVariable(arg) ? env.get(arg.name)! : arg));
  const isOfDatabase = isDatabaseFunction(symbolName(name)!);
  const result = isOfDatabase
    ? databaseFunction(symbolName(name)!, values, world)
    : plainFunction(symbolName(name)!, values);
  if (clause.length === 1) return result === undefined || result === false ? [] : [env];
  if (result === undefined) return [];
  return assignments(clause[1]!, result).flatMap((found) => {
    const next = new Map(env);
    for (const [variable, value] of found) {
      const known = next.get(variable);
      if (known !== undefined && !valueEquals(known, value)) return [];
      next.set(variable, value);
    }
    return [next];
  });
}

function callRule(
  name: string,
  args: Forms,
  envs: ReadonlyArray<Env>,
  world: World,
): ReadonlyArray<Env> {
  if (!world.rules.some(([head]) => symbolName((head as EdnList).items[0]) === name))
    fail('query/where');
  return envs.flatMap((env) => {
    const given = args.map((arg) =>
      isVariable(arg) ? env.get(arg.name) : isBlank(arg) ? undefined : arg,
    );
    const known = given.map((value): Given => (value === undefined ? undefined : { value }));
    const answers = answersOf(name, given, world);
    spend(world, answers.length);
    return answers.flatMap((tuple) =>
      unify(args.slice(0, tuple.length), known.slice(0, tuple.length), tuple, env),
    );
  });
}

function answersOf(name: string, given: Table['given'], world: World): Row[] {
  const asked = valueKey([name, world.implicit, ...given.map((v) => (v === undefined ? [] : [v]))]);
  let table = world.tables.get(asked);
  if (table === undefined) {
    table = { name, source: world.implicit, given, answers: new Map() };
    world.tables.set(asked, table);
  }
  return [...table.answers.values()];
}

/** Once through the branches of a rule, with what is known by now. */
function work({ name, source, given, answers }: Table, world: World): void {
  const inside = { ...world, implicit: source, scalars: new Set<string>() };
  for (const [head, ...body] of world.rules) {
    const [called, ...rest] = (head as EdnList).items;
    if (symbolName(called) !== name) continue;
    const params = variablesIn(rest);
    const env = new Map<string, EdnData>();
    for (const [i, param] of params.entries()) {
      const value = given[i];
      if (value !== undefined) env.set(param, value);
    }
    const { envs } = solve(body, { bound: new Set(env.keys()), envs: [env] }, inside);
    for (const found of envs) {
      const tuple = params.map((param) => found.get(param)!);
      answers.set(valueKey(tuple), tuple);
    }
  }
}
