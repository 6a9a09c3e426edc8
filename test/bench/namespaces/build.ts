/** Makes the GraphQL schema of a database of so many namespaces once, in a process of its own, and prints what that took as JSON. */
import { printSchema } from 'graphql';
import type { EdnData } from '../../../engine/index.ts';
import { DEFAULT_DATABASE_CONFIG, dbWith, emptyDb } from '../../../engine/index.ts';
import { createSchema } from '../../../gateway/generate/graphql/schema.ts';
import { buildModel } from '../../../schema/model/build-model.ts';
import { heapBytes } from '../harness.ts';
import { transactionsOf } from './attributes.ts';

export interface Built {
  readonly modelMs: number;
  readonly schemaMs: number;
  readonly printMs: number;
  readonly types: number;
  readonly bytes: number;
}

let db = emptyDb(DEFAULT_DATABASE_CONFIG);
for (const txData of transactionsOf(Number(process.argv[2])))
  db = await dbWith(db, txData as EdnData[]);
const attributes = Array.from(db.schema.userAttributes.values());
const before = await heapBytes();
const startedMs = performance.now();
const model = buildModel(attributes);
const modelMs = performance.now() - startedMs;
const schema = await createSchema(model, { isSubgraph: true });
const schemaMs = performance.now() - startedMs - modelMs;
const bytes = (await heapBytes()) - before;
const printStartedMs = performance.now();
const text = printSchema(schema);
const printMs = performance.now() - printStartedMs;
if (text === '') throw new Error('Expected a schema');
const types = Object.keys(schema.getTypeMap()).length;
const built: Built = { modelMs, schemaMs, printMs, types, bytes };
console.log(JSON.stringify(built));
