/**
 * `where` to query clauses. One compiler for GraphQL and REST: both hand over the same nested object, whose leaves are values already.
 */
import type { Keyword, Sym } from '../../../schema/keyword.ts';
import { sym } from '../../../schema/keyword.ts';
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import { badInput } from '../bad-input.ts';
import { booleanAt, eachWhere, operatorsAt, whereAt } from './filter-input.ts';
import { binding, predicate } from './query-scope.ts';
import type { QueryScope } from './query-scope.ts';
import type { AccessKind, RowRules } from '../row-rules.ts';
import { NO_RULES } from '../row-rules.ts';
import type { LinkField, Where } from '../../select/selection.ts';
import { suggest } from '../suggest.ts';
import {
  allOf,
  binds,
  compareAll,
  compileId,
  compileManyValues,
  compileOneValue,
} from './value-filter.ts';
import type { Filter } from './value-filter.ts';

export interface FilterContext {
  readonly model: Model;
  readonly scope: QueryScope;
  readonly decodeId: (id: string) => number;
  readonly rules: RowRules;
}

const NO_FILTER: Filter = { clauses: [], binds: false };

/**
 * The clauses that hold for an entity of a type (of any type) where `where` does, and the caller may see it.
 *
 * @throws BAD_USER_INPUT, naming the place
 */
export function compileVisible(
  context: FilterContext,
  target: string | undefined,
  where: Where,
  e: Sym,
  place = 'where',
): Filter {
  const asked = compileWhere(context, target, where, e, place);
  if (!context.rules.isRestricted) return asked;
  const rule =
    target === undefined ? anyVisible(context, e) : compileRule(context, target, 'read', e);
  return allOf([asked, rule]);
}

/** What lets the caller see an entity of a type, or write it. */
export function compileRule(
  context: FilterContext,
  type: string,
  kind: AccessKind,
  e: Sym,
): Filter {
  const rule = context.rules.whereOf(type, kind);
  if (rule === undefined) return NO_FILTER;
  if (rule === false) return { clauses: [NEVER], binds: false };
  const model = context.rules.model ?? context.model;
  return compileWhere({ ...context, model, rules: NO_RULES }, type, rule, e, 'rule');
}

/** What lets the caller see an entity under one of its types. */
function anyVisible(context: FilterContext, e: Sym): Filter {
  const branches = Array.from(context.model.types.values(), (type) => [
    membershipClause(context.scope, type, e),
    ...compileRule(context, type.name, 'read', e).clauses,
  ]);
  if (branches.length === 0) return { clauses: [NEVER], binds: false };
  return { clauses: [context.scope.orJoin([e], branches)], binds: true };
}

const NEVER = predicate('=', 0, 1);

/** An entity has a type where it has any attribute of its namespaces. */
export function membershipClause(scope: QueryScope, type: EntityType, e: Sym): EdnData {
  const [only, ...others] = type.attributes.map((attribute) => [e, attribute.ident]);
  return only === undefined || others.length > 0
    ? scope.orJoin(
        [e],
        type.attributes.map((attribute) => [[e, attribute.ident]]),
      )
    : only;
}

function compileWhere(
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
    default: {
      const field = fieldAt(type, name, place);
      const filter = compileField(context, field, condition, e, place);
      return isOwn(type, field) ? filter : { ...filter, binds: false };
    }
  }
}

/** Whether an entity that has the field has the type. */
function isOwn(type: EntityType | undefined, { kind, attribute }: Field): boolean {
  return kind !== 'reverse' && type?.attributes.includes(attribute) === true;
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
    const visible = [link, ...compileVisible(context, field.target, {}, r, place).clauses];
    return booleanAt(where['_isNull'], `${place}._isNull`)
      ? { clauses: [context.scope.notJoin([e], visible)], binds: false }
      : binds(visible);
  }
  const inner = compileVisible(context, field.target, where, r, place);
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
    if (quantifier === 'count') return compileCount(context, field, condition, e, at);
    const where = whereAt(condition, at);
    switch (quantifier) {
      case 'some':
        return binds([link, ...compileVisible(context, field.target, where, r, at).clauses]);
      case 'none': {
        const inner = compileVisible(context, field.target, where, r, at).clauses;
        return { clauses: [scope.notJoin([e], [link, ...inner])], binds: false };
      }
      case 'every': {
        const inner = compileWhere(context, field.target, where, r, at).clauses;
        if (inner.length === 0) return NO_FILTER;
        const visible = compileVisible(context, field.target, {}, r, at).clauses;
        const others = [link, ...visible, scope.notJoin([r], inner)];
        return { clauses: [scope.notJoin([e], others)], binds: false };
      }
      default:
        throw badInput(at, `is no quantifier${suggest(quantifier, QUANTIFIERS)}`);
    }
  });
  return allOf(parts);
}

const QUANTIFIERS = ['some', 'every', 'none', 'count'];

/** Operators on how many entities are linked, also none. */
function compileCount(
  context: FilterContext,
  field: LinkField,
  condition: unknown,
  e: Sym,
  place: string,
): Filter {
  const n = context.scope.fresh('n');
  const onCount = compareAll(context.scope, operatorsAt(condition, place), n, place);
  return { clauses: [...countClauses(context, field, e, n), ...onCount], binds: false };
}

/** Binds how many entities are linked to one that is known; those that the caller may not see do not count. */
export function countClauses(
  context: FilterContext,
  field: LinkField,
  e: Sym,
  n: Sym,
): ReadonlyArray<EdnData> {
  const { scope } = context;
  const [one, other] = [scope.fresh('e'), scope.fresh('r')];
  const linked = (from: Sym, to: Sym): ReadonlyArray<EdnData> => [
    linkClause(field, from, to),
    ...compileVisible(context, field.target, {}, to).clauses,
  ];
  const counted = scope.subquery([one, new EdnList([sym('count'), other])], linked(one, other), [
    [e, n],
  ]);
  const nothing = [scope.notJoin([e], linked(e, scope.fresh('r'))), binding('ground', [0], n)];
  return [scope.orJoin([n], [[counted], nothing], [e])];
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
