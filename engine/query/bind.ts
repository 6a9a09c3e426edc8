/** Destructuring: a value and a binding form to a relation. */
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { budget } from '../shared/budget.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Binding, Variable } from './language/ast.ts';
import { boundBy } from './language/ast.ts';
import { queryError, shown } from './query-error.ts';
import { ROWS_PER_PAUSE } from './relation/column.ts';
import { Relation } from './relation/relation.ts';

/** The rows may be equal. @throws BAD_QUERY (`query/binding`) where the value has not the shape of the binding */
export function* bind(binding: Binding, value: EdnData): Suspended<Relation> {
  const variables = boundBy(binding);
  const names = [...new Set(variables)];
  const places = names.map((name) => variables.indexOf(name));
  const columns = names.map((): EdnData[] => []);
  let length = 0;
  let sincePause = 0;
  for (const values of assignments(binding, value)) {
    if (isConsistent(variables, values)) {
      for (const [i, place] of places.entries()) columns[i]!.push(values[place]!);
      length++;
    }
    if (++sincePause < ROWS_PER_PAUSE) continue;
    sincePause = 0;
    budget().checkRows(length, names.length);
    yield PAUSE;
  }
  return names.length === 0 && length > 0 ? Relation.unit : new Relation(names, columns, length);
}

/** All ways to bind, one after the other, each one value for each variable of {@link boundBy}. */
function* assignments(binding: Binding, value: EdnData): Iterable<EdnData[]> {
  switch (binding.kind) {
    case 'ignore':
      return yield [];
    case 'scalar':
      return yield [value];
    case 'collection':
      for (const item of itemsOf(binding, value)) yield* assignments(binding.item, item);
      return;
    case 'tuple': {
      const values = [...itemsOf(binding, value)];
      if (values.length < binding.items.length)
        throw queryError(
          'query/binding',
          `Not enough elements in a collection ${shown(value)} to bind tuple [${boundBy(binding).join(' ')}]`,
        );
      if (binding.items.every(({ kind }) => kind === 'scalar'))
        return yield values.slice(0, binding.items.length);
      yield* tupleAssignments(binding.items, values);
    }
  }
}

function* tupleAssignments(
  [item, ...others]: ReadonlyArray<Binding>,
  [value = null, ...rest]: ReadonlyArray<EdnData>,
): Iterable<EdnData[]> {
  if (item === undefined) return yield [];
  for (const first of assignments(item, value))
    for (const more of tupleAssignments(others, rest)) yield [...first, ...more];
}

function itemsOf(binding: Binding, value: EdnData): Iterable<EdnData> {
  if (value === null) return [];
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  if (value instanceof Set) return value as ReadonlySet<EdnData>;
  if (value instanceof Map) return Array.from(value as ReadonlyMap<EdnData, EdnData>);
  throw queryError(
    'query/binding',
    `Cannot bind value ${shown(value)} to ${binding.kind} [${boundBy(binding).join(' ')}${binding.kind === 'collection' ? ' ...' : ''}]`,
    undefined,
    ': expected a collection',
  );
}

/** A variable that occurs twice in a binding has one value. */
function isConsistent(variables: ReadonlyArray<Variable>, row: ReadonlyArray<EdnData>): boolean {
  return variables.every((name, i) => {
    const first = variables.indexOf(name);
    return first === i || printEdn(row[first]!) === printEdn(row[i]!);
  });
}
