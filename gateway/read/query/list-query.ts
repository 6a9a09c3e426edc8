/**
 * A list of entities as query forms: filter, order, place and length are all in the query.
 *
 * Entities with a value for the first sort key and those without are two segments of the list, one after the other, and each is a
 * query of its own. That keeps the common one (those with a value, most wanted first) a plain pattern over one index, and the other is
 * asked only when a page reaches it. Further keys are two columns, whether there is a value and which: values of one type meet only
 * each other.
 */
import type { Keyword } from '../../../schema/keyword.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import type { FoldName } from '../../../schema/model/folds.ts';
import type { EntityType, ScalarField } from '../../../schema/model/model.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import type { FilterContext } from './filter.ts';
import { compileRule, compileVisible, membershipClause } from './filter.ts';
import type { AccessKind } from '../row-rules.ts';
import type { Where } from '../../select/selection.ts';
import type { Slot } from './slots.ts';
import {
  endClauses,
  ENTITY,
  entityColumn,
  originClauses,
  PARENT,
  sortColumns,
  stepClauses,
  stepCount,
} from './list-clauses.ts';
import type { Bounds, Column, ListSpec, Position, PositionSlots, Segment } from './list-clauses.ts';
import type { Inputs } from './query-scope.ts';
import { QueryScope } from './query-scope.ts';
import type { Filter } from './value-filter.ts';

/** A query for all lists of one shape. */
export interface QueryForm {
  readonly query: EdnMap;
  readonly inputs: Inputs;
}

export interface Row {
  /** Undefined in the list of a type. */
  readonly parent: number | undefined;
  readonly entity: number;
  /** What the entity is sorted by, in a row of all columns. */
  readonly values: () => Position['values'];
}

export interface RowQuery extends QueryForm {
  /** How many columns, from the first one, tell the entity, and whose it is; the others are its position. */
  readonly entityColumns: number;
  /** Of all columns, or of these. */
  readonly toRow: (columns: ReadonlyArray<EdnData>) => Row;
}

/** The segments of a list between its bounds, in order. */
export function segmentsOf(spec: ListSpec, { after, before }: Bounds): ReadonlyArray<Segment> {
  const [key] = spec.order.keys;
  const all =
    key === undefined
      ? [{ valued: false }]
      : [{ valued: !key.nullsFirst }, { valued: key.nullsFirst }];
  const from = after === undefined ? 0 : all.findIndex((each) => isIn(spec, each, after));
  const to =
    before === undefined ? all.length - 1 : all.findIndex((each) => isIn(spec, each, before));
  const between = all.slice(from, to + 1);
  const [first, ...others] = between;
  if (first === undefined || after === undefined) return between;
  const steps = Array.from({ length: stepCount(spec.order, first, after) }, (_, equal) => ({
    ...first,
    equal,
  }));
  return [...steps.reverse(), ...others];
}

/** The rows of a segment, in order; those of each parent together. */
export function rowQuery(spec: ListSpec, segment: Segment, bounds: Bounds): RowQuery {
  const { scope, clauses, columns } = segmentParts(spec, segment, bounds);
  const parent = spec.origin.kind === 'link' ? [PARENT] : [];
  const sortBy = [...columns, entityColumn(spec.order.entityDescending)];
  const query = new Map<EdnData, EdnData>([
    [kw('find'), [...parent, ENTITY, ...columns.map((column) => column.variable)]],
    [kw('in'), scope.bindings],
    [kw('where'), clauses],
    [
      kw('order-by'),
      [
        ...parent.flatMap((variable) => [variable, kw('asc')]),
        ...sortBy.flatMap(({ variable, descending }) => [
          variable,
          kw(descending ? 'desc' : 'asc'),
        ]),
      ],
    ],
  ]);
  const toRow = rowReader(spec, segment, parent.length);
  return { query, inputs: scope.inputs, entityColumns: parent.length + 1, toRow };
}

/** How many rows a segment has: one number. */
export function segmentCountQuery(spec: ListSpec, segment: Segment, bounds: Bounds): QueryForm {
  const { scope, clauses } = segmentParts(spec, segment, bounds);
  return queryForm([COUNT, sym('.')], scope, clauses);
}

/** How many entities the whole list has: one number, or for a link a row `[parent count]` for each parent that has any. */
export function totalCountQuery(spec: ListSpec): QueryForm {
  const scope = new QueryScope();
  const filter = filterOf(spec, scope);
  const clauses = [...originClauses(spec, scope, filter.binds), ...filter.clauses];
  return queryForm(
    spec.origin.kind === 'link' ? [PARENT, COUNT] : [COUNT, sym('.')],
    scope,
    clauses,
  );
}

/**
 * What the values of a field come to over the whole list: a row of the folds, for a link with the parent before them. Where there is no value there is
 * no row.
 */
export function foldQuery(
  spec: ListSpec,
  { attribute, isIdent }: ScalarField,
  folds: ReadonlyArray<FoldName>,
): QueryForm {
  const scope = new QueryScope();
  const filter = filterOf(spec, scope);
  const value = scope.fresh('v');
  const clauses = [
    ...originClauses(spec, scope, filter.binds),
    ...filter.clauses,
    [ENTITY, attribute.ident, value],
  ];
  const parent = spec.origin.kind === 'link' ? [PARENT] : [];
  // Of idents only how many there are is told, and different ones are different entities.
  const counted = isIdent ? folds.filter((fold) => fold === 'countDistinct') : folds;
  const find = [
    ...parent,
    ...counted.map((fold) => new EdnList([sym(FOLD_FUNCTIONS[fold]), value])),
  ];
  const { query, inputs } = queryForm(find, scope, clauses);
  return { query: new Map([...query, [kw('with'), [ENTITY]]]), inputs };
}

