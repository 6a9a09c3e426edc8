/**
 * The schema as a subgraph of Apollo Federation 2: entities have their unique attributes as keys, and a router that knows one asks for the rest by
 * `_entities`. The document leaves out what only this database can mean: `node`, and its transactions.
 */
import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLString,
  GraphQLUnionType,
  Kind,
  parse,
  print,
  printSchema,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import type {
  ConstDirectiveNode,
  DocumentNode,
  GraphQLFieldConfig,
  GraphQLSchema,
  ObjectTypeDefinitionNode,
} from 'graphql';
import type { EntityType, Model } from '../../../schema/model/model.ts';

type FieldConfig = GraphQLFieldConfig<unknown, unknown>;

const serviceType = new GraphQLObjectType({
  name: '_Service',
  fields: { sdl: { type: new GraphQLNonNull(GraphQLString) } },
});

const anyScalar = new GraphQLScalarType({
  name: '_Any',
  description: 'An entity by its `__typename` and one of its keys.',
  parseValue: (json) => json,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

export const serviceField: FieldConfig = {
  type: new GraphQLNonNull(serviceType),
  description: 'This schema, for the router of a supergraph.',
};

export function entitiesField(types: ReadonlyArray<GraphQLObjectType>): FieldConfig {
  const entity = new GraphQLUnionType({ name: '_Entity', types });
  return {
    type: new GraphQLNonNull(new GraphQLList(entity)),
    description: 'Entities by their keys, null for each that is not there.',
    args: {
      representations: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(anyScalar))),
      },
    },
  };
}

const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
`;

/** Of the root, and of the types that only they need. */
const LEFT_OUT: ReadonlySet<string> = new Set(['_service', '_entities', 'node', 'txConnection']);
const LEFT_OUT_TYPES: ReadonlySet<string> = new Set([
  '_Any',
  '_Entity',
  '_Service',
  'TxConnection',
  'TxEdge',
]);

/** What `_service { sdl }` says. */
export function federationSdl(schema: GraphQLSchema, model: Model): string {
  const document = parse(printSchema(schema), { noLocation: true });
  const edited: DocumentNode = visit(document, {
    enter: (node) => {
      switch (node.kind) {
        case Kind.SCALAR_TYPE_DEFINITION:
        case Kind.UNION_TYPE_DEFINITION:
          return LEFT_OUT_TYPES.has(node.name.value) ? null : false;
        case Kind.OBJECT_TYPE_DEFINITION:
          if (LEFT_OUT_TYPES.has(node.name.value)) return null;
          return annotated(node, model);
        case Kind.SCHEMA_DEFINITION:
        case Kind.SCHEMA_EXTENSION:
          return null;
        default:
          return undefined;
      }
    },
  }) as DocumentNode;
  return `${LINK}\n${print(edited)}\n`;
}

function annotated(node: ObjectTypeDefinitionNode, { types }: Model): ObjectTypeDefinitionNode {
  const name = node.name.value;
  if (name === 'Query' || name === 'Subscription') {
    const fields = node.fields?.filter((field) => !LEFT_OUT.has(field.name.value)) ?? [];
    return { ...node, fields };
  }
  if (name === 'Mutation') return node;
  const type = types.get(name);
  const directives =
    type === undefined || type.database !== undefined
      ? [directive('shareable')]
      : keysOf(type).map(keyDirective);
  return { ...node, directives };
}

/** The fields by any of which an entity is known: its id, and the unique ones that hold one plain value. */
export function keysOf({ fields }: EntityType): ReadonlyArray<string> {
  const unique = Array.from(fields.values()).filter(
    (field) =>
      field.kind === 'scalar' &&
      field.attribute.unique !== undefined &&
      !field.many &&
      field.shape.kind === 'scalar',
  );
  return ['id', ...unique.map(({ name }) => name)];
}

function keyDirective(fields: string): ConstDirectiveNode {
  const name = { kind: Kind.NAME, value: 'fields' } as const;
  const value = { kind: Kind.STRING, value: fields } as const;
  return { ...directive('key'), arguments: [{ kind: Kind.ARGUMENT, name, value }] };
}

function directive(name: string): ConstDirectiveNode {
  return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: name } };
}
