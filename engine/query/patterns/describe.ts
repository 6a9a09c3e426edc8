/** How a pattern is worked out, in words. Only where somebody asks for them. */
import { Keyword, forwardOf } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import { didYouMean } from '../../shared/suggest.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { PatternClause, Variable } from '../ast.ts';
import { variablesOf } from '../ast.ts';
import { shown } from '../query-error.ts';
import type { Relation } from '../relation/relation.ts';
import type { Access } from './components.ts';
import { accessTo } from './components.ts';
import type { SeekKey } from './seek.ts';
import type { Way } from './way.ts';

/** One read of an index for each binding of some variables. */
export function describeSeek(way: Way, { variables, parts }: SeekKey): string {
  const { order } = accessTo(way.db, {
    ...way.fixed,
    ...Object.fromEntries(parts.map((part) => [part, 0])),
  });
  const sought = variables.map((variable, i) => `${parts[i] ?? ''} is ${variable}`);
  return `seek in ${order} where ${[...constantsIn(way), ...sought].join(' and ')}`;
}

/** One pass over an index beside the bindings, in the order of the entities. */
export function describeMerge(way: Way, entity: Variable): string {
  return `merge of ${describeAccess(way)} with ${entity} in order`;
}

/** One pass over an index. */
export function describeScan(way: Way, bindings: Relation): string {
  return `scan of ${describeAccess(way)}${describeJoin(way.clause, bindings)}`;
}

export function describeJoin(clause: PatternClause, bindings: Relation): string {
  if (bindings.variables.length === 0) return '';
  const shared = [...variablesOf(clause)].filter((name) => bindings.has(name));
  return shared.length === 0 ? ', each with each' : `, joined by ${shared.join(' ')}`;
}

/** Why nothing is looked for. */
export function describeNothing(bindings: Relation): string {
  return bindings.length === 0 ? 'nothing: no rows are left' : 'nothing: a constant names nothing';
}

/** That a strict database cannot know an attribute, which is no error; undefined where it may. */
export function describeUnknown({ config, schema }: SettledDb, ident: EdnData): string | undefined {
  if (!(ident instanceof Keyword) || config.schemaFlexibility === 'read') return undefined;
  const forward = forwardOf(ident);
  if (schema.attributeNamed(forward) !== undefined) return undefined;
  return `no such attribute ${forward.toString()}${didYouMean(forward.toString(), schema.userAttributes.keys())}`;
}

/** So much of a constant is shown. */
const MAX_SHOWN = 60;

function describeAccess(way: Way): string {
  const access: Access = accessTo(way.db, way.fixed);
  const constants = constantsIn(way);
  return constants.length === 0 ? access.order : `${access.order} where ${constants.join(' and ')}`;
}

/** What is constant in the pattern, as it stands there. */
function constantsIn({ clause }: Way): string[] {
  const parts = ['e', 'a', 'v', 'tx', 'added'];
  return clause.terms.flatMap((term, place) =>
    term.kind === 'constant' ? `${parts[place] ?? ''} is ${shown(term.value, MAX_SHOWN)}` : [],
  );
}
