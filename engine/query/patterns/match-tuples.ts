/** Patterns over plain tuples: by position, with Clojure's equality. */
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Term } from '../language/ast.ts';
import { nameOf } from '../language/ast.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';

/** The bindings that tuples give; a tuple may be longer than the pattern. They need not be distinct. */
export function* matchTuples(
  terms: ReadonlyArray<Term>,
  tuples: ReadonlyArray<ReadonlyArray<EdnData>>,
): Suspended<Relation> {
  const variables = [...new Set(terms.flatMap(nameOf))];
  const places = variables.map((name) =>
    terms.findIndex((term) => term.kind === 'variable' && term.name === name),
  );
  const isMatch = (tuple: ReadonlyArray<EdnData>): boolean =>
    tuple.length >= terms.length &&
    terms.every((term, i) => {
      if (term.kind === 'blank') return true;
      if (term.kind === 'constant') return valueEquals(term.value, tuple[i]!);
      return valueEquals(tuple[places[variables.indexOf(term.name)]!]!, tuple[i]!);
    });
  const columns = places.map((): EdnData[] => []);
  let length = 0;
  for (const [row, tuple] of tuples.entries()) {
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
    if (!isMatch(tuple)) continue;
    length++;
    for (const [i, place] of places.entries()) columns[i]!.push(tuple[place]!);
  }
  return new Relation(variables, columns, length);
}
