/**
 * Which indices give the bindings of some patterns in the order that a query asks for. Found once for a query and a schema; neither ever
 * changes.
 *
 * - the values of an attribute that is indexed: `[?e :track/length ?k]` by `?k`, then by `?e`;
 * - the entities of an attribute, or of one value of it: `[?e :track/length ?k]`, `[?e :track/genre "jazz"]` by `?e`;
 * - a composite tuple of which the first members are given: `[?e :track/genre "jazz"] [?e :track/length ?k]` by `?k`, then by `?e`, where there
 *   is a tuple of genre and length. It stands for the patterns of all of these members.
 */
import type { Schema, SchemaAttribute } from '../../db/schema.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { CallClause, Clause, PatternClause, Query, Term, Variable } from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import { workPerRow } from './streamable.ts';
import type { Fit, WantedKey } from './wanted-order.ts';
import { fitOf, wantedOrder } from './wanted-order.ts';

/** An index whose rows stand for the bindings of some patterns. */
export interface Drive extends Fit {
  /** What its rows are in the order of. */
  readonly by: 'value' | 'entity' | 'member';
  readonly attribute: SchemaAttribute;
  /** Whether the attribute is a tuple of what the patterns ask for. */
  readonly isComposite: boolean;
  /** That of the value, or of the last member; any other of them where none is in order. */
  readonly pattern: PatternClause;
  /** Patterns of members whose values are given, in the order of the tuple. */
  readonly given: ReadonlyArray<PatternClause>;
  /** The clauses that are left. */
  readonly rest: ReadonlyArray<Clause>;
  /** Of these, what else is asked of the entity: attributes that have one value at most. */
  readonly columns: ReadonlyArray<ColumnClause>;
  /** How many patterns are worked out for each row of the index. */
  readonly restWork: number;
  readonly e: Variable;
  /** Undefined where no value is looked at. */
  readonly v: Variable | undefined;
}

/** What one look at the entity answers: a pattern of it, or a look-up of what it may have. */
export type ColumnClause =
  | { readonly kind: 'pattern'; readonly clause: PatternClause }
  | {
      readonly kind: 'lookUp';
      readonly clause: CallClause;
      readonly attribute: SchemaAttribute;
      readonly variable: Variable;
      /** What stands for a value where there is none; undefined where it is asked whether there is none. */
      readonly otherwise: EdnData | undefined;
    };

const drivesByQuery = new WeakMap<Query, WeakMap<Schema, ReadonlyArray<Drive>>>();

/** Those of a query whose single inputs all have values; the ones that leave the least to do for a row come first. */
export function drivesOf(query: Query, schema: Schema): ReadonlyArray<Drive> {
  let known = drivesByQuery.get(query);
  if (known === undefined) drivesByQuery.set(query, (known = new WeakMap()));
  let drives = known.get(schema);
  if (drives === undefined) known.set(schema, (drives = findDrives(query, schema)));
  return drives;
}

function findDrives(query: Query, schema: Schema): Drive[] {
  const inputs = new Set<Variable>();
  for (const input of query.in) {
    if (input.kind === 'rules' || input.kind === 'source') continue;
    if (input.binding.kind !== 'scalar') return [];
    inputs.add(input.binding.name);
  }
  if (query.find.elements.some(({ kind }) => kind === 'aggregate')) return [];
  const keys = wantedOrder(query, inputs);
  const patterns = query.where.flatMap((clause) => {
    const known = clause.kind === 'pattern' ? readPattern(clause, schema, inputs) : undefined;
    return known === undefined ? [] : [known];
  });
  const found = [
    ...patterns.flatMap((pattern) => drivesByPattern(pattern, keys)),
    ...schema.composites.flatMap((tuple) => drivesByTuple(tuple, patterns, keys)),
  ];
  const drives = found.flatMap((drive) => {
    const covered: ReadonlyArray<Clause> = [drive.pattern, ...drive.given];
    const rest = query.where.filter((clause) => !covered.includes(clause));
    const bound = new Set([...inputs, drive.e, ...(drive.v === undefined ? [] : [drive.v])]);
    const restWork = workPerRow(rest, bound, schema);
    const ofPatterns = columnsIn(rest, patterns, drive);
    const columns = [...ofPatterns, ...lookUpsIn(rest, schema, drive, bound, ofPatterns)];
    return restWork === undefined ? [] : [{ ...drive, rest, columns, restWork }];
  });
  return drives.sort((one, other) => one.restWork - other.restWork);
}

type Found = Omit<Drive, 'rest' | 'columns' | 'restWork'>;

/** `[?e :attribute ?v]`, of the database without a name. */
interface KnownPattern {
  readonly clause: PatternClause;
  readonly attribute: SchemaAttribute;
  readonly e: Variable;
  /** Undefined where the value is given, or is not asked for. */
  readonly v: Variable | undefined;
  readonly isGiven: boolean;
}

function readPattern(
  clause: PatternClause,
  schema: Schema,
  inputs: ReadonlySet<Variable>,
): KnownPattern | undefined {
  const [e, a, v] = clause.terms;
  const isOpen = (term: Term | undefined): term is Extract<Term, { readonly kind: 'variable' }> =>
    term?.kind === 'variable' && !inputs.has(term.name);
  if (clause.source !== '$' || clause.terms.length > 3 || !isOpen(e)) return undefined;
  const number = a?.kind === 'constant' ? schema.numberFor(a.value) : undefined;
  const attribute = number === undefined ? undefined : schema.attribute(number);
  if (attribute === undefined) return undefined;
  const value = isOpen(v) ? v.name : undefined;
  if (value === e.name) return undefined;
  const isGiven = v !== undefined && v.kind !== 'blank' && value === undefined;
  return { clause, attribute, e: e.name, v: value, isGiven };
}

