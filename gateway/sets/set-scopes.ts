/** The databases of a set as one request reads them: each through the caller's own view of it, side by side, some at a time. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import type { OperationContext } from '../http/context.ts';
import { foreignScopes } from '../http/context.ts';
import type { AsOf } from '../read/as-of.ts';
import { timePointOf } from '../read/as-of.ts';
import { badInput } from '../read/bad-input.ts';
import type { ReadScope } from '../read/scope.ts';
import type { AnswerPlace } from '../select/selection.ts';
import { someAtATime } from './some-at-a-time.ts';

/** What a database came to. */
export interface Answered<T> {
  readonly database: string;
  readonly value: T;
}

/**
 * What reading each database comes to, of those that can be read; the others are errors at the place, with their names.
 *
 * @throws BAD_USER_INPUT, which would be said of each
 */
export async function eachDatabase<T>(
  { foreign }: Pick<OperationContext, 'foreign'>,
  at: AnswerPlace,
  databases: ReadonlyArray<string>,
  read: (database: string) => Promise<T>,
): Promise<ReadonlyArray<Answered<T>>> {
  const outcomes = await someAtATime(databases, async (database): Promise<Outcome<T>> => {
    try {
      return { database, value: await read(database) };
    } catch (error) {
      if (isOfCaller(error)) throw error;
      return { database, error };
    }
  });
  return outcomes.flatMap((outcome) => {
    if ('value' in outcome) return outcome;
    foreign.fail({ at, ...outcome });
    return [];
  });
}

type Outcome<T> = Answered<T> | { readonly database: string; readonly error: unknown };

function isOfCaller(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === 'BAD_USER_INPUT';
}

/** What went wrong in a database, saying which one. */
export function failureIn(database: string, error: unknown): unknown {
  if (!(error instanceof DatabaseError) || isOfCaller(error)) return error;
  const message = `The database '${database}': ${error.message}`;
  return new DatabaseError(error.code, message, { data: error.data, cause: error });
}

/** Opens a database for what is asked of one of its types. @throws FORBIDDEN, STORE_UNAVAILABLE, and what opening it throws */
export type OpenScope = (database: string, type: string) => Promise<ReadScope>;

/** At an instant all databases are read as they were then. @throws BAD_USER_INPUT for a transaction, which only one of them has */
export function scopesOf(context: OperationContext, given: AsOf | null | undefined): OpenScope {
  const asOf = given ?? context.asOf;
  const point = asOf === undefined ? undefined : timePointOf(asOf);
  if (typeof point === 'number')
    throw badInput('asOf', 'must be an instant: a transaction is of one database alone');
  const scopes = foreignScopes(context, point);
  return async (database, type) => {
    const shown = context.foreignModels.get(database)?.model.types.get(type);
    if (shown === undefined) throw await unavailable(context, database);
    if (point !== undefined) checkHistory(shown);
    return scopes.open(database);
  };
}

function checkHistory({ name, access }: EntityType): void {
  if (access?.history === false)
    throw new DatabaseError('FORBIDDEN', `The caller may not see what was of ${name}`);
}

/** Why a database is not shown whose attributes nobody has seen. */
async function unavailable(
  { foreign }: Pick<OperationContext, 'foreign'>,
  database: string,
): Promise<unknown> {
  try {
    await foreign.open(database);
  } catch (error) {
    return error;
  }
  return new DatabaseError(
    'STORE_UNAVAILABLE',
    `The database '${database}' could not be opened when the request came; send it again`,
  );
}
