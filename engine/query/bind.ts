/** Destructuring: a value and a binding form to a relation. */
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { Binding, Variable } from './ast.ts';
import { boundBy } from './ast.ts';
import { queryError } from './query-error.ts';
import { Relation } from './relation/relation.ts';

/** @throws BAD_QUERY (`query/binding`) where the value has not the shape of the binding */
export function bind(binding: Binding, value: EdnData): Relation {
  const variables = boundBy(binding);
  const rows: EdnData[][] = [];
  for (const bindings of assignments(binding, value))
    if (isConsistent(variables, bindings)) rows.push(bindings);
  const names = [...new Set(variables)];
  const columns = names.map((name) => rows.map((row) => row[variables.indexOf(name)]!));
  return names.length === 0 && rows.length > 0
    ? Relation.unit
    : new Relation(names, columns, rows.length);
}

/** All ways to bind, each one value for each variable of {@link boundBy}. */
function* assignments(binding: Binding, value: EdnData): Iterable<EdnData[]> {
  switch (binding.kind) {
    case 'ignore':
      return yield [];
    case 'scalar':
      return yield [value];
    case 'collection':
      for (const item of itemsOf(binding, value)) yield* assignments(binding.item, item);
      return;
    case 'tuple':
      yield* tupleAssignments(binding, [...itemsOf(binding, value)], value);
  }
}

function* tupleAssignments(
  { items }: Extract<Binding, { kind: 'tuple' }>,
  values: ReadonlyArray<EdnData>,
  value: EdnData,
): Iterable<EdnData[]> {
  if (values.length < items.length)
    throw queryError(
      'query/binding',
      `Not enough elements in a collection ${printEdn(value)} to bind a tuple of ${items.length}`,
    );
  let rows: EdnData[][] = [[]];
  for (const [i, item] of items.entries())
    rows = rows.flatMap((row) =>
      Array.from(assignments(item, values[i]!), (more) => [...row, ...more]),
    );
  yield* rows;
}

function itemsOf(binding: Binding, value: EdnData): Iterable<EdnData> {
  if (value === null) return [];
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  if (value instanceof Set) return value as ReadonlySet<EdnData>;
  if (value instanceof Map) return Array.from(value as ReadonlyMap<EdnData, EdnData>);
  throw queryError(
    'query/binding',
    `Cannot bind value ${printEdn(value)} to ${binding.kind} of ${boundBy(binding).join(' ')}`,
  );
}

/** A variable that occurs twice in a binding has one value. */
function isConsistent(variables: ReadonlyArray<Variable>, row: ReadonlyArray<EdnData>): boolean {
  return variables.every((name, i) => {
    const first = variables.indexOf(name);
    return first === i || printEdn(row[first]!) === printEdn(row[i]!);
  });
}
