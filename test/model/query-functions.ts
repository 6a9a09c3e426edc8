/** The functions that random queries call, as plainly as can be. What they cannot work on gives nothing. */
import { isDecimal } from '../../schema/decimal.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { compareParts } from './order.ts';
import { entityNamed, valuesOf } from './query-source.ts';
import type { Forms, ModelDatabase, World } from './query-world.ts';
import { TooMuch, sourceNamed, spend } from './query-world.ts';
import { fail } from './refusal.ts';

type Result = EdnData | undefined;

/** Calls a function that looks into a database. */
export function databaseFunction(name: string, args: Forms, world: World): Result {
  const fn = DATABASE_FUNCTIONS[name] ?? fail('query/where');
  const [source, ref = null, ...rest] = args;
  const named = source instanceof Sym && source.name !== '$' ? source.name : world.implicit;
  const database = sourceNamed(world, named);
  if (!('rows' in database)) fail('query/where');
  spend(world, database.rows.length);
  return fn(database, entityNamed(database, ref), rest);
}

type DatabaseFunction = (database: ModelDatabase, e: number | undefined, args: Forms) => Result;

const DATABASE_FUNCTIONS: Readonly<Record<string, DatabaseFunction>> = {
  'get-else': (database, e, [a, otherwise = null]) => {
    if (otherwise === null) fail('query/where');
    return said(database, e, a!)[0] ?? otherwise;
  },
  'get-some': (database, e, attributes) => {
    const a = attributes.find((one) => said(database, e, one).length > 0);
    return a === undefined ? undefined : [a, said(database, e, a)[0]!];
  },
  'missing?': (database, e, [a]) => said(database, e, a!).length === 0,
};

function said(database: ModelDatabase, e: number | undefined, a: EdnData): ReadonlyArray<Value> {
  return e === undefined ? [] : valuesOf(database, e, a as Keyword);
}

export function isDatabaseFunction(name: string): boolean {
  return name in DATABASE_FUNCTIONS;
}

export function plainFunction(name: string, args: Forms): Result {
  const fn = FUNCTIONS[name] ?? fail('query/where');
  return fn(args) ?? undefined;
}

const FUNCTIONS: Readonly<Record<string, (args: Forms) => Result>> = {
  '<': (args) => inOrder(args, (order) => order < 0),
  '>': (args) => inOrder(args, (order) => order > 0),
  '<=': (args) => inOrder(args, (order) => order <= 0),
  '>=': (args) => inOrder(args, (order) => order >= 0),
  '=': (args) => args.every((b) => valueEquals(args[0]!, b)),
  'not=': (args) => !args.every((b) => valueEquals(args[0]!, b)),
  '!=': (args) => !args.every((b) => valueEquals(args[0]!, b)),
  '+': (args) => (args.every(isNumber) ? args.reduce((a, b) => a + b, 0) : undefined),
  '-': ([a, b]) => (isNumber(a) && isNumber(b) ? a - b : undefined),
  '*': (args) => (args.every(isNumber) ? args.reduce((a, b) => a * b, 1) : undefined),
  inc: ([a]) => (isNumber(a) ? a + 1 : undefined),
  'even?': ([a]) => isNumber(a) && a % 2 === 0,
  'pos?': ([a]) => isNumber(a) && a > 0,
  'zero?': ([a]) => isNumber(a) && a === 0,
  'string?': ([a]) => typeof a === 'string',
  'keyword?': ([a]) => a instanceof Keyword,
  'some?': ([a]) => a !== null,
  count: ([a]) =>
    typeof a === 'string' || Array.isArray(a)
      ? (a as { readonly length: number }).length
      : undefined,
  subs: ([a, from]) =>
    typeof a === 'string' && isNumber(from) && from <= a.length ? a.slice(from) : undefined,
  str: (args) => args.map(String).join(''),
  name: ([a]) => (a instanceof Keyword ? a.name : typeof a === 'string' ? a : undefined),
  vector: (args) => args,
  tuple: (args) => args,
  untuple: ([a]) => a,
  identity: ([a]) => a,
  ground: ([a]) => a,
};

export function isNumber(value: Result): value is number {
  // Numbers of other types have tests of their own.
  if (typeof value === 'bigint' || isDecimal(value)) throw new TooMuch();
  return typeof value === 'number';
}

function inOrder(args: Forms, isRight: (order: number) => boolean): boolean {
  return args.every((b, i) => {
    const a = args[i - 1];
    return a === undefined || (isOneKind(a, b) && isRight(compareParts(a as Value, b as Value)));
  });
}

function isOneKind(a: EdnData, b: EdnData): boolean {
  const isNumeric = (one: EdnData): boolean =>
    typeof one === 'number' || typeof one === 'bigint' || isDecimal(one);
  if (isNumeric(a) && isNumeric(b)) return true;
  return typeof a === typeof b && a?.constructor === b?.constructor;
}
