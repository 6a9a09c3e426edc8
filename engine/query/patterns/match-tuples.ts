/** Patterns over plain tuples: by position, with Clojure's equality. */
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import type { Term } from '../ast.ts';
import { nameOf } from '../ast.ts';
import { Relation } from '../relation/relation.ts';

/** The bindings that tuples give; a tuple may be longer than the pattern. They need not be distinct. */
export function matchTuples(
  terms: ReadonlyArray<Term>,
  tuples: ReadonlyArray<ReadonlyArray<EdnData>>,
): Relation {
  const variables = [...new Set(terms.flatMap(nameOf))];
  const places = variables.map((name) =>
    terms.findIndex((term) => term.kind === 'variable' && term.name === name),
  );
  const rows = tuples.filter(
    (tuple) =>
      tuple.length >= terms.length &&
      terms.every((term, i) => {
        if (term.kind === 'blank') return true;
        if (term.kind === 'constant') return valueEquals(term.value, tuple[i]!);
        return valueEquals(tuple[places[variables.indexOf(term.name)]!]!, tuple[i]!);
      }),
  );
  const columns = places.map((place) => rows.map((tuple) => tuple[place]!));
  return new Relation(variables, columns, rows.length);
}
