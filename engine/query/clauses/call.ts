/** Predicates `[(< ?a ?b)]` and functions `[(f ?a) ?b]`, once for each row of bindings. */
import { DatabaseError } from '../../../schema/error.ts';
import { Keyword, forwardOf, isReverse, sym } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { datomsWith, entityWith, isEntityId, resolveEntity } from '../../db/lookup.ts';
import { prefetch } from '../../db/prefetch.ts';
import type { SettledDb } from '../../db/scan.ts';
import { projectOne } from '../../pull/project.ts';
import { budget } from '../../shared/budget.ts';
import { registeredNames } from '../../shared/functions.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Argument, Binding, CallClause, Variable } from '../language/ast.ts';
import { boundBy } from '../language/ast.ts';
import { bind } from '../bind.ts';
import { BUILT_INS, SLOW, functionNamed } from '../built-ins.ts';
import type { Context } from '../context.ts';
import { databaseOf, isBound, sourceOf, termIn } from '../context.ts';
import { describeUnknown } from '../patterns/describe.ts';
import { combine, distinct, join, take } from '../relation/algebra.ts';
import type { Rows } from '../relation/column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE } from '../relation/column.ts';
import type { Operand } from './compare-rows.ts';
import { comparedRows, isComparison } from './compare-rows.ts';
import { queryError, shown } from '../query-error.ts';
import { Relation } from '../relation/relation.ts';
import { sizeOf } from '../relation/size-of.ts';

/** So much data goes through functions between two pauses. */
const BYTES_PER_PAUSE = 2 ** 16;

/** Functions that look into a database: their first argument is a source. */
type DatabaseFunction = (
  db: SettledDb,
  args: ReadonlyArray<EdnData>,
  /** The clause, for messages. */
  form: EdnData,
) => Suspended<EdnData | undefined>;

const DATABASE_FUNCTIONS: ReadonlyMap<string, DatabaseFunction> = new Map([
  ['get-else', getElse],
  ['get-some', getSome],
  ['missing?', isMissing],
]);

export function* solveCall(
  context: Context,
  clause: CallClause,
  bindings: Relation,
): Suspended<Relation> {
  const { binding } = clause;
  const [left, right, ...more] = clause.arguments;
  if (
    binding === undefined &&
    left &&
    right &&
    more.length === 0 &&
    isComparison(clause.function)
  ) {
    const operands = [
      operandIn(context, left, bindings),
      operandIn(context, right, bindings),
    ] as const;
    context.trace?.note('comparison of columns');
    const held = yield* comparedRows(clause.function, ...operands, bindings.length);
    return yield* take(bindings, held);
  }
  if (binding !== undefined && bindings.length > 1 && isOfNoRow(context, clause)) {
    const once = yield* solveCall(context, clause, Relation.unit);
    return yield* join(bindings, once);
  }
  const results = yield* callAll(context, clause, bindings);
  if (binding === undefined) {
    const isTrue = (result: EdnData | undefined): boolean => isResult(result) && result !== false;
    return yield* take(bindings, rowsWhere(results, isTrue));
  }
  const rows = rowsWhere(results, isResult);
  if (binding.kind === 'scalar' && !isBound(context, bindings, binding.name)) {
    const column = Array.from(rows, (row) => results[row] ?? null);
    return yield* combine(bindings, new Relation([binding.name], [column], column.length), rows);
  }
  const bound = yield* destructure(context, binding, results, rows, bindings);
  return binding.kind === 'scalar' ? bound : yield* distinct(bound);
}

/** Functions whose result depends on their arguments alone and may be large. */
const ONCE: ReadonlySet<string> = new Set(['ground', 'q', 'datahike.query/q']);

/** Whether a call is the same for all rows, so that it is made once. */
function isOfNoRow(context: Context, clause: CallClause): boolean {
  return (
    ONCE.has(clause.function) &&
    clause.arguments.every((argument) => termIn(context, argument).kind !== 'variable')
  );
}

function operandIn(context: Context, argument: Argument, bindings: Relation): Operand {
  const term = termIn(context, argument);
  if (term.kind === 'variable') return { bindings, variable: term.name };
  return { value: term.kind === 'constant' ? term.value : null };
}

