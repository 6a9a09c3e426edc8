/** Destructuring: all ways to give the variables of a binding their values. */
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Forms } from './query-world.ts';
import { isVariable, symbolName } from './query-world.ts';
import { fail } from './refusal.ts';

export type Assignment = ReadonlyArray<readonly [variable: string, value: EdnData]>;

export function assignments(binding: EdnData, value: EdnData): ReadonlyArray<Assignment> {
  if (symbolName(binding) === '_') return [[]];
  if (isVariable(binding)) return [[[binding.name, value]]];
  const items = binding as Forms;
  const [first] = items;
  const isCollection =
    symbolName(items[1]) === '...' || (items.length === 1 && Array.isArray(first));
  if (isCollection) return elementsOf(value).flatMap((element) => assignments(first!, element));
  const elements = elementsOf(value);
  if (elements.length < items.length) fail('query/binding');
  return items.reduce<ReadonlyArray<Assignment>>(
    (ways, item, i) =>
      ways.flatMap((way) => assignments(item, elements[i]!).map((more) => [...way, ...more])),
    [[]],
  );
}

function elementsOf(value: EdnData): Forms {
  if (value === null) return [];
  if (Array.isArray(value)) return value as Forms;
  if (value instanceof Map) return [...(value as EdnMap)];
  if (value instanceof Set) return [...(value as ReadonlySet<EdnData>)];
  return fail('query/binding');
}
