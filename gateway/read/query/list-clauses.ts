/**
 * The parts of a list's query: which entities (`originClauses`, the filter), their sort keys (`sortColumns`) and the place in the order
 * from which to read (`stepClauses`, `endClauses`).
 */
import type { Keyword, Sym } from '../../../schema/keyword.ts';
import { sym } from '../../../schema/keyword.ts';
import type { EntityType } from '../../../schema/model/model.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { FilterContext } from './filter.ts';
import { compileVisible, countClauses, linkClause, membershipClause } from './filter.ts';
import type { Order, SortKey, SortStep } from './order.ts';
import { binding, equalInOrder, predicate } from './query-scope.ts';
import type { Operand, QueryScope } from './query-scope.ts';
import type { Slot } from './slots.ts';
import type { LinkField, Where } from '../../select/selection.ts';

export const ENTITY = sym('?e');
export const PARENT = sym('?p');

/** Which entities, in which order. */
export interface ListSpec extends Omit<FilterContext, 'scope'> {
  readonly origin: ListOrigin;
  /** Where the parents of a link are. */
  readonly parents: Slot;
  readonly where: Where;
  readonly order: Order;
}

export type ListOrigin =
  | { readonly kind: 'type'; readonly type: EntityType }
  /** What a ref leads to from each of some parents. */
  | { readonly kind: 'link'; readonly field: LinkField };

/** A place in an order: the values of the sort keys, null for none, and the entity. */
export interface Position {
  readonly values: ReadonlyArray<EdnData>;
  readonly entity: number;
}

/** A position with slots in the place of its values, but for those that it does not have. */
export interface PositionSlots {
  readonly values: ReadonlyArray<Operand>;
  readonly entity: Operand;
}

export interface Bounds {
  readonly after: PositionSlots | undefined;
  readonly before: PositionSlots | undefined;
}

/** One part of a list, which one query reads. */
export interface Segment {
  /** Whether its entities have the first sort key. */
  readonly valued: boolean;
  /** Where the list begins after a position within: the step, by how many columns have the position's values. */
  readonly equal?: number;
}

/** A variable to sort by. */
export interface Column {
  readonly variable: Sym;
  readonly descending: boolean;
  /** Whether values that are equal in the order are one value: `1M` and `1.00M` are not, nor are `0.0` and `-0.0`. */
  readonly isExact: boolean;
  /** The variable's value at a position; undefined where it is the same for all that reach it. */
  readonly at: (position: PositionSlots) => Operand | undefined;
}

/** The clauses that name the list's entities, unless the filter or a sort key does so already. */
export function originClauses(
  spec: ListSpec,
  scope: QueryScope,
  bound: boolean,
): ReadonlyArray<EdnData> {
  const { origin } = spec;
  if (origin.kind === 'link') {
    scope.each(PARENT, spec.parents);
    return [linkClause(origin.field, PARENT, ENTITY)];
  }
  return bound ? [] : [membershipClause(scope, origin.type, ENTITY)];
}

/** The clauses that bind the sort keys, and the columns they are in. */
export function sortColumns(
  spec: ListSpec,
  scope: QueryScope,
  segment: Segment,
): { readonly clauses: ReadonlyArray<EdnData>; readonly columns: ReadonlyArray<Column> } {
  const [first, ...others] = spec.order.keys;
  if (first === undefined) return { clauses: [], columns: [] };
  const value = scope.fresh('k');
  const path = keyClauses(spec, scope, first, value);
  const leading = segment.valued
    ? { clauses: path, columns: [valueColumn(value, first, 0)] }
    : { clauses: [scope.notJoin([ENTITY], path)], columns: [] };
  const rest = others.map((key, i) => optionalColumns(spec, scope, key, i + 1));
  return {
    clauses: [...leading.clauses, ...rest.flatMap((each) => each.clauses)],
    columns: [...leading.columns, ...rest.flatMap((each) => each.columns)],
  };
}

/**
 * What follows a position in the order of some columns comes in steps, one for each column from the last to the first: those equal in
 * all columns before it and past the position in it. Each step is a plain range of an index.
 */
export function stepCount(order: Order, segment: Segment, position: PositionSlots): number {
  const [, ...others] = order.keys;
  const further = others.reduce(
    (count, _key, i) => count + (isMissing(position, i + 1) ? 1 : 2),
    0,
  );
  return (segment.valued ? 1 : 0) + further + 1;
}

/** The clauses that hold on a step after a position; `equal` columns have its values. */
export function stepClauses(
  scope: QueryScope,
  columns: ReadonlyArray<Column>,
  position: PositionSlots,
  equal: number,
): ReadonlyArray<EdnData> {
  return seekTerms(columns, position, 'after')
    .slice(0, equal + 1)
    .flatMap(({ column: { variable, isExact }, value, past }, i) => {
      const input = scope.input(value);
      if (i === equal) return [predicate(past, variable, input)];
      return isExact ? [binding('ground', [input], variable)] : equalInOrder(variable, input);
    });
}

