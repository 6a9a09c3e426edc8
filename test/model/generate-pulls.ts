/** Random pull patterns. */
import fc from 'fast-check';
import { kw, sym } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData } from '../../schema/value.ts';

const PLAIN = ['x/id', 'x/n', 'x/tags', 'x/ref', 'y/refs', 'kind', 'db/id'];
const REFS = ['x/ref', 'y/refs', 'x/_ref', 'y/_refs'];

export const pullPatterns: fc.Arbitrary<ReadonlyArray<EdnData>> = patterns(2);

function patterns(depth: number): fc.Arbitrary<ReadonlyArray<EdnData>> {
  const recursions = fc.constantFrom<EdnData>(sym('...'), 1, 2);
  const target: fc.Arbitrary<EdnData> =
    depth === 0 ? recursions : fc.oneof(patterns(depth - 1), recursions);
  const refs = fc.constantFrom<EdnData>(...REFS.map(kw));
  const plain = fc.constantFrom<EdnData>(...PLAIN.map(kw));
  const limited = fc.oneof(
    { weight: 3, arbitrary: refs },
    { weight: 1, arbitrary: withOptions(refs) },
  );
  const specs: fc.Arbitrary<EdnData> = fc.oneof(
    { weight: 4, arbitrary: plain },
    { weight: 2, arbitrary: withOptions(fc.oneof(plain, refs)) },
    { weight: 2, arbitrary: refs },
    { weight: 2, arbitrary: fc.tuple(limited, target).map((entry): EdnData => new Map([entry])) },
    { weight: 1, arbitrary: fc.constantFrom<EdnData>(sym('*')) },
    { weight: 1, arbitrary: fc.constant<EdnData>(new EdnList([sym('default'), kw('x/n'), 99])) },
  );
  return fc.uniqueArray(specs, { minLength: 1, maxLength: 4, selector: nameOfSpec });
}

function withOptions(names: fc.Arbitrary<EdnData>): fc.Arbitrary<EdnData> {
  const options = [
    [kw('limit'), 1],
    [kw('limit'), null],
    [kw('default'), 'none'],
    [kw('default'), false],
    [kw('xform'), sym('model/wrap')],
  ] as const;
  return fc
    .tuple(names, fc.subarray([...options], { minLength: 1, maxLength: 2 }), fc.boolean())
    .map(([name, some, isRenamed]): EdnData => {
      // A key of its own, so that no other attribute has it.
      const key: EdnData[] = isRenamed ? [kw('as'), `as ${String(name)}`] : [];
      return name === kw('db/id') ? [name, kw('as'), 'id'] : [name, ...some.flat(), ...key];
    });
}

/** A pattern names an attribute once: of several the last would count. */
function nameOfSpec(spec: EdnData): string {
  if (spec instanceof Map) return nameOfSpec([...spec.keys()][0] as EdnData);
  if (Array.isArray(spec)) return String(spec[0]);
  return String(spec instanceof EdnList ? spec.items[1] : spec);
}
