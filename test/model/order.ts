/** The order of the indices, for the kinds of value that the model has. */
import { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import type { IndexOrder } from '../../engine/index.ts';
import type { Fact } from './facts.ts';

export function sortFacts(facts: ReadonlyArray<Fact>, order: IndexOrder): Fact[] {
  const parts = PARTS[order];
  return [...facts].sort((one, other) => {
    for (const part of parts) {
      const difference = compareParts(one[part], other[part]);
      if (difference !== 0) return difference;
    }
    return compareParts(one.tx, other.tx) || compareParts(one.added, other.added);
  });
}

const PARTS = {
  eavt: ['e', 'a', 'v'],
  aevt: ['a', 'e', 'v'],
  avet: ['a', 'v', 'e'],
} as const;

const KINDS = ['keyword', 'boolean', 'number', 'string', 'instant'];

export function compareParts(one: Value, other: Value): number {
  const kind = KINDS.indexOf(kindOf(one)) - KINDS.indexOf(kindOf(other));
  if (kind !== 0) return kind;
  const [left, right] = [comparable(one), comparable(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function kindOf(value: Value): string {
  if (value instanceof Keyword) return 'keyword';
  return value instanceof Date ? 'instant' : typeof value;
}

/** `:b` is before `:a/a`: no namespace is the first namespace. */
function comparable(value: Value): string | number | boolean {
  if (value instanceof Keyword) return `${value.namespace} ${value.name}`;
  return value instanceof Date ? value.getTime() : (value as string | number | boolean);
}