/** Each row beside every way to bind its result; where a variable is bound already the values have to agree. */
function* destructure(
  { constants }: Context,
  binding: Binding,
  results: ReadonlyArray<EdnData | undefined>,
  rows: Rows,
  bindings: Relation,
): Suspended<Relation> {
  const names = [...new Set(boundBy(binding))];
  const columns: EdnData[][] = names.map(() => []);
  const known = (name: Variable, row: number): EdnData | undefined =>
    bindings.has(name) ? bindings.column(name)[row] : constants.get(name);
  const rowsOfBindings = new IntegerBuffer();
  let sincePause = 0;
  for (const row of rows) {
    const bound = yield* bind(binding, results[row] ?? null);
    for (let i = 0; i < bound.length; i++) {
      const isAgreed = names.every((name) => {
        const value = known(name, row);
        return value === undefined || valueEquals(value, bound.column(name)[i]!);
      });
      if (!isAgreed) continue;
      rowsOfBindings.push(row);
      for (const [place, name] of names.entries()) columns[place]!.push(bound.column(name)[i]!);
    }
    budget().checkRows(rowsOfBindings.length, names.length + 1);
    sincePause += 1 + bound.length;
    if (sincePause < ROWS_PER_PAUSE / 8) continue;
    sincePause = 0;
    yield PAUSE;
  }
  const isNew = names.map((name) => !bindings.has(name) && !constants.has(name));
  const added = new Relation(
    names.filter((_, place) => isNew[place]),
    columns.filter((_, place) => isNew[place]),
    rowsOfBindings.length,
  );
  return yield* combine(bindings, added, rowsOfBindings.view());
}

/** nil is no result. */
function isResult(result: EdnData | undefined): boolean {
  return result !== undefined && result !== null;
}

function rowsWhere(
  results: ReadonlyArray<EdnData | undefined>,
  isWanted: (result: EdnData | undefined) => boolean,
): Rows {
  const rows = new IntegerBuffer(results.length);
  for (const [row, result] of results.entries()) if (isWanted(result)) rows.push(row);
  return rows.view();
}

/** The result for each row; undefined where the function has none. */
function* callAll(
  context: Context,
  clause: CallClause,
  bindings: Relation,
): Suspended<Array<EdnData | undefined>> {
  const terms = clause.arguments.map((argument) => termIn(context, argument));
  const args = terms.map((argument) => argumentColumn(argument, bindings));
  const valuesOf = (row: number): EdnData[] => args.map((argument) => argument(row));
  const name = calledName(context, clause.function, bindings);
  const fn = functionNamed(name);
  const results: Array<EdnData | undefined> = [];
  if (fn !== undefined) {
    context.trace?.note(`${name} called for each row`);
    let bytes = 0;
    for (let row = 0; row < bindings.length; row++) {
      const values = valuesOf(row);
      const result = fn(...values);
      results.push(result);
      for (const value of values) bytes += sizeOf(value);
      const made = sizeOf(result);
      budget().holdValue(made);
      bytes += made;
      if (bytes < BYTES_PER_PAUSE && !SLOW.has(name)) continue;
      bytes = 0;
      yield PAUSE;
    }
    return results;
  }
  if (clause.function === 'q' || clause.function === 'datahike.query/q') {
    context.trace?.note('a query for each row');
    const [, ...inputs] = terms.map((argument) => inputColumn(context, argument, bindings));
    for (let row = 0; row < bindings.length; row++) {
      const answer = yield* context.query(
        args[0]!(row),
        inputs.map((input) => input(row)),
      );
      budget().hold(sizeOf(answer));
      results.push(answer);
      yield PAUSE;
    }
    return results;
  }
  const databaseFunction = DATABASE_FUNCTIONS.get(clause.function);
  if (databaseFunction === undefined) throw unknownFunction(clause);
  const source = clause.arguments[0];
  const db = databaseOf(context, source?.kind === 'source' ? source.name : '$');
  const found = yield* lookUpAll(db, clause.function, args, bindings.length);
  if (found !== undefined) {
    context.trace?.note(`${name} looks into the database for all rows at once`);
    return found;
  }
  context.trace?.note(`${name} looks into the database for each row`);
  for (const term of terms.slice(2))
    if (term.kind === 'constant') context.trace?.note(describeUnknown(db, term.value));
  const ids = bindings.length > 1 ? entityIds(args, bindings.length) : [];
  yield* prefetch(
    db,
    'eavt',
    ids.map((e) => ({ e })),
  );
  for (let row = 0; row < bindings.length; row++) {
    results.push(yield* databaseFunction(db, valuesOf(row).slice(1), clause.form));
    if (row % 512 === 511) yield PAUSE;
  }
  return results;
}

/**
 * The results of `get-else` and `missing?` for all rows together, where every row asks one attribute of an entity that is known by its id: what entities
 * beside each other say is read leaf by leaf. Undefined for everything else.
 */
