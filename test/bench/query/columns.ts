/** Attributes as columns in typed arrays, as the leaves of an index have them: what the floor loops over. */

export interface Column<Value> {
  /** By entity, as in AEVT. */
  readonly entities: Int32Array;
  readonly values: ArrayLike<Value>;
  /** By value, then by entity, as in AVET. */
  readonly sortedValues: ArrayLike<Value>;
  readonly sortedEntities: Int32Array;
}

export type Entry<Value> = readonly [entity: number, value: Value];

export function numberColumn(entries: ReadonlyArray<Entry<number>>): Column<number> {
  return columnOf(
    entries,
    (a, b) => a - b,
    (values) => Int32Array.from(values),
  );
}

export function textColumn(entries: ReadonlyArray<Entry<string>>): Column<string> {
  return columnOf(
    entries,
    (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    (values) => values,
  );
}

function columnOf<Value>(
  entries: ReadonlyArray<Entry<Value>>,
  compare: (a: Value, b: Value) => number,
  pack: (values: ReadonlyArray<Value>) => ArrayLike<Value>,
): Column<Value> {
  const byEntity = entries.toSorted((a, b) => a[0] - b[0] || compare(a[1], b[1]));
  const byValue = entries.toSorted((a, b) => compare(a[1], b[1]) || a[0] - b[0]);
  return {
    entities: Int32Array.from(byEntity, ([entity]) => entity),
    values: pack(byEntity.map(([, value]) => value)),
    sortedValues: pack(byValue.map(([, value]) => value)),
    sortedEntities: Int32Array.from(byValue, ([entity]) => entity),
  };
}

/** The first place whose value is not less than this one. */
export function lowerBound<Value>(values: ArrayLike<Value>, value: Value): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first place whose value is greater than this one. */
export function upperBound<Value>(values: ArrayLike<Value>, value: Value): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entities that have a value, ascending. */
export function entitiesWith<Value>(column: Column<Value>, value: Value): Int32Array {
  const { sortedValues, sortedEntities } = column;
  return sortedEntities.subarray(lowerBound(sortedValues, value), upperBound(sortedValues, value));
}

/** From a place on, the first one whose entity is not before this one: one step of a merge. */
export function seek(entities: Int32Array, from: number, entity: number): number {
  let at = from;
  while (at < entities.length && entities[at]! < entity) at++;
  return at;
}

/** The value of the one entity, which has it. */
export function valueOf<Value>(column: Column<Value>, entity: number): Value {
  return column.values[lowerBound(column.entities, entity)]!;
}
