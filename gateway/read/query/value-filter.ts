/**
 * The leaves of a filter: operators on the values of one attribute, or on the id.
 *
 * An operator speaks of a value that is there: `ne` holds where the attribute has another value, and not where it has none.
 */
import type { Sym } from '../../../schema/keyword.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import type { ScalarField } from '../../../schema/model/model.ts';
import { entitiesInPlaces, operatorsOf } from '../../../schema/model/shapes.ts';
import type { EdnData } from '../../../schema/value.ts';
import { GREATEST_VALUE } from '../../../services/reader/reader.ts';
import { badInput } from '../bad-input.ts';
import { booleanAt, eachValue, valueAt, valuesAt } from './filter-input.ts';
import { binding, equalInOrder, predicate } from './query-scope.ts';
import type { FromSlot, QueryScope } from './query-scope.ts';
import type { Slot } from './slots.ts';
import type { Where } from '../../select/selection.ts';
import { suggest } from '../suggest.ts';

export interface Filter {
  readonly clauses: ReadonlyArray<EdnData>;
  /** Whether the clauses alone say which entities are meant: one of them looks up an attribute of the entity. */
  readonly binds: boolean;
}

export interface ValueContext {
  readonly scope: QueryScope;
  /** The entity of an id. */
  readonly decodeId: (id: string) => number;
}

const PREDICATES: Readonly<Record<string, string>> = {
  ne: 'not=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  startsWith: 'clojure.string/starts-with?',
  endsWith: 'clojure.string/ends-with?',
  contains: 'clojure.string/includes?',
};

/** Operators on one value share one variable, so that a range is one scan. */
export function compileOneValue(
  context: ValueContext,
  field: ScalarField,
  operators: Where,
  e: Sym,
  place: string,
): Filter {
  const { scope } = context;
  const { ident } = field.attribute;
  const fromSlot = entitiesInPlaces(field.shape, context.decodeId);
  const comparison = isExact(field) ? compare : compareNumbers;
  const v = scope.fresh('v');
  const onValue: EdnData[] = [];
  const others: EdnData[] = [];
  let needsValue = false;
  for (const [operator, operand] of Object.entries(operators)) {
    const at = `${place}.${operator}`;
    if (operator === 'isNull') {
      if (booleanAt(operand, at)) others.push(scope.notJoin([e], [[e, ident]]));
      else needsValue = true;
    } else if (operator === 'eq' && isExact(field)) {
      others.push([e, ident, scope.input(valueAt(operand, at), fromSlot)]);
    } else {
      needsValue = true;
      checkOperator(field, operator, at);
      const isPrefix = operator === 'startsWith' && isTuple(field);
      onValue.push(
        ...(isPrefix
          ? beginsWith(scope, field, valueAt(operand, at), v, fromSlot)
          : comparison(scope, operator, operand, v, at, fromSlot)),
      );
    }
  }
  const lookup = needsValue ? valueClauses(scope, field, e, v) : [];
  const binds = needsValue || operators['eq'] !== undefined;
  return { clauses: [...others, ...lookup, ...onValue], binds };
}

/** Whoever names operators freely is told of those that the field does not have. */
function checkOperator({ shape }: ScalarField, operator: string, place: string): void {
  const known: ReadonlyArray<string> = operatorsOf(shape);
  if (!known.includes(operator))
    throw badInput(place, `is no operator${suggest(operator, [...known, 'isNull'])}`);
}

/** Whether values that are equal for callers are one value: numbers are equal whatever their scale. */
function isExact({ attribute: { valueType } }: ScalarField): boolean {
  return valueType !== 'bigdec' && valueType !== 'number';
}

function isTuple({ shape: { kind } }: ScalarField): boolean {
  return kind === 'tuple' || kind === 'vector';
}

/**
 * Tuples of one length with the same first places stand together in their order, between the least and the greatest of them. Those of one type are of
 * any length, and shorter ones come before longer ones.
 */
function beginsWith(
  scope: QueryScope,
  { shape }: ScalarField,
  prefix: Slot | boolean,
  v: Sym,
  fromSlot: FromSlot = (value) => value,
): ReadonlyArray<EdnData> {
  if (shape.kind !== 'tuple') {
    const first = scope.fresh('p');
    const wanted = scope.input(prefix);
    const length = scope.input(prefix, (value) => (value as ReadonlyArray<EdnData>).length);
    return [binding('take', [length, v], first), predicate('<=', wanted, first, wanted)];
  }
  const { length } = shape.items;
  const filledWith =
    (rest: EdnData): FromSlot =>
    (value) => {
      const places = fromSlot(value) as ReadonlyArray<EdnData>;
      return [...places, ...new Array<EdnData>(length - places.length).fill(rest)];
    };
  const least = scope.input(prefix, filledWith(null));
  const greatest = scope.input(prefix, filledWith(GREATEST_VALUE));
  return [predicate('<=', least, v, greatest)];
}

/** What binds a value as callers know it: of an entity that stands for its ident, that. */
function valueClauses(
  scope: QueryScope,
  { attribute, isIdent }: ScalarField,
  e: Sym,
  v: Sym,
): ReadonlyArray<EdnData> {
  if (!isIdent) return [[e, attribute.ident, v]];
  const named = scope.fresh('r');
  return [
    [e, attribute.ident, named],
    [named, IDENT, v],
  ];
}

const IDENT = kw('db/ident');

