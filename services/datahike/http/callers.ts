/** Who may ask: tokens, of which only hashes are kept, with what each allows. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { DatahikeConfig, DatahikeToken } from '../../../config/datahike-config.ts';
import type { Caller } from '../resolve-handles.ts';

type CallersOptions = Pick<DatahikeConfig, 'tokens' | 'isOpen'>;

/** Says who sends a request; undefined for nobody who may. */
export type Authenticate = (headers: IncomingHttpHeaders) => Caller | undefined;

const ANYBODY: Caller = { may: () => true };

export function authenticator({ tokens, isOpen }: CallersOptions): Authenticate {
  const known = tokens.map((grant) => ({
    hash: Buffer.from(grant.sha256, 'hex'),
    caller: callerOf(grant),
  }));
  return (headers) => {
    if (isOpen) return ANYBODY;
    const token = tokenOf(headers);
    if (token === undefined) return undefined;
    const hash = createHash('sha256').update(token).digest();
    let found: Caller | undefined;
    // All are compared, so that the time says nothing of which one it is.
    for (const each of known) if (timingSafeEqual(each.hash, hash)) found = each.caller;
    return found;
  };
}

/** `Authorization: token …`, whose first word is in any case as in all of HTTP, or `token: …`. */
function tokenOf({ authorization, token }: IncomingHttpHeaders): string | undefined {
  const [, given] = /^token +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (given !== undefined) return given;
  return authorization === undefined && typeof token === 'string' ? token : undefined;
}

function callerOf({ databases, rights }: DatahikeToken): Caller {
  const patterns = databases?.map(patternOf);
  return {
    may: (right, database) =>
      (rights?.includes(right) ?? true) &&
      (patterns?.some((pattern) => pattern.test(database)) ?? true),
  };
}

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
