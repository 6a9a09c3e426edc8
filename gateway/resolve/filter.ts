/**
 * `where` to query clauses. One compiler for GraphQL and REST: both hand over the same nested object, whose leaves are values already.
 *
 * An operator speaks of a value that is there: `ne` holds where the attribute has another value, and not where it has none.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword, Sym } from '../../schema/keyword.ts';
import { sym } from '../../schema/keyword.ts';
import type { EntityType, Field, Model, ScalarField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { suggest } from './suggest.ts';
import { binding, predicate } from './query-scope.ts';
import type { QueryScope } from './query-scope.ts';
import type { LinkField, Where } from './selection.ts';

export interface FilterContext {
  readonly model: Model;
  readonly scope: QueryScope;
  readonly decodeId: (id: string) => number;
}

export interface Filter {
  readonly clauses: ReadonlyArray<EdnData>;
  /** Whether the clauses alone say which entities are meant: one of them looks up an attribute of the entity. */
  readonly binds: boolean;
}

const NO_FILTER: Filter = { clauses: [], binds: false };

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

/**
 * The clauses that hold for an entity where `where` does.
 *
 * @throws BAD_USER_INPUT, naming the place
 */
export function compileWhere(
  context: FilterContext,
  target: string | undefined,
  where: Where,
  e: Sym,
  place = 'where',
): Filter {
  const type = target === undefined ? undefined : context.model.types.get(target);
  const parts = Object.entries(where).map(([name, condition]) =>
    compilePart(context, type, name, condition, e, `${place}.${name}`),
  );
  return allOf(parts);
}

function compilePart(
  context: FilterContext,
  type: EntityType | undefined,
  name: string,
  condition: unknown,
  e: Sym,
  place: string,
): Filter {
  switch (name) {
    case '_and':
      return allOf(
        eachWhere(condition, place).map(([where, at]) =>
          compileWhere(context, type?.name, where, e, at),
        ),
      );
    case '_or':
      return anyOf(context, type, condition, e, place);
    case '_not': {
      const inner = compileWhere(context, type?.name, whereAt(condition, place), e, place);
      return { clauses: [context.scope.notJoin([e], orAlways(inner.clauses, e))], binds: false };
    }
    case '_isNull':
      throw badInput(place, 'is only for references, and stands alone there');
    case 'id':
      return compileId(context, operatorsAt(condition, place), e, place);
    default:
      return compileField(context, fieldAt(type, name, place), condition, e, place);
  }
}

function compileField(
  context: FilterContext,
  field: Field,
  condition: unknown,
  e: Sym,
  place: string,
): Filter {
  if (field.kind === 'scalar') {
    return field.many
      ? compileManyValues(context, field, operatorsAt(condition, place), e, place)
      : compileOneValue(context, field, operatorsAt(condition, place), e, place);
  }
  return field.many
    ? compileManyRefs(context, field, whereAt(condition, place), e, place)
    : compileOneRef(context, field, whereAt(condition, place), e, place);
}

/** Operators on one value share one variable, so that a range is one scan. */
function compileOneValue(
  { scope }: FilterContext,
  field: ScalarField,
  operators: Where,
  e: Sym,
  place: string,
): Filter {
  const { ident } = field.attribute;
  const v = scope.fresh('v');
  const onValue: EdnData[] = [];
  const others: EdnData[] = [];
  let needsValue = false;
  for (const [operator, operand] of Object.entries(operators)) {
    const at = `${place}.${operator}`;
    if (operator === 'isNull') {
      if (booleanAt(operand, at)) others.push(scope.notJoin([e], [[e, ident]]));
      else needsValue = true;
    } else if (operator === 'eq') {
      others.push([e, ident, scope.input(valueAt(operand, at))]);
    } else {
      needsValue = true;
      onValue.push(...compare(scope, operator, operand, v, at));
    }
  }
  const lookup: ReadonlyArray<EdnData> = needsValue ? [[e, ident, v]] : [];
  const binds = needsValue || operators['eq'] !== undefined;
  return { clauses: [...others, ...lookup, ...onValue], binds };
}

