/** The query function. */
import type { EdnData } from '../../schema/value.ts';
import type { RunLimits } from '../shared/suspend.ts';
import { run } from '../shared/suspend.ts';
import type { Query } from './ast.ts';
import type { QueryInput } from './execute.ts';
import { execute } from './execute.ts';
import { parseQuery } from './parse.ts';

/**
 * The answer to a Datalog query over any number of databases and collections, in the shape of its find specification: rows, a
 * collection, a tuple or a scalar. The query is EDN text or data, in vector or map form; inputs are in the order of `:in`.
 *
 *     await q('[:find ?n . :in $ ?code :where [?c :country/code ?code] [?c :country/name ?n]]', db, 'FR')
 *
 * @throws BAD_QUERY, BAD_EDN, ENTITY_NOT_FOUND, LIMIT_EXCEEDED
 */
export function q(query: EdnData, ...inputs: ReadonlyArray<QueryInput>): Promise<EdnData> {
  return qWithin({}, query, ...inputs);
}

/** As {@link q}, with a deadline and a signal to give up on. */
export async function qWithin(
  limits: RunLimits,
  query: EdnData,
  ...inputs: ReadonlyArray<QueryInput>
): Promise<EdnData> {
  return await run(execute(parsed(query), inputs), limits);
}

const MAX_TEXTS = 1_000;
const queryByText = new Map<string, Query>();
const queryByForm = new WeakMap<object, Query>();

/** A query is parsed once: by its text, or by the identity of its data. */
function parsed(query: EdnData): Query {
  if (typeof query === 'string') {
    let found = queryByText.get(query);
    if (found === undefined) {
      found = parseQuery(query);
      if (queryByText.size >= MAX_TEXTS) queryByText.clear();
      queryByText.set(query, found);
    }
    return found;
  }
  if (typeof query !== 'object' || query === null) return parseQuery(query);
  let found = queryByForm.get(query);
  if (found === undefined) {
    found = parseQuery(query);
    queryByForm.set(query, found);
  }
  return found;
}
