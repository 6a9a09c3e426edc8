/** The order that a query asks for, as far as it says anything. */
import type { Query, Variable } from '../language/ast.ts';

export interface WantedKey {
  readonly variable: Variable;
  readonly isDescending: boolean;
}

/** The keys that can tell two rows apart; `constants`: variables that have one value for all of them. */
export function wantedOrder(query: Query, constants: ReadonlySet<Variable>): WantedKey[] {
  const keys: WantedKey[] = [];
  for (const { index, isDescending } of query.orderBy) {
    const variable = query.find.elements[index]?.name;
    if (variable === undefined || constants.has(variable)) continue;
    if (!keys.some((key) => key.variable === variable)) keys.push({ variable, isDescending });
  }
  return keys;
}

/** What an index gives its rows in the order of, one after the other: variables, the first of which is never constant. */
export type IndexSequence = ReadonlyArray<Variable>;

/** How the rows of an index stand to the order that is wanted. */
export interface Fit {
  readonly isReverse: boolean;
  /** Whether rows that are equal in the first variable are wanted in the other direction. */
  readonly isZigzag: boolean;
  /** Whether the rows come in the whole order that is wanted. */
  readonly isWhole: boolean;
  /** Whether rows that are equal in the first variable have to be sorted among each other. */
  readonly hasTies: boolean;
}

/** Undefined where the rows do not come in the order of the first key. Any order will do where none is wanted. */
export function fitOf(
  keys: ReadonlyArray<WantedKey>,
  sequence: IndexSequence,
  /** Whether the second variable is the entity, after which nothing follows in an index. */
  endsWithEntity: boolean,
): Fit | undefined {
  const [first, second] = keys;
  if (first === undefined)
    return { isReverse: false, isZigzag: false, isWhole: true, hasTies: false };
  if (first.variable !== sequence[0]) return undefined;
  const isReverse = first.isDescending;
  let place = 1;
  while (
    place < keys.length &&
    keys[place]?.variable === sequence[place] &&
    keys[place]?.isDescending === isReverse
  )
    place++;
  const isZigzag =
    place === 1 && endsWithEntity && second !== undefined && second.variable === sequence[1];
  if (isZigzag) place = 2;
  const isWhole = place === keys.length;
  return { isReverse, isZigzag, isWhole, hasTies: !isWhole && place === 1 };
}
