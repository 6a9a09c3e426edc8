/** Which transactions there are, within bounds, and of which something is said that filters let through. */
import { kw, sym } from '../../../schema/keyword.ts';
import type { EntityType } from '../../../schema/model/model.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { FilterContext } from './filter.ts';
import { compileVisible, membershipClause } from './filter.ts';
import type { QueryForm } from './list-query.ts';
import { predicate, QueryScope } from './query-scope.ts';
import type { ShapedWhere, Slot } from './slots.ts';

export interface TxBound {
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly of: 'tx' | 'instant';
  readonly value: Slot;
}

export interface TxSpec {
  readonly bounds: ReadonlyArray<TxBound>;
  /** What is said of the transactions themselves, as entities of some types: all of it has to hold. */
  readonly said: ReadonlyArray<{ readonly type: EntityType; readonly where: ShapedWhere }>;
  readonly isNewestFirst: boolean;
}

const [TX, INSTANT] = [sym('?tx'), sym('?instant')];

/** Equal for lists of transactions that differ in values alone. */
export function txKey({ bounds, said, isNewestFirst }: TxSpec): string {
  const within = bounds.map(({ operator, of, value }) => `${of} ${operator} ${value.index}`);
  const filters = said.map(({ type, where }) => `${type.name} ${where.key}`);
  return [String(isNewestFirst), ...within, ...filters].join('|');
}

export function txQuery(
  context: Omit<FilterContext, 'scope'>,
  { bounds, said, isNewestFirst }: TxSpec,
): QueryForm {
  const scope = new QueryScope();
  const filters = said.flatMap(({ type, where }) => {
    const place = `where.${type.names.lookup}`;
    const inner = compileVisible({ ...context, scope }, type.name, where.template(), TX, place);
    return inner.binds ? inner.clauses : [membershipClause(scope, type, TX), ...inner.clauses];
  });
  const within = bounds.map(({ operator, of, value }) =>
    predicate(operator, of === 'tx' ? TX : INSTANT, scope.input(value)),
  );
  const query = new Map<EdnData, EdnData>([
    [kw('find'), [TX]],
    [kw('in'), scope.bindings],
    [kw('where'), [...filters, [TX, kw('db/txInstant'), INSTANT], ...within]],
    [kw('order-by'), [TX, kw(isNewestFirst ? 'desc' : 'asc')]],
  ]);
  return { query, inputs: scope.inputs };
}
