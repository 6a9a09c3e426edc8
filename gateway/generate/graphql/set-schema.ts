/** The model of a set of databases to its GraphQL schema, as `schema.ts` does it for one: its types below rows that say which database they are of. */
import {
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from 'graphql';
import type { GraphQLFieldConfig, GraphQLOutputType } from 'graphql';
import type { EntityType, Model } from '../../../schema/model/model.ts';
import { setNames } from '../../../schema/model/naming.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../page-sizes.ts';
import { inTurns } from './in-turns.ts';
import type { Inputs } from './inputs.ts';
import { createInputs } from './inputs.ts';
import type { ObjectTypes } from './object-types.ts';
import { createObjectTypes } from './object-types.ts';
import type { SetField } from './root-fields.ts';
import { setFields } from './root-fields.ts';
import { asOfInput, entityInterface, nodeInterface } from './shared-types.ts';
import { listOf } from './value-types.ts';

type FieldConfig = GraphQLFieldConfig<unknown, unknown>;
type Fields = Record<string, FieldConfig>;

export async function createSetSchema(model: Model): Promise<GraphQLSchema> {
  const inputs = createInputs(model);
  const objects = createObjectTypes(model, inputs);
  await inTurns(model.types.values(), (type) => {
    const inputTypes = [inputs.where, inputs.listWhere, inputs.order].map((of) => of(type.name));
    for (const each of [objects.entity(type), objects.connection(type.name), ...inputTypes])
      each.getFields();
  });
  const query: Fields = {};
  for (const [name, field] of setFields(model)) query[name] = setField(field, inputs, objects);
  const notes = model.notes.map((note) => `\n- ${note}`).join('');
  return new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      description: notes === '' ? QUERY : `${QUERY}\n\nLeft out:\n${notes}`,
      fields: query,
    }),
    types: [nodeInterface, entityInterface, ...Array.from(model.types.values(), objects.entity)],
    directives: specifiedDirectives,
  });
}

const QUERY =
  'Questions to all databases of a set that the caller may read. One that cannot be read is an error of its own, and the others answer.';

function setField(field: SetField, inputs: Inputs, objects: ObjectTypes): FieldConfig {
  if (field.kind === 'databases')
    return { type: nonNullList(GraphQLString), description: 'The databases, by their names.' };
  const { type } = field;
  const asked = {
    where: { type: inputs.where(type.name) },
    in: { type: listOf(GraphQLString), description: 'The databases to ask; all by default.' },
    asOf: { type: asOfInput, description: 'An instant, which is that of all databases.' },
  };
  if (field.kind === 'aggregate')
    return { type: new GraphQLNonNull(aggregatesType(type, objects)), args: asked };
  const { where, ...others } = asked;
  return {
    type: nonNullList(rowType(type, objects)),
    description: `The entities of all databases in one order: ${DEFAULT_PAGE} unless \`first\` says otherwise, ${MAX_PAGE} at most. Between equals the databases are in the order of their names.`,
    args: {
      where,
      orderBy: { type: listOf(inputs.order(type.name)) },
      first: { type: GraphQLInt },
      offset: { type: GraphQLInt },
      ...others,
    },
  };
}

const database: FieldConfig = { type: new GraphQLNonNull(GraphQLString) };

function rowType(type: EntityType, objects: ObjectTypes): GraphQLObjectType {
  return new GraphQLObjectType({
    name: setNames(type.name).rowType,
    description: 'An entity, and the database that it is in.',
    fields: () => ({ database, node: { type: new GraphQLNonNull(objects.entity(type)) } }),
  });
}

function aggregatesType(type: EntityType, { aggregate }: ObjectTypes): GraphQLObjectType {
  const { aggregatesType: name, allType, databaseType } = setNames(type.name);
  const all = new GraphQLObjectType({
    name: allType,
    description: 'Of the entities of all databases together.',
    fields: () => {
      const { count, sum, min, max } = aggregate(type).getFields();
      // Averages and different values of parts say nothing of the whole.
      const exact = Object.entries({ count, sum, min, max });
      return Object.fromEntries(
        exact.flatMap(([fold, field]) =>
          field === undefined ? [] : [[fold, { type: field.type, description: field.description }]],
        ),
      ) as Fields;
    },
  });
  const ofDatabase = new GraphQLObjectType({
    name: databaseType,
    fields: () => ({ database, aggregate: { type: new GraphQLNonNull(aggregate(type)) } }),
  });
  return new GraphQLObjectType({
    name,
    fields: () => ({
      all: { type: all, description: 'Null where a database could not be read.' },
      databases: { type: nonNullList(ofDatabase), description: 'Those that could be read.' },
    }),
  });
}

function nonNullList(type: GraphQLOutputType): GraphQLOutputType {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)));
}