function* lookUpAll(
  db: SettledDb,
  name: string,
  args: ReadonlyArray<(row: number) => EdnData>,
  length: number,
): Suspended<Array<EdnData | undefined> | undefined> {
  const [, entityAt, identAt, otherwiseAt] = args;
  if (length < 2 || entityAt === undefined || identAt === undefined) return undefined;
  const isGetElse = name === 'get-else' && args.length === 4;
  if (!isGetElse && !(name === 'missing?' && args.length === 3)) return undefined;
  const ident = identAt(0);
  if (!(ident instanceof Keyword) || isReverse(ident) || db.schema.numberOf(ident) === undefined)
    return undefined;
  const entities: number[] = [];
  for (let row = 0; row < length; row++) {
    const entity = entityAt(row);
    const otherwise = isGetElse ? otherwiseAt?.(row) : true;
    if (entity === undefined || !isEntityId(entity) || identAt(row) !== ident) return undefined;
    if (otherwise === null) return undefined;
    entities.push(entity);
  }
  const values = yield* projectOne(db, ident, entities);
  // An entity without a value has no place in the column.
  return Array.from(values, (value, row) =>
    isGetElse ? (value ?? otherwiseAt?.(row)) : value === undefined,
  );
}

/** The function that is called: an input may name it, `[(?f ?x) ?y]`. */
function calledName({ constants }: Context, name: string, bindings: Relation): string {
  const one = constants.get(name);
  if (one !== undefined) return String(one);
  const given = name.startsWith('?') && bindings.has(name) ? [...bindings.column(name)] : [];
  if (given.some((other) => other !== given[0]))
    throw queryError(
      'query/where',
      `Expected one function as ${name}, got several: ${given[0]}, …`,
    );
  return given[0] === undefined ? name : String(given[0]);
}

/** The entity ids that a database function is called with. */
function entityIds(args: ReadonlyArray<(row: number) => EdnData>, length: number): number[] {
  const ids = new Set<number>();
  for (let row = 0; row < length; row++) {
    const e = args[1]?.(row);
    if (typeof e === 'number') ids.add(e);
  }
  return [...ids];
}

/** As {@link argumentColumn}, with sources as inputs of a query within the query. */
function inputColumn(
  context: Context,
  argument: Argument,
  bindings: Relation,
): (row: number) => SettledDb | EdnData {
  if (argument.kind !== 'source') return argumentColumn(argument, bindings);
  const source = sourceOf(context, argument.name);
  const input = source.kind === 'database' ? source.db : source.tuples;
  return () => input;
}

function argumentColumn(argument: Argument, bindings: Relation): (row: number) => EdnData {
  switch (argument.kind) {
    case 'constant':
      return () => argument.value;
    case 'variable': {
      const column = bindings.column(argument.name);
      return (row) => column[row]!;
    }
    case 'blank':
    case 'source':
      return () => null;
  }
}

function unknownFunction({ function: name, form }: CallClause): Error {
  const known = [...BUILT_INS.keys(), ...DATABASE_FUNCTIONS.keys(), 'q', ...registeredNames()];
  const summary = `Unknown predicate/function '${name} in ${shown(form)}`;
  return new DatabaseError('BAD_QUERY', `${summary}${didYouMean(name, known)}`, {
    kind: 'query/where',
    data: { form, var: sym(name) },
    summary,
  });
}

function* getElse(
  db: SettledDb,
  [ref, ident, otherwise]: ReadonlyArray<EdnData>,
  form: EdnData,
): Suspended<EdnData | undefined> {
  if (otherwise === null || otherwise === undefined)
    throw queryError('query/where', 'get-else: nil default value is not supported', form);
  const [first] = yield* valuesAt(db, ref, ident, form);
  return first ?? otherwise;
}

function* getSome(
  db: SettledDb,
  [ref, ...idents]: ReadonlyArray<EdnData>,
  form: EdnData,
): Suspended<EdnData | undefined> {
  for (const ident of idents) {
    const [first] = yield* valuesAt(db, ref, ident, form);
    if (first !== undefined) return [ident, first];
  }
  return undefined;
}

function* isMissing(
  db: SettledDb,
  [ref, ident]: ReadonlyArray<EdnData>,
  form: EdnData,
): Suspended<EdnData | undefined> {
  return (yield* valuesAt(db, ref, ident, form)).length === 0;
}

/** The values of an attribute of an entity, also backward (`:_friend`). */
function* valuesAt(
  db: SettledDb,
  ref: EdnData = null,
  ident: EdnData = null,
  form: EdnData,
): Suspended<ReadonlyArray<EdnData>> {
  if (!(ident instanceof Keyword))
    throw queryError(
      'query/where',
      `Expected an attribute such as :person/name, got ${shown(ident)}, in`,
      form,
    );
  const e = yield* resolveEntity(db, ref);
  const a = db.schema.numberOf(forwardOf(ident));
  if (e === undefined || a === undefined) return [];
  if (isReverse(ident)) {
    const source = yield* entityWith(db, a, e);
    return source === undefined ? [] : [source];
  }
  return (yield* datomsWith(db, 'eavt', { e, a })).map(({ v }) => v);
}
