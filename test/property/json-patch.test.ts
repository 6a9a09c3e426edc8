/** JSON Patch on an entity as it is shown, held against operations on a plain copy. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyJsonPatch } from '../../gateway/rest/json-patch.ts';

type Fields = Record<string, unknown>;

const NAMES = ['name', 'area', 'tags', 'twin'] as const;
const scalar = fc.oneof(fc.constant(null), fc.integer(), fc.string({ maxLength: 3 }));
const shown = fc.record({
  id: fc.constant('x'),
  name: scalar,
  area: scalar,
  tags: fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 }),
  twin: fc.oneof(
    fc.constant(null),
    fc.string({ minLength: 1 }).map((id) => ({ id })),
  ),
});

type Operation = { readonly op: string; readonly path: string; readonly value?: unknown };

/** Each has a meaning in the state before it. */
const operation = fc.oneof(
  fc.record({
    op: fc.constantFrom('add', 'replace'),
    path: fc.constantFrom('/name', '/area'),
    value: scalar,
  }),
  fc.record({ op: fc.constant('add'), path: fc.constant('/tags/-'), value: fc.string() }),
  fc.record({ op: fc.constant('add'), path: fc.constant('/tags/0'), value: fc.string() }),
  fc.record({ op: fc.constant('replace'), path: fc.constant('/tags'), value: fc.constant(['a']) }),
);

function applied(fields: Fields, operations: ReadonlyArray<Operation>): Fields {
  const copy = structuredClone(fields);
  for (const { path, value } of operations) {
    const [, name = '', place] = path.split('/');
    if (place === undefined) copy[name] = structuredClone(value);
    else (copy[name] as unknown[])[place === '0' ? 'unshift' : 'push'](value);
  }
  return copy;
}

it('gives the fields that differ, and nothing else', () => {
  fc.assert(
    fc.property(shown, fc.array(operation, { maxLength: 8 }), (fields, operations) => {
      const { changed, read } = applyJsonPatch(fields, operations);
      const expected = applied(fields, operations);
      expect({ ...fields, ...changed }).toEqual(expected);
      for (const [name, value] of Object.entries(changed))
        expect(value).not.toEqual((fields as Fields)[name]);
      for (const [name, value] of Object.entries(read))
        expect(value).toEqual((fields as Fields)[name]);
    }),
  );
});

it('rests on what it tests, and changes nothing by that', () => {
  fc.assert(
    fc.property(shown, fc.subarray([...NAMES]), (fields, names) => {
      const tests = names.map((name) => ({ op: 'test', path: `/${name}`, value: fields[name] }));
      const { changed, read } = applyJsonPatch(fields, tests);
      expect(changed).toEqual({});
      expect(Object.keys(read).toSorted()).toEqual(names.toSorted());
    }),
  );
});
