/** How a pattern is worked out, in words. Only where somebody asks for them. */
import { Keyword, forwardOf } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import { didYouMean } from '../../shared/suggest.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { Term, Variable } from '../language/ast.ts';
import { nameOf } from '../language/ast.ts';
import { shown } from '../query-error.ts';
import type { Relation } from '../relation/relation.ts';
import type { Access } from './components.ts';
import { accessTo } from './components.ts';
import type { SeekKey } from './seek.ts';
import type { Way } from './way.ts';

/** One read of an index for each binding of some variables. */
export function describeSeek(way: Way, { e, v }: SeekKey): string {
  const { fixed } = way;
  const anyE = e === undefined ? fixed.e : 0;
  const { order } = accessTo(way.db, { ...fixed, e: anyE, v: v === undefined ? fixed.v : 0 });
  const sought = [
    ...(e === undefined ? [] : [`e is ${e}`]),
    ...(v === undefined ? [] : [`v is ${v}`]),
  ];
  return `seek in ${order} where ${[...constantsIn(way), ...sought, ...limitsIn(way)].join(' and ')}`;
}

/** One pass over an index beside the bindings, in the order of the entities. */
export function describeMerge(way: Way, entity: Variable): string {
  return `merge of ${describeAccess(way, accessTo(way.db, way.fixed))} with ${entity} in order`;
}

/** One pass over an index. */
export function describeScan(way: Way, access: Access, bindings: Relation): string {
  return `scan of ${describeAccess(way, access)}${describeJoin(way.terms, bindings)}`;
}

export function describeJoin(terms: ReadonlyArray<Term>, bindings: Relation): string {
  if (bindings.variables.length === 0) return '';
  const shared = [...new Set(terms.flatMap(nameOf))].filter((name) => bindings.has(name));
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

function describeAccess(way: Way, { order }: Access): string {
  const constants = describeConstants(way);
  return constants === '' ? order : `${order} where ${constants}`;
}

/** What is constant in a pattern, and what predicates leave of its values. */
export function describeConstants(way: Way): string {
  return [...constantsIn(way), ...limitsIn(way)].join(' and ');
}

/** What is constant in the pattern, as it stands there. */
function constantsIn({ terms }: Way): string[] {
  const parts = ['e', 'a', 'v', 'tx', 'added'];
  return terms.flatMap((term, place) =>
    term.kind === 'constant' ? `${parts[place] ?? ''} is ${shown(term.value, MAX_SHOWN)}` : [],
  );
}

/** What predicates leave of the values. */
function limitsIn({ limits }: Way): string[] {
  const found: string[] = [];
  const { from, to } = limits ?? {};
  if (from !== undefined)
    found.push(`v ${from.inclusive ? '>=' : '>'} ${shown(from.value, MAX_SHOWN)}`);
  if (to !== undefined) found.push(`v ${to.inclusive ? '<=' : '<'} ${shown(to.value, MAX_SHOWN)}`);
  return found;
}