export const FOLD_FUNCTIONS: Readonly<Record<FoldName, string>> = {
  sum: 'sum',
  avg: 'avg',
  min: 'min',
  max: 'max',
  countDistinct: 'count-distinct',
};

/** Of the entities in a slot, its first input, those that a rule lets through. */
export function ruleQuery(
  context: Omit<FilterContext, 'scope'>,
  type: string,
  kind: AccessKind,
  entities: Slot,
): QueryForm {
  const scope = new QueryScope();
  scope.each(ENTITY, entities);
  const { clauses } = compileRule({ ...context, scope }, type, kind, ENTITY);
  return queryForm([[ENTITY, sym('...')]], scope, clauses);
}

/** Of the entities in a slot, its first input, those of a type that the caller may see and that a filter lets through. */
export function membersQuery(
  context: Omit<FilterContext, 'scope'>,
  type: EntityType,
  where: Where,
  entities: Slot,
): QueryForm {
  const scope = new QueryScope();
  scope.each(ENTITY, entities);
  const { clauses } = compileVisible({ ...context, scope }, type.name, where, ENTITY);
  const membership = membershipClause(scope, type, ENTITY);
  return queryForm([[ENTITY, sym('...')]], scope, [membership, ...clauses]);
}

/** The values of an attribute that entities of a type have which the caller may see and a filter lets through. */
export function valuesQuery(
  context: Omit<FilterContext, 'scope'>,
  type: EntityType,
  attribute: Keyword,
  where: Where,
): QueryForm {
  const scope = new QueryScope();
  const value = scope.fresh('v');
  const { clauses } = compileVisible({ ...context, scope }, type.name, where, ENTITY);
  return queryForm([[value, sym('...')]], scope, [[ENTITY, attribute, value], ...clauses]);
}

const COUNT = new EdnList([sym('count'), ENTITY]);

function queryForm(
  find: ReadonlyArray<EdnData>,
  scope: QueryScope,
  clauses: ReadonlyArray<EdnData>,
): QueryForm {
  const query = new Map<EdnData, EdnData>([
    [kw('find'), find],
    [kw('in'), scope.bindings],
    [kw('where'), clauses],
  ]);
  return { query, inputs: scope.inputs };
}

interface SegmentParts {
  readonly scope: QueryScope;
  readonly clauses: ReadonlyArray<EdnData>;
  readonly columns: ReadonlyArray<Column>;
}

function segmentParts(spec: ListSpec, segment: Segment, bounds: Bounds): SegmentParts {
  const scope = new QueryScope();
  const filter = filterOf(spec, scope);
  const sort = sortColumns(spec, scope, segment);
  const seekable = [...sort.columns, entityColumn(spec.order.entityDescending)];
  const { after, before } = bounds;
  const clauses = [
    ...originClauses(spec, scope, filter.binds || (segment.valued && isKeyOfType(spec))),
    ...filter.clauses,
    ...sort.clauses,
    ...(after === undefined || segment.equal === undefined
      ? []
      : stepClauses(scope, seekable, after, segment.equal)),
    // An end in another segment does not cut this one.
    ...(before === undefined || !isIn(spec, segment, before)
      ? []
      : endClauses(scope, seekable, before)),
  ];
  return { scope, clauses, columns: sort.columns };
}

function isIn(spec: ListSpec, segment: Segment, position: PositionSlots): boolean {
  return spec.order.keys.length === 0 || segment.valued === (position.values[0] !== null);
}

/** What lets entities into the list. */
export function filterOf(spec: ListSpec, scope: QueryScope): Filter {
  const { origin } = spec;
  const target = origin.kind === 'type' ? origin.type.name : origin.field.target;
  return compileVisible({ ...spec, scope }, target, spec.where, ENTITY);
}

/** Whether entities with the first sort key have the type. */
function isKeyOfType({ origin, order }: ListSpec): boolean {
  const step = order.keys[0]?.path[0];
  return (
    origin.kind === 'type' &&
    step?.kind === 'value' &&
    origin.type.attributes.some((each) => each.ident === step.ident)
  );
}

/** The inverse of the `:find` of {@link rowQuery}. */
function rowReader(
  spec: ListSpec,
  segment: Segment,
  parents: number,
): (columns: ReadonlyArray<EdnData>) => Row {
  const [first, ...others] = spec.order.keys;
  const valuesFrom = parents + 1 + (segment.valued ? 1 : 0);
  const valuesIn = (columns: ReadonlyArray<EdnData>): Position['values'] => {
    const rest = others.map((_key, i) => {
      const flag = columns[valuesFrom + 2 * i];
      return flag === true ? null : (columns[valuesFrom + 2 * i + 1] ?? null);
    });
    const head =
      first === undefined ? [] : [segment.valued ? (columns[parents + 1] ?? null) : null];
    return [...head, ...rest];
  };
  return (columns) => ({
    parent: parents === 0 ? undefined : Number(columns[0]),
    entity: Number(columns[parents]),
    values: () => valuesIn(columns),
  });
}
