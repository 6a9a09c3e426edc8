/** What tells whether the answer of a set is still the same: the states of its databases, what the caller sees of them, and what was asked. */
import type { IncomingMessage } from 'node:http';
import { askedBy, stateOf, tagOf } from '../http/caching.ts';
import type { OperationContext } from '../http/context.ts';
import { claimsOf } from '../http/context.ts';
import type { SetView } from './set-view.ts';
import { someAtATime } from './some-at-a-time.ts';

/**
 * Undefined where a database cannot be read now, or is none of the set: the answer says so. `asked`: the databases that are asked; `document`: what an
 * operation was asked by.
 */
export async function setValidator(
  { foreign, foreignModels, principal }: OperationContext,
  set: SetView,
  request: Pick<IncomingMessage, 'url' | 'headers'>,
  asked: () => ReadonlyArray<string>,
  document?: string,
): Promise<string | undefined> {
  try {
    const databases = asked();
    const states = await someAtATime(databases, async (database) => {
      const shown = foreignModels.get(database);
      if (shown === undefined) throw new Error(`Expected ${database} to be shown`);
      const { snapshot } = await foreign.open(database);
      return [database, stateOf(snapshot, snapshot.basisTx), claimsOf(shown, principal)];
    });
    return tagOf([set.fingerprint, set.databases, states, ...askedBy(request, document)]);
  } catch {
    return undefined;
  }
}
