/** What tells whether the answer of a set is still the same: the states of its databases, what the caller sees of them, and what was asked. */
import type { IncomingMessage } from 'node:http';
import { askedBy, stateOf, tagOf } from '../http/caching.ts';
import type { OperationContext } from '../http/context.ts';
import { claimsOf } from '../http/context.ts';
import type { SetView } from './set-view.ts';
import { someAtATime } from './some-at-a-time.ts';

/** Undefined where a database cannot be read now: nobody knows what it would say. `asked`: the databases that are asked, all where nothing is said. */
export async function setValidator(
  { foreign, foreignModels, principal, set }: OperationContext & { readonly set: SetView },
  request: Pick<IncomingMessage, 'url' | 'headers'>,
  asked: ReadonlyArray<string> = set.databases,
): Promise<string | undefined> {
  const databases = set.databases.filter((name) => asked.includes(name));
  try {
    const states = await someAtATime(databases, async (database) => {
      const shown = foreignModels.get(database);
      if (shown === undefined) throw new Error(`Expected ${database} to be shown`);
      const { snapshot } = await foreign.open(database);
      return [database, stateOf(snapshot, snapshot.basisTx), claimsOf(shown, principal)];
    });
    return tagOf([set.fingerprint, states, ...askedBy(request)]);
  } catch {
    // The answer says what is wrong.
    return undefined;
  }
}
