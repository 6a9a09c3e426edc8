/** What tools of others make of the printed schema: rules of Relay, a supergraph, clients in TypeScript. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { lexicographicSortSchema, parse, printSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { federationSdl } from '../../gateway/generate/graphql/federation.ts';
import { createSchema } from '../../gateway/generate/graphql/schema.ts';
import type { Model } from '../../schema/model/model.ts';
import { modelOfWorld } from '../gateway/world-database.ts';
import { compile, runProgram } from './compile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let model: Model;
let schema: GraphQLSchema;
beforeAll(async () => {
  model = await modelOfWorld();
  schema = await createSchema(model);
});

it('follows the rules of Relay', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const file = join(folder.path, 'schema.graphql');
  writeFileSync(file, printSchema(lexicographicSortSchema(schema)));
  const rules = [
    'relay-connection-types-spec',
    'relay-connection-arguments-spec',
    'relay-page-info-spec',
    'types-are-capitalized',
    'deprecations-have-a-reason',
    'enum-values-all-caps',
  ];
  const printed = await runProgram('graphql-schema-linter', 'graphql-schema-linter', [
    '--rules',
    rules.join(','),
    file,
  ]);
  expect(printed.trim()).toBe('✔ 0 errors detected');
});

it('composes with a subgraph that refers to its entities', async () => {
  const sdl = federationSdl(await createSchema(model, { isSubgraph: true }), model);
  const reviews = `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Review { city: City! stars: Int! }
    type City @key(fields: "id") { id: ID! reviews: [Review!]! }
    type Country @key(fields: "cca2") { cca2: String! rating: Float }
    type Query { reviews: [Review!]! }`;
  const result = composeServices([
    { name: 'world', typeDefs: parse(sdl), url: 'http://world' },
    { name: 'reviews', typeDefs: parse(reviews), url: 'http://reviews' },
  ]);
  expect(compositionHasErrors(result) ? result.errors.map(({ message }) => message) : []).toEqual(
    [],
  );
  await expect(sdl).toMatchFileSnapshot('world.federation.graphql');
});

it('is what a generated client compiles against', async () => {
  const operations = parse(`
    query Cities($where: CityWhere, $first: Int) {
      cityConnection(where: $where, first: $first, orderBy: [{ population: DESC }]) {
        edges { cursor node { id name population founded country { name } monuments { name } } }
        aggregate { count avg { population } }
        pageInfo { hasNextPage endCursor }
      }
    }
    mutation Rename($by: CountryBy!, $name: String) {
      updateCountry(by: $by, patch: { name: $name }) { country { name _meta { version } } tx { t } }
    }`);
  const output = await codegen({
    filename: 'client.ts',
    schema: parse(printSchema(schema)),
    documents: [{ location: 'operations.graphql', document: operations }],
    config: { strictScalars: true, scalars: SCALARS, useTypeImports: true, enumsAsTypes: true },
    plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
    pluginMap: { typescriptOperations, typedDocumentNode },
  });
  const use = `import { CitiesDocument, type CitiesQuery } from './client.ts';
    export const names = (data: CitiesQuery): string[] =>
      data.cityConnection.edges.map(({ node }) => node.name ?? '');
    export const document = CitiesDocument;`;
  expect(await compile('graphql-client', { 'client.ts': output, 'use.ts': use })).toBe('');
});

/** As JSON has them. */
const SCALARS = {
  BigDecimal: 'string',
  BigInt: 'string',
  Bytes: 'string',
  DateTime: 'string',
  FloatArray: 'ReadonlyArray<number>',
  JSON: 'unknown',
  Keyword: 'string',
  Long: 'string',
  Symbol: 'string',
  URI: 'string',
  UUID: 'string',
};
