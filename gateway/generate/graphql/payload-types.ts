/** What mutations return of the entities of each type. */
import { GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from 'graphql';
import type { EntityType } from '../../../schema/model/model.ts';
import type { ObjectTypes } from './object-types.ts';
import { oncePerType } from './once-per-type.ts';
import { txType } from './shared-types.ts';

type PayloadOf = (type: EntityType) => GraphQLObjectType;

export interface PayloadTypes {
  readonly one: PayloadOf;
  readonly many: PayloadOf;
}

export function createPayloadTypes({ entity }: Pick<ObjectTypes, 'entity'>): PayloadTypes {
  return {
    one: oncePerType(
      (type: EntityType) =>
        new GraphQLObjectType({
          name: `${type.name}Payload`,
          fields: () => ({
            [type.names.lookup]: { type: entity(type) },
            tx: { type: new GraphQLNonNull(txType) },
            clientMutationId: { type: GraphQLString },
          }),
        }),
    ),
    many: oncePerType(
      (type: EntityType) =>
        new GraphQLObjectType({
          name: `${type.name}BulkPayload`,
          fields: () => ({
            count: { type: new GraphQLNonNull(GraphQLInt) },
            nodes: {
              type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(entity(type)))),
              description: 'What was written; of what was deleted, as it was.',
            },
            tx: { type: txType, description: 'Null where there was nothing to write.' },
            clientMutationId: { type: GraphQLString },
          }),
        }),
    ),
  };
}
