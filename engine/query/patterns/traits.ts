/** What is known of the bindings that a pattern gives without looking at them. */
import type { Variable } from '../language/ast.ts';
import type { Dependency } from '../relation/relation.ts';
import type { Part } from './components.ts';
import { PARTS } from './components.ts';
import type { Way } from './way.ts';

/** Of an attribute, whether an entity has one value at most, and a value one entity. */
interface Uniqueness {
  readonly ofValues: boolean;
  readonly ofEntities: boolean;
}

/** Which variables of a pattern follow from which others. */
export function dependenciesOf(way: Way): Dependency[] {
  const { ofValues, ofEntities } = uniquenessOf(way);
  const [e, , v, tx] = way.terms.map((term) => (term.kind === 'variable' ? term.name : undefined));
  const dependencies: Dependency[] = [];
  const add = (from: Variable | undefined, to: Variable | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) dependencies.push({ from, to });
  };
  if (ofValues) {
    add(e, v);
    add(e, tx);
  }
  if (ofEntities) {
    add(v, e);
    add(v, tx);
  }
  return dependencies;
}

/** Whether no two datoms that match a pattern give the same values for its variables. */
export function isDistinct(way: Way): boolean {
  const isKnown = (part: Part): boolean => {
    const term = way.terms[PARTS.indexOf(part)];
    return term !== undefined && term.kind !== 'blank';
  };
  if (way.db.window?.history === true) return PARTS.every(isKnown);
  if (!isKnown('a')) return false;
  const { ofValues, ofEntities } = uniquenessOf(way);
  const [e, v] = [isKnown('e'), isKnown('v')];
  return (e && v) || (e && ofValues) || (v && ofEntities);
}

/** The schema speaks of the present: what it says of one value at most need not have been so. */
function uniquenessOf({ db: { window }, fixed, attribute }: Way): Uniqueness {
  if (fixed.a === undefined || window?.history === true || window?.asOf !== undefined)
    return { ofValues: false, ofEntities: false };
  return {
    ofValues: attribute?.cardinality !== 'many',
    ofEntities: attribute?.unique !== undefined,
  };
}
