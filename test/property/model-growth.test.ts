/** Installing attributes never breaks an API that is there: nothing is renamed, retyped or removed, locked or not. */
import fc from 'fast-check';
import { findBreakingChanges } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { expect, it } from 'vitest';
import { linkView } from '../../gateway/access/linked-view.ts';
import { wholeView } from '../../gateway/access/view.ts';
import { createSchema } from '../../gateway/generate/graphql/schema.ts';
import type { Annotations } from '../../schema/annotations.ts';
import type { Attribute, ValueType } from '../../schema/attribute.ts';
import { kw } from '../../schema/keyword.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { Model } from '../../schema/model/model.ts';
import { attributes, IDENTITY } from '../unit/schema/model/attributes.ts';
import { runs } from '../support/runs.ts';

const PARTS = [
  'a',
  'A',
  'b',
  'a-b',
  'a.b',
  'a_b',
  'where',
  'id',
  'query',
  'é',
  '2x',
  'a?',
  'ab',
  '',
];
const names = fc.constantFrom(...PARTS.filter((part) => part !== ''));
const namespaces = fc.constantFrom(...PARTS);

const annotations: fc.Arbitrary<Annotations | undefined> = fc.option(
  fc.record(
    {
      name: fc.constantFrom('a', 'aB', 'id', '_x', 'not a name', '_b'),
      reverseName: fc.constantFrom('a', 'backs', '_aByB'),
      targets: fc.array(
        namespaces.filter((each) => each !== '').map((each) => kw(each)),
        { maxLength: 2 },
      ),
      referenceDatabase: fc.constant('other'),
      referenceAttribute: fc.constantFrom(kw('a/b'), kw('b/a')),
      referenceName: fc.constantFrom('_x', '_aByB', '_b'),
      int: fc.boolean(),
      deprecated: fc.constant('old'),
      enum: fc.uniqueArray(
        fc.constantFrom('s/open', 's/OPEN', 'open').map((each) => kw(each)),
        {
          minLength: 1,
        },
      ),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined, freq: 2 },
);

const types: ReadonlyArray<ValueType> = ['string', 'long', 'ref', 'ref', 'keyword', 'instant'];

const installed = fc.record({
  namespace: namespaces,
  name: names,
  valueType: fc.constantFrom(...types),
  isMany: fc.boolean(),
  isComponent: fc.boolean(),
  isUnique: fc.boolean(),
  /** Whether it comes in a transaction of its own. */
  isLater: fc.boolean(),
  annotations,
});

it('is additive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(installed, {
        selector: ({ namespace, name }) => `${namespace}/${name}`,
        minLength: 1,
        maxLength: 12,
      }),
      fc.boolean(),
      async (steps, isLocked) => {
        let tx = 536870913;
        let all: ReadonlyArray<Attribute> = [];
        let before = await schemaOf(buildModel([]));
        for (const [i, step] of steps.entries()) {
          if (step.isLater || i === 0) tx += 1;
          all = [...all, { ...attributeOf(step), id: i + 1, installedTx: tx }];
          // What a transaction installs is seen as a whole.
          if (steps[i + 1]?.isLater === false) continue;
          const model = buildModel(all);
          const after = await schemaOf(model);
          expect(findBreakingChanges(before, after)).toEqual([]);
          before = after;
          if (isLocked) {
            all = all.map((attribute) => locked(attribute, model));
            expect(findBreakingChanges(before, await schemaOf(buildModel(all)))).toEqual([]);
          }
        }
      },
    ),
    runs(60),
  );
});

const OTHER = buildModel(
  attributes(['a/b', 'string', IDENTITY], ['b/a', 'long', IDENTITY], ['b/b', 'ref']),
);

/** With what another database shows in it. */
function schemaOf(own: Model): Promise<GraphQLSchema> {
  const { model, foreign } = linkView(wholeView(own), () => wholeView(OTHER));
  const others = Array.from(foreign.values(), (view) => [...view.model.types]);
  return createSchema(model, { types: new Map([...model.types, ...others.flat()]) });
}

function attributeOf({
  namespace,
  name,
  valueType,
  isMany,
  isComponent,
  isUnique,
  annotations: said,
}: typeof installed extends fc.Arbitrary<infer T> ? T : never): Attribute {
  const [attribute] = attributes([
    namespace === '' ? name : `${namespace}/${name}`,
    valueType,
    {
      cardinality: isMany ? 'many' : 'one',
      component: valueType === 'ref' && isComponent,
      unique: isUnique && !isMany ? 'identity' : undefined,
      ...(said === undefined ? {} : { annotations: said }),
    },
  ]);
  return attribute!;
}

function locked(attribute: Attribute, { locks }: Model): Attribute {
  const lock = locks.get(attribute.ident);
  if (lock === undefined || attribute.annotations?.lockField !== undefined) return attribute;
  const { type, field, shape, reverse, provenance } = lock;
  return {
    ...attribute,
    annotations: {
      ...attribute.annotations,
      lockType: type,
      lockField: field,
      lockShape: shape,
      ...(reverse === undefined ? {} : { lockReverse: reverse }),
      lockProvenance: kw(provenance),
    },
  };
}