function compare(
  scope: QueryScope,
  operator: string,
  operand: unknown,
  v: Sym,
  place: string,
  fromSlot?: FromSlot,
): ReadonlyArray<EdnData> {
  if (operator === 'in') return [isOneOf(scope, v, valuesAt(operand, place), each(fromSlot))];
  if (operator === 'nin') return [isNoneOf(scope, v, valuesAt(operand, place))];
  if (operator === 'ns') {
    const namespace = scope.fresh('ns');
    const wanted = scope.input(valueAt(operand, place));
    return [binding('namespace', [v], namespace), predicate('=', namespace, wanted)];
  }
  if (operator === 'matches')
    return [predicate('re-find', scope.input(valueAt(operand, place)), v)];
  const name = Object.hasOwn(PREDICATES, operator) ? PREDICATES[operator] : undefined;
  if (name === undefined) throw badInput(place, 'is no operator');
  return [predicate(name, v, scope.input(valueAt(operand, place)))];
}

/** As {@link compare}, of numbers that may be equal and yet different values. */
function compareNumbers(
  scope: QueryScope,
  operator: string,
  operand: unknown,
  v: Sym,
  place: string,
): ReadonlyArray<EdnData> {
  const isOneOfThem = (): ReadonlyArray<EdnData> => {
    const one = scope.fresh('n');
    return [isOneOf(scope, one, valuesAt(operand, place)), ...equalInOrder(v, one)];
  };
  switch (operator) {
    case 'eq':
      return equalInOrder(v, scope.input(valueAt(operand, place)));
    case 'ne':
      return [scope.notJoin([v], equalInOrder(v, scope.input(valueAt(operand, place))))];
    case 'in':
      return isOneOfThem();
    case 'nin':
      return [scope.notJoin([v], isOneOfThem())];
    default:
      return compare(scope, operator, operand, v, place);
  }
}

/** All of some comparisons of a value that is there. */
export function compareAll(
  scope: QueryScope,
  operators: Where,
  v: Sym,
  place: string,
): ReadonlyArray<EdnData> {
  return Object.entries(operators).flatMap(([operator, operand]) => {
    const at = `${place}.${operator}`;
    return operator === 'eq'
      ? [predicate('=', v, scope.input(valueAt(operand, at)))]
      : compare(scope, operator, operand, v, at);
  });
}

export function compileManyValues(
  context: ValueContext,
  field: ScalarField,
  operators: Where,
  e: Sym,
  place: string,
): Filter {
  const { scope } = context;
  const { ident } = field.attribute;
  const fromSlot = entitiesInPlaces(field.shape, context.decodeId);
  const has = (value: Slot | boolean): ReadonlyArray<EdnData> => {
    if (isExact(field)) return [[e, ident, scope.input(value, fromSlot)]];
    const v = scope.fresh('v');
    return [[e, ident, v], ...equalInOrder(v, scope.input(value))];
  };
  const parts = Object.entries(operators).map(([operator, operand]): Filter => {
    const at = `${place}.${operator}`;
    switch (operator) {
      case 'has':
        return binds(has(valueAt(operand, at)));
      case 'hasAll':
        return binds(eachValue(operand, at).flatMap(has));
      case 'hasAny': {
        const v = scope.fresh('v');
        const lookup = valueClauses(scope, field, e, v);
        return isExact(field)
          ? binds([isOneOf(scope, v, valuesAt(operand, at), each(fromSlot)), ...lookup])
          : binds([...lookup, ...compareNumbers(scope, 'in', operand, v, at)]);
      }
      case 'isEmpty':
        return booleanAt(operand, at)
          ? { clauses: [scope.notJoin([e], [[e, ident]])], binds: false }
          : binds([[e, ident]]);
      default:
        throw badInput(
          at,
          `is no operator${suggest(operator, ['has', 'hasAny', 'hasAll', 'isEmpty'])}`,
        );
    }
  });
  return allOf(parts);
}

export function compileId(
  { scope, decodeId }: ValueContext,
  operators: Where,
  e: Sym,
  place: string,
): Filter {
  // Rules have the entity already.
  const entity: FromSlot = (id) => (typeof id === 'number' ? id : decodeId(String(id)));
  const entities = each(entity);
  const parts = Object.entries(operators).map(([operator, operand]): Filter => {
    const at = `${place}.${operator}`;
    switch (operator) {
      case 'eq':
        return unbound([binding('ground', [scope.input(valueAt(operand, at), entity)], e)]);
      case 'in':
        return unbound([isOneOf(scope, e, valuesAt(operand, at), entities)]);
      case 'ne':
        return unbound([predicate('not=', e, scope.input(valueAt(operand, at), entity))]);
      case 'nin':
        return unbound([isNoneOf(scope, e, valuesAt(operand, at), entities)]);
      default:
        throw badInput(at, `is no operator${suggest(operator, ['eq', 'ne', 'in', 'nin'])}`);
    }
  });
  return allOf(parts);
}

export function allOf(parts: ReadonlyArray<Filter>): Filter {
  return {
    clauses: parts.flatMap((part) => part.clauses),
    binds: parts.some((part) => part.binds),
  };
}

export function binds(clauses: ReadonlyArray<EdnData>): Filter {
  return { clauses, binds: clauses.length > 0 };
}

function unbound(clauses: ReadonlyArray<EdnData>): Filter {
  return { clauses, binds: false };
}

function each(fromSlot: FromSlot | undefined): FromSlot | undefined {
  if (fromSlot === undefined) return undefined;
  return (values) => (values as ReadonlyArray<EdnData>).map(fromSlot);
}

/** Local to the branch it stands in, where a collection in `:in` would multiply the whole query. */
function isOneOf(scope: QueryScope, variable: Sym, values: Slot, fromSlot?: FromSlot): EdnData {
  return binding('ground', [scope.input(values, fromSlot)], [variable, sym('...')]);
}

function isNoneOf(scope: QueryScope, variable: Sym, values: Slot, fromSlot?: FromSlot): EdnData {
  return scope.notJoin([variable], [isOneOf(scope, variable, values, fromSlot)]);
}