function columnsIn(
  rest: ReadonlyArray<Clause>,
  patterns: ReadonlyArray<KnownPattern>,
  { e, v }: Found,
): ColumnClause[] {
  const seen = new Set<Variable | number>(v === undefined ? [e] : [e, v]);
  return patterns.flatMap((one) => {
    const { clause, attribute } = one;
    const isOfEntity = one.e === e && rest.includes(clause) && attribute.cardinality === 'one';
    const isNew = !seen.has(attribute.number) && (one.v === undefined || !seen.has(one.v));
    if (!isOfEntity || !isNew || attribute.valueType === undefined) return [];
    seen.add(attribute.number);
    if (one.v !== undefined) seen.add(one.v);
    return [{ kind: 'pattern', clause }];
  });
}

/** `[(get-else $ ?e :attribute otherwise) ?v]` and `[(missing? $ ?e :attribute) ?is]` of the drive's entity. */
function lookUpsIn(
  rest: ReadonlyArray<Clause>,
  schema: Schema,
  { e }: Found,
  bound: ReadonlySet<Variable>,
  others: ReadonlyArray<ColumnClause>,
): ColumnClause[] {
  // A variable that has a value already would have to be compared with it.
  const named = new Set(bound);
  for (const { clause } of others) for (const name of variablesOf(clause)) named.add(name);
  return rest.flatMap((clause): ColumnClause[] => {
    if (clause.kind !== 'call' || clause.binding?.kind !== 'scalar') return [];
    const [source, entity, ident, otherwise] = clause.arguments;
    const isOfEntity =
      source?.kind === 'source' && source.name === '$' && entity?.kind === 'variable';
    if (!isOfEntity || entity.name !== e || ident?.kind !== 'constant') return [];
    const number = schema.numberFor(ident.value);
    const attribute = number === undefined ? undefined : schema.attribute(number);
    const { name: variable } = clause.binding;
    if (attribute?.cardinality !== 'one' || attribute.valueType === undefined) return [];
    const isLookUp =
      (clause.function === 'missing?' && clause.arguments.length === 3) ||
      (clause.function === 'get-else' &&
        otherwise?.kind === 'constant' &&
        otherwise.value !== null);
    if (!isLookUp || named.has(variable)) return [];
    named.add(variable);
    const value = otherwise?.kind === 'constant' ? otherwise.value : undefined;
    return [{ kind: 'lookUp', clause, attribute, variable, otherwise: value }];
  });
}

function drivesByPattern(
  { clause, attribute, e, v, isGiven }: KnownPattern,
  keys: ReadonlyArray<WantedKey>,
): Found[] {
  const found: Found[] = [];
  const common = { attribute, isComposite: false, pattern: clause, given: [], e, v };
  const byEntity = fitOf(keys, v === undefined ? [e] : [e, v], false);
  const byValue = v === undefined || !attribute.indexed ? undefined : fitOf(keys, [v, e], true);
  // A value that is given and not indexed would have to be looked for.
  if (byEntity !== undefined && (!isGiven || attribute.indexed))
    found.push({ ...common, ...byEntity, by: 'entity' });
  if (byValue !== undefined) found.push({ ...common, ...byValue, by: 'value' });
  return found;
}

function drivesByTuple(
  attribute: SchemaAttribute,
  patterns: ReadonlyArray<KnownPattern>,
  keys: ReadonlyArray<WantedKey>,
): Found[] {
  const { tuple, indexed, cardinality } = attribute;
  if (tuple?.kind !== 'composite' || !indexed || cardinality === 'many') return [];
  const members = tuple.attributes;
  const subjects = new Set(patterns.map(({ e }) => e));
  return Array.from(subjects).flatMap((e): Found[] => {
    const patternOf = (place: number, isGiven: boolean): KnownPattern | undefined =>
      patterns.find(
        (one) =>
          one.e === e &&
          one.attribute.ident === members[place] &&
          one.attribute.cardinality === 'one' &&
          one.attribute.valueType !== undefined &&
          (isGiven ? one.isGiven : one.v !== undefined),
      );
    const given: PatternClause[] = [];
    for (let one = patternOf(0, true); one !== undefined; one = patternOf(given.length, true))
      given.push(one.clause);
    const [first] = given;
    if (first === undefined) return [];
    const common = { attribute, isComposite: true, e };
    if (given.length === members.length) {
      const fit = fitOf(keys, [e], false);
      return fit === undefined
        ? []
        : [{ ...common, ...fit, by: 'entity', pattern: first, given, v: undefined }];
    }
    const next = patternOf(given.length, false);
    if (next?.v === undefined) return [];
    const isLast = given.length === members.length - 1;
    const fit = fitOf(keys, isLast ? [next.v, e] : [next.v], isLast);
    return fit === undefined
      ? []
      : [{ ...common, ...fit, by: 'member', pattern: next.clause, given, v: next.v }];
  });
}
