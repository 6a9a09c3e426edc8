/** What is told of all entities of a list together: `PersonAggregate` and the types of its parts. */
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType } from 'graphql';
import type { GraphQLFieldConfig } from 'graphql';
import type { FoldName } from '../../../schema/model/folds.ts';
import { foldShape } from '../../../schema/model/folds.ts';
import type { EntityType } from '../../../schema/model/model.ts';
import { oncePerType } from './once-per-type.ts';
import { outputType } from './value-types.ts';

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>;

/** The part of a type's name in the types of its folds; two folds that show the same share one. */
const SUFFIXES: Readonly<Record<FoldName, string>> = {
  sum: 'Sum',
  avg: 'Avg',
  min: 'Extreme',
  max: 'Extreme',
  countDistinct: 'Distinct',
};

const DESCRIPTIONS: Readonly<Record<FoldName, string>> = {
  sum: 'Null where there is no value.',
  avg: 'Null where there is no value.',
  min: 'The least value.',
  max: 'The greatest value.',
  countDistinct: 'How many different values there are.',
};

/** The name of the type that shows a fold of a type's fields. */
export function foldTypeName(type: EntityType, fold: FoldName): string {
  return `${type.name}${SUFFIXES[fold]}`;
}

export type AggregateTypeOf = (type: EntityType) => GraphQLObjectType;

export function createAggregateTypes(): AggregateTypeOf {
  const foldType = oncePerType((type: EntityType) =>
    oncePerType((suffix: string) => {
      const fold = suffix as FoldName;
      const fields = foldFields(type, fold);
      if (Object.keys(fields).length === 0) return undefined;
      return new GraphQLObjectType({ name: foldTypeName(type, fold), fields });
    }),
  );
  return oncePerType(
    (type: EntityType) =>
      new GraphQLObjectType({
        name: `${type.name}Aggregate`,
        description: 'Of all entities of the list, whatever the page.',
        fields: () => {
          const fields: Fields = { count: { type: new GraphQLNonNull(GraphQLInt) } };
          for (const fold of ['sum', 'avg', 'min', 'max', 'countDistinct'] as const) {
            // The least and the greatest are of one type.
            const of = foldType(type)(fold === 'max' ? 'min' : fold);
            if (of === undefined) continue;
            fields[fold] = { type: new GraphQLNonNull(of), description: DESCRIPTIONS[fold] };
          }
          return fields;
        },
      }),
  );
}

function foldFields(type: EntityType, fold: FoldName): Fields {
  const fields: Fields = {};
  for (const field of type.fields.values()) {
    const shape = field.kind === 'scalar' ? foldShape(field, fold) : undefined;
    if (shape !== undefined) fields[field.name] = { type: outputType(shape) };
  }
  return fields;
}
