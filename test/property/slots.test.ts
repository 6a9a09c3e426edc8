/** A filter is its shape with its values: what was taken out of it goes back into its template at the same places. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shapeWhere, Slot, Slots } from '../../gateway/read/query/slots.ts';
import type { Where } from '../../gateway/select/selection.ts';

const NAMES = ['name', 'eq', 'in', 'has', 'hasAll', '_and', '_or', '_not', 'startsWith', 'some'];

const plain = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.date());

const { where } = fc.letrec<{ where: Where; part: unknown }>((tie) => ({
  where: fc.dictionary(fc.constantFrom(...NAMES), tie('part'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  part: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    plain,
    tie('where'),
    fc.array(fc.oneof(plain, tie('where')), { maxLength: 3 }),
  ),
}));

/** A template with values in the place of its slots. */
function filled(part: unknown, values: ReadonlyArray<unknown>): unknown {
  if (part instanceof Slot) return values[part.index];
  if (Array.isArray(part)) return part.map((each) => filled(each, values));
  if (typeof part !== 'object' || part === null || part instanceof Date) return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, filled(one, values)]));
}

/** Other values of the same kinds. */
function withOthers(part: unknown): unknown {
  if (typeof part === 'string') return `${part}'`;
  if (typeof part === 'number') return part + 1;
  if (Array.isArray(part)) return part.map(withOthers);
  if (typeof part !== 'object' || part === null || part instanceof Date) return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, withOthers(one)]));
}

it('the values of a filter go back into its template', () => {
  fc.assert(
    fc.property(where, fc.array(fc.string(), { maxLength: 3 }), (given, reserved) => {
      const slots = new Slots(reserved);
      const { key, template } = shapeWhere(given, slots);
      expect(filled(template(), slots.values)).toEqual(given);
      expect(slots.values.slice(0, reserved.length)).toEqual(reserved);
      // Another filter of the same shape is asked by the same template.
      const others = new Slots(reserved);
      const other = withOthers(given) as Where;
      expect(shapeWhere(other, others).key).toBe(key);
      expect(filled(template(), others.values)).toEqual(other);
    }),
  );
});