function compare(
  scope: QueryScope,
  operator: string,
  operand: unknown,
  v: Sym,
  place: string,
): ReadonlyArray<EdnData> {
  if (operator === 'in') return [isOneOf(scope, v, valuesAt(operand, place))];
  if (operator === 'nin') {
    return valuesAt(operand, place).map((value) => predicate('not=', v, scope.input(value)));
  }
  const name = Object.hasOwn(PREDICATES, operator) ? PREDICATES[operator] : undefined;
  if (name === undefined) {
    throw badInput(place, `is no operator${suggest(operator, Object.keys(PREDICATES))}`);
  }
  return [predicate(name, v, scope.input(valueAt(operand, place)))];
}

function compileManyValues(
  { scope }: FilterContext,
  field: ScalarField,
  operators: Where,
  e: Sym,
  place: string,
): Filter {
  const { ident } = field.attribute;
  const parts = Object.entries(operators).map(([operator, operand]): Filter => {
    const at = `${place}.${operator}`;
    switch (operator) {
      case 'has':
        return binds([[e, ident, scope.input(valueAt(operand, at))]]);
      case 'hasAll':
        return binds(valuesAt(operand, at).map((value) => [e, ident, scope.input(value)]));
      case 'hasAny': {
        const v = scope.fresh('v');
        return binds([isOneOf(scope, v, valuesAt(operand, at)), [e, ident, v]]);
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

function compileOneRef(
  context: FilterContext,
  field: LinkField,
  where: Where,
  e: Sym,
  place: string,
): Filter {
  const r = context.scope.fresh('r');
  const link = linkClause(field, e, r);
  if ('_isNull' in where) {
    if (Object.keys(where).length > 1) throw badInput(`${place}._isNull`, 'stands alone');
    return booleanAt(where['_isNull'], `${place}._isNull`)
      ? { clauses: [context.scope.notJoin([e], [link])], binds: false }
      : binds([link]);
  }
  const inner = compileWhere(context, field.target, where, r, place);
  return binds([link, ...inner.clauses]);
}

function compileManyRefs(
  context: FilterContext,
  field: LinkField,
  quantifiers: Where,
  e: Sym,
  place: string,
): Filter {
  const { scope } = context;
  const parts = Object.entries(quantifiers).map(([quantifier, condition]): Filter => {
    const at = `${place}.${quantifier}`;
    const r = scope.fresh('r');
    const link = linkClause(field, e, r);
    const inner = compileWhere(context, field.target, whereAt(condition, at), r, at).clauses;
    switch (quantifier) {
      case 'some':
        return binds([link, ...inner]);
      case 'none':
        return { clauses: [scope.notJoin([e], [link, ...inner])], binds: false };
      case 'every':
        if (inner.length === 0) return NO_FILTER;
        return {
          clauses: [scope.notJoin([e], [link, scope.notJoin([r], inner)])],
          binds: false,
        };
      default:
        throw badInput(at, `is no quantifier${suggest(quantifier, ['some', 'every', 'none'])}`);
    }
  });
  return allOf(parts);
}

function compileId(context: FilterContext, operators: Where, e: Sym, place: string): Filter {
  const { scope } = context;
  const entity = (id: unknown): number => context.decodeId(String(id));
  const parts = Object.entries(operators).map(([operator, operand]): Filter => {
    const at = `${place}.${operator}`;
    switch (operator) {
      case 'eq':
        return unbound([binding('ground', [scope.input(entity(valueAt(operand, at)))], e)]);
      case 'in':
        return unbound([isOneOf(scope, e, valuesAt(operand, at).map(entity))]);
      case 'ne':
        return unbound([predicate('not=', e, scope.input(entity(valueAt(operand, at))))]);
      case 'nin':
        return unbound(
          valuesAt(operand, at).map((id) => predicate('not=', e, scope.input(entity(id)))),
        );
      default:
        throw badInput(at, `is no operator${suggest(operator, ['eq', 'ne', 'in', 'nin'])}`);
    }
  });
  return allOf(parts);
}

function anyOf(
  context: FilterContext,
  type: EntityType | undefined,
  condition: unknown,
  e: Sym,
  place: string,
): Filter {
  const branches = eachWhere(condition, place).map(([where, at]) =>
    compileWhere(context, type?.name, where, e, at),
  );
  if (branches.length === 0) throw badInput(place, 'needs at least one alternative');
  if (branches.some((branch) => branch.clauses.length === 0)) return NO_FILTER;
  const clauses = branches.map((branch) => branch.clauses);
  return {
    clauses: [context.scope.orJoin([e], clauses)],
    binds: branches.every((branch) => branch.binds),
  };
}

/** `[?e :attr ?r]`, or from the other end. */
export function linkClause(field: LinkField, e: Sym, r: Sym): EdnData {
  const ident: Keyword = field.attribute.ident;
  return field.kind === 'reverse' ? [r, ident, e] : [e, ident, r];
}

/** Local to the branch it stands in, where a collection in `:in` would multiply the whole query. */
function isOneOf(scope: QueryScope, variable: Sym, values: ReadonlyArray<EdnData>): EdnData {
  return binding('ground', [scope.input(values)], [variable, sym('...')]);
}

function allOf(parts: ReadonlyArray<Filter>): Filter {
  return {
    clauses: parts.flatMap((part) => part.clauses),
    binds: parts.some((part) => part.binds),
  };
}

function binds(clauses: ReadonlyArray<EdnData>): Filter {
  return { clauses, binds: clauses.length > 0 };
}

function unbound(clauses: ReadonlyArray<EdnData>): Filter {
  return { clauses, binds: false };
}

/** `_not: {}` excludes everything: an empty condition always holds. */
function orAlways(clauses: ReadonlyArray<EdnData>, e: Sym): ReadonlyArray<EdnData> {
  return clauses.length > 0 ? clauses : [predicate('=', e, e)];
}

function fieldAt(type: EntityType | undefined, name: string, place: string): Field {
  const field = type?.fields.get(name);
  if (field !== undefined) return field;
  const known = Array.from(type?.fields.keys() ?? []);
  throw badInput(place, `names no field of ${type?.name ?? 'Entity'}${suggest(name, known)}`);
}

/** An operator object must say something: one left empty by an absent variable would match everything. */
function operatorsAt(condition: unknown, place: string): Where {
  const operators = whereAt(condition, place);
  if (Object.keys(operators).length === 0) {
    throw badInput(place, 'has no operator; leave the field out to match everything');
  }
  return operators;
}

function whereAt(condition: unknown, place: string): Where {
  if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    return condition as Where;
  }
  throw badInput(
    place,
    condition === null ? 'is null; use isNull to ask for that' : 'must be an object',
  );
}

function eachWhere(condition: unknown, place: string): ReadonlyArray<readonly [Where, string]> {
  if (!Array.isArray(condition)) throw badInput(place, 'must be a list');
  return condition.map((where, i) => [whereAt(where, `${place}[${i}]`), `${place}[${i}]`] as const);
}

function valueAt(operand: unknown, place: string): EdnData {
  if (operand === null || operand === undefined) {
    throw badInput(place, 'is null; use isNull to ask for that');
  }
  return operand as EdnData;
}

function valuesAt(operand: unknown, place: string): ReadonlyArray<EdnData> {
  if (!Array.isArray(operand)) throw badInput(place, 'must be a list');
  return operand.map((value) => valueAt(value, place));
}

function booleanAt(operand: unknown, place: string): boolean {
  if (typeof operand === 'boolean') return operand;
  throw badInput(place, 'must be true or false');
}

function badInput(place: string, problem: string): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', `${place} ${problem}`, { data: { place } });
}
