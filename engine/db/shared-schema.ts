/**
 * Databases of many customers are often of one schema. What says the same is one object for all of them: it takes memory once, and what was compiled
 * for it is compiled once.
 */
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Schema } from './schema.ts';

/** By what they say, for as long as somebody has them. */
const schemas = new Map<string, WeakRef<Schema>>();

const forget = new FinalizationRegistry((said: string) => {
  // Another one that says the same may have come after it.
  if (schemas.get(said)?.deref() === undefined) schemas.delete(said);
});

/** A schema that says the same, which is the same object for all who have such a one. */
export function sharedSchema(schema: Schema): Schema {
  const said = whatIsSaidBy(schema);
  const known = schemas.get(said)?.deref();
  if (known !== undefined) return known;
  schemas.set(said, new WeakRef(schema));
  forget.register(schema, said);
  return schema;
}

/** All that a schema is made of, as text. */
function whatIsSaidBy({ names, definitions }: Schema): string {
  const entities = Array.from(
    definitions,
    ([id, { values, installedTx, formerIdents }]): EdnData => [
      id,
      installedTx,
      formerIdents,
      values,
    ],
  );
  return printEdn([names.areEntities, entities]);
}