/** The clauses that hold before a position. */
export function endClauses(
  scope: QueryScope,
  columns: ReadonlyArray<Column>,
  position: PositionSlots,
): ReadonlyArray<EdnData> {
  const terms = seekTerms(columns, position, 'before').map(({ column, value, past }) => ({
    ...{ variable: column.variable, isExact: column.isExact, past },
    input: scope.input(value),
  }));
  const branches = terms.map((term, i) => [
    ...terms
      .slice(0, i)
      .flatMap(({ variable, isExact, input }) =>
        isExact ? [predicate('=', variable, input)] : equalInOrder(variable, input),
      ),
    predicate(term.past, term.variable, term.input),
  ]);
  const variables = terms.map((term) => term.variable);
  return branches.length === 1 ? branches.flat() : [scope.orJoin(variables, branches)];
}

interface SeekTerm {
  readonly column: Column;
  readonly value: Operand;
  readonly past: '<' | '>';
}

function seekTerms(
  columns: ReadonlyArray<Column>,
  position: PositionSlots,
  side: 'after' | 'before',
): ReadonlyArray<SeekTerm> {
  return columns.flatMap((column) => {
    const value = column.at(position);
    const past = column.descending === (side === 'before') ? '>' : '<';
    return value === undefined ? [] : [{ column, value, past }];
  });
}

export function entityColumn(descending: boolean): Column {
  return { variable: ENTITY, descending, isExact: true, at: (position) => position.entity };
}

function isMissing(position: PositionSlots, index: number): boolean {
  return (position.values[index] ?? null) === null;
}

/** A further sort key: whether it is missing, and what it is. Missing ones are equal among each other. */
function optionalColumns(
  spec: ListSpec,
  scope: QueryScope,
  key: SortKey,
  index: number,
): { readonly clauses: ReadonlyArray<EdnData>; readonly columns: ReadonlyArray<Column> } {
  const flag = scope.fresh('m');
  const value = scope.fresh('k');
  const flagColumn: Column = {
    variable: flag,
    descending: key.nullsFirst,
    isExact: true,
    at: (position) => isMissing(position, index),
  };
  const columns = [flagColumn, valueColumn(value, key, index)];
  const [step, ...others] = key.path;
  // What is looked up may be NaN, which is not missing.
  if (step?.kind === 'value' && others.length === 0 && key.scalar !== 'Float')
    return { clauses: lookUps(step.ident, flag, value), columns };
  const clause = scope.orJoin(
    [flag, value],
    [
      [...keyClauses(spec, scope, key, value), binding('ground', [false], flag)],
      [
        scope.notJoin([ENTITY], keyClauses(spec, scope, key, scope.fresh('k'))),
        binding('ground', [true], flag),
        binding('ground', [NO_VALUE], value),
      ],
    ],
    [ENTITY],
  );
  return { clauses: [clause], columns };
}

/** In the place of a value where there is none. */
const NO_VALUE = 0;

/** The entity's own attribute is looked up for each row that is wanted, which costs less than a join. */
function lookUps(ident: Keyword, flag: Sym, value: Sym): ReadonlyArray<EdnData> {
  return [
    binding('missing?', [DATABASE, ENTITY, ident], flag),
    binding('get-else', [DATABASE, ENTITY, ident, NO_VALUE], value),
  ];
}

const DATABASE = sym('$');

function valueColumn(variable: Sym, key: SortKey, index: number): Column {
  return {
    variable,
    descending: key.descending,
    isExact: key.scalar !== 'Float' && key.scalar !== 'BigDecimal',
    at: (position) => position.values[index] ?? undefined,
  };
}

/** What binds a value to sort by. NaN is in no order with any number: an entity with it is sorted as one without a value. */
function keyClauses(
  spec: ListSpec,
  scope: QueryScope,
  { path, scalar }: SortKey,
  value: Sym,
): ReadonlyArray<EdnData> {
  const clauses = pathClauses(spec, scope, path, value);
  return scalar === 'Float' ? [...clauses, predicate('>=', value, -Infinity)] : clauses;
}

/** From the entity along refs to a value; what the caller may not see is no way. */
export function pathClauses(
  spec: ListSpec,
  scope: QueryScope,
  path: ReadonlyArray<SortStep>,
  value: Sym,
): ReadonlyArray<EdnData> {
  let from = ENTITY;
  return path.flatMap((step, i) => {
    if (step.kind === 'count') return countClauses({ ...spec, scope }, step.field, from, value);
    const { ident, target } = step;
    const to = i === path.length - 1 ? value : scope.fresh('r');
    const clause = [from, ident, to];
    from = to;
    if (to === value) return [clause];
    return [clause, ...compileVisible({ ...spec, scope }, target, {}, to).clauses];
  });
}
