/** The extensions of a database, as its schema is now: it is served without those that do not fit. */
import type { GraphQLSchema } from 'graphql';
import { DatabaseError } from '../../schema/error.ts';
import type { Model } from '../../schema/model/model.ts';
import { createSchema } from '../generate/graphql/schema.ts';
import { fitExtension } from './extend-schema.ts';
import type { ParsedExtension } from './parse-extension.ts';

export interface FittingExtensions {
  readonly fitting: ReadonlyArray<ParsedExtension>;
  /** Why the others do not. */
  readonly misfits: ReadonlyArray<DatabaseError>;
}

/** Those of a database, and the whole schema with those that fit. `types` are as for {@link createSchema}. */
export async function fittingExtensions(
  database: string,
  model: Model,
  extensions: ReadonlyArray<ParsedExtension>,
  types: Model['types'] = model.types,
): Promise<FittingExtensions & { readonly schema: GraphQLSchema }> {
  const concerned = extensions.filter(({ databases }) => databases?.includes(database) ?? true);
  const fitting: ParsedExtension[] = [];
  const misfits: DatabaseError[] = [];
  let schema = await createSchema(model, { types });
  for (const extension of concerned)
    try {
      schema = fitExtension(schema, model, extension);
      fitting.push(extension);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      misfits.push(error);
    }
  return { fitting, misfits, schema };
}
