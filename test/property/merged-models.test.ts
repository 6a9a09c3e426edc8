/** What a set of databases shows: a schema that is one whatever the databases are, of what they agree on. */
import fc from 'fast-check';
import { printSchema, validateSchema } from 'graphql';
import { expect, it } from 'vitest';
import { createSetSchema } from '../../gateway/generate/graphql/set-schema.ts';
import type { ValueType } from '../../schema/attribute.ts';
import { kw } from '../../schema/keyword.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import { mergeModels, modelWithin } from '../../schema/model/merge-models.ts';
import type { Field, Model } from '../../schema/model/model.ts';
import { runs } from '../support/runs.ts';
import type { Definition } from '../unit/schema/model/attributes.ts';
import { attributes } from '../unit/schema/model/attributes.ts';

const types: ReadonlyArray<ValueType> = ['string', 'long', 'ref', 'keyword'];

/** Among the names are those that a set derives from `city`, and that the values of its fields have. */
const installed = fc.record({
  namespace: fc.constantFrom('city', 'city-row', 'city-kind', 'city-aggregates', 'kind', 'city-'),
  name: fc.constantFrom('kind', 'name', 'Name', 'city', 'row'),
  valueType: fc.constantFrom(...types),
  isMany: fc.boolean(),
  annotations: fc.option(
    fc.record(
      {
        name: fc.constantFrom('kind', 'label'),
        enum: fc.constantFrom([kw('k/a')], [kw('k/a'), kw('k/b')]),
      },
      { requiredKeys: [] },
    ),
    { nil: {}, freq: 2 },
  ),
});

const model = fc
  .uniqueArray(installed, {
    selector: ({ namespace, name }) => `${namespace}/${name}`,
    maxLength: 8,
  })
  .map((all) =>
    buildModel(
      attributes(
        ...all.map(({ namespace, name, valueType, isMany, annotations }, i): Definition => {
          const cardinality = isMany ? 'many' : 'one';
          const facts = { cardinality, annotations, installedTx: 536870913 + i } as const;
          return [`${namespace}/${name}`, valueType, facts];
        }),
      ),
    ),
  );

const fieldsOf = ({ types: all }: Model): ReadonlyMap<string, Field> =>
  new Map(
    Array.from(all.values()).flatMap((type) =>
      Array.from(type.fields.values(), (field) => [`${type.name}.${field.name}`, field] as const),
    ),
  );

const meaning = (field: Field): unknown => {
  const { kind, many, attribute } = field;
  const held =
    field.kind !== 'scalar'
      ? field.target
      : field.shape.kind === 'enum'
        ? Array.from(field.shape.values)
        : field.shape;
  return { kind, many, ident: attribute.ident, held };
};

it('is a schema, of what all agree on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(model, { maxLength: 4 }), async (models) => {
      const merged = mergeModels(models);
      const schema = await createSetSchema(merged);
      expect(validateSchema(schema)).toEqual([]);
      expect(printSchema(schema)).toContain('databases: [String!]!');
      const shown = fieldsOf(merged);
      for (const own of models) {
        const within = modelWithin(merged, own);
        expect(Array.from(fieldsOf(within).keys())).toEqual(Array.from(shown.keys()));
        for (const [place, field] of fieldsOf(own)) {
          const known = shown.get(place);
          const [type = ''] = place.split('.');
          if (known === undefined)
            expect(merged.notes.some((note) => note.startsWith(`${type}: `))).toBe(true);
          else expect(meaning(field)).toEqual(meaning(known));
        }
        for (const [place, field] of fieldsOf(within))
          if (!fieldsOf(own).has(place))
            expect(field.attribute.ident).toBe(kw('gateway.absent/attribute'));
      }
    }),
    runs(200),
  );
});

it('of one database is that of the database', () => {
  fc.assert(
    fc.property(model, (own) => {
      const merged = mergeModels([own, own]);
      const isLeftOut = (place: string): boolean =>
        merged.notes.some((note) => note.startsWith(`${place.split('.')[0] ?? ''}: `));
      for (const [place, field] of fieldsOf(own))
        if (!isLeftOut(place)) expect(fieldsOf(merged).get(place)).toEqual(field);
    }),
    runs(100),
  );
});
