/** What a pattern found, put beside the bindings that it was found for. */
import { valueEquals } from '../../../schema/value-key.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { combine, distinct, take } from '../relation/algebra.ts';
import type { Column, Rows } from '../relation/column.ts';
import { IntegerBuffer } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';
import { areResolved } from './scan.ts';
import { dependenciesOf, isDistinct } from './traits.ts';
import type { Way } from './way.ts';
import { entityIds, isRef } from './way.ts';

/** Row i of what was found beside row `at[i]` of the bindings. Where both bind a variable they have to agree. */
export function* answersBeside(
  way: Way,
  bindings: Relation,
  found: Relation,
  at: Rows,
): Suspended<Relation> {
  const { db, terms, attribute } = way;
  const isOne = bindings.length === 1 && found.length === 1;
  if (isOne && !found.variables.some((name) => bindings.has(name)))
    return new Relation(
      [...bindings.variables, ...found.variables],
      [...bindings.columns, ...found.columns],
      1,
    );
  const added = found.variables.filter((name) => !bindings.has(name));
  // Where an entity goes by several names, nothing tells by which of them.
  const dependencies = areResolved(way, bindings) ? dependenciesOf(way) : [];
  const both = yield* combine(bindings, found.select(added), at, undefined, dependencies);
  let equal: Rows | undefined;
  for (const name of found.variables) {
    if (added.includes(name)) continue;
    const isValue = terms[2]?.kind === 'variable' && terms[2].name === name;
    const column = both.column(name);
    const own = isValue && isRef(attribute) ? yield* entityIds(db, column) : column;
    equal = rowsOfEqual(own, found.column(name), equal);
  }
  const agreed = equal === undefined ? both : yield* take(both, equal);
  return isDistinct(way) ? agreed : yield* distinct(agreed);
}

/** Of some rows, or of all, those in which two columns have the same value. */
function rowsOfEqual(one: Column, other: Column, rows: Rows | undefined): Rows {
  const equal = new IntegerBuffer(64);
  const count = rows?.length ?? one.length;
  for (let i = 0; i < count; i++) {
    const row = rows === undefined ? i : rows[i]!;
    if (one[row] === other[row] || valueEquals(one[row]!, other[row]!)) equal.push(row);
  }
  return equal.view();
}
