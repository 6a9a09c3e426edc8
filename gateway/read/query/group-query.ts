/** A list of entities in groups, as query forms: how many there are in each, and what their values come to. */
import type { Sym } from '../../../schema/keyword.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import type { FoldName } from '../../../schema/model/folds.ts';
import type { ScalarField } from '../../../schema/model/model.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { Period } from '../../../schema/model/periods.ts';
import { PERIOD_START } from '../../../services/reader/period.ts';
import { compileVisible } from './filter.ts';
import type { ListSpec } from './list-clauses.ts';
import { ENTITY, originClauses, pathClauses } from './list-clauses.ts';
import type { QueryForm } from './list-query.ts';
import { filterOf, FOLD_FUNCTIONS } from './list-query.ts';
import type { SortStep } from './order.ts';
import { binding, QueryScope } from './query-scope.ts';

/** By what entities are put together: what a path from them leads to. */
export interface GroupPath {
  readonly steps: ReadonlyArray<SortStep>;
  /** Whether that is an entity, which the caller has to see. */
  readonly isEntity: boolean;
  /** Of an instant the period that it is in. */
  readonly period: Period | undefined;
}

/** A row for each group: for each key whether there is one (1) and which, then how many entities. */
export function groupQuery(spec: ListSpec, paths: ReadonlyArray<GroupPath>): QueryForm {
  return groupForm(spec, paths, [new EdnList([sym('count'), ENTITY])]);
}

/** As {@link groupQuery} with the folds of a field instead; groups without a value have no row. */
export function groupFoldQuery(
  spec: ListSpec,
  paths: ReadonlyArray<GroupPath>,
  { attribute, isIdent }: ScalarField,
  folds: ReadonlyArray<FoldName>,
): QueryForm {
  const value = sym('?folded');
  const counted = isIdent ? folds.filter((fold) => fold === 'countDistinct') : folds;
  const found = counted.map((fold) => new EdnList([sym(FOLD_FUNCTIONS[fold]), value]));
  const { query, inputs } = groupForm(spec, paths, found, [[ENTITY, attribute.ident, value]]);
  return { query: new Map([...query, [kw('with'), [ENTITY]]]), inputs };
}

function groupForm(
  spec: ListSpec,
  paths: ReadonlyArray<GroupPath>,
  found: ReadonlyArray<EdnData>,
  folded: ReadonlyArray<EdnData> = [],
): QueryForm {
  const scope = new QueryScope();
  const filter = filterOf(spec, scope);
  const keys = paths.map((path) => keyClause(spec, scope, path));
  const clauses = [
    ...originClauses(spec, scope, filter.binds),
    ...filter.clauses,
    ...keys.map(({ clause }) => clause),
    ...folded,
  ];
  const query = new Map<EdnData, EdnData>([
    [kw('find'), [...keys.flatMap(({ variables }) => variables), ...found]],
    [kw('in'), scope.bindings],
    [kw('where'), clauses],
  ]);
  return { query, inputs: scope.inputs };
}

function keyClause(
  spec: ListSpec,
  scope: QueryScope,
  { steps, isEntity, period }: GroupPath,
): { readonly clause: EdnData; readonly variables: ReadonlyArray<EdnData> } {
  const flag = scope.fresh('has');
  const key = scope.fresh('key');
  const value = period === undefined ? key : scope.fresh('instant');
  const last = steps.at(-1);
  const target = last?.kind === 'value' ? last.target : undefined;
  const pathTo = (end: Sym): ReadonlyArray<EdnData> => [
    ...pathClauses(spec, scope, steps, end),
    ...(isEntity ? compileVisible({ ...spec, scope }, target, {}, end).clauses : []),
  ];
  const start = period === undefined ? [] : [binding(PERIOD_START, [period, value], key)];
  const clause = scope.orJoin(
    [flag, key],
    [
      [...pathTo(value), ...start, binding('ground', [1], flag)],
      [
        scope.notJoin([ENTITY], pathTo(scope.fresh('none'))),
        binding('ground', [0], flag),
        binding('ground', [0], key),
      ],
    ],
    [ENTITY],
  );
  return { clause, variables: [flag, key] };
}
