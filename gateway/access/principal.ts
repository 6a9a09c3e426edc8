/** Who sends a request. */
import type { Claims } from '../../schema/access.ts';

export interface Principal {
  /** For the log: the name of a token, or the subject of a JWT. */
  readonly name: string;
  /** Undefined for a developer on this machine, who may do everything. */
  readonly roles: ReadonlyArray<string> | undefined;
  readonly claims: Claims;
  /** Whether the name is one of all who give none. */
  readonly isAnonymous?: boolean;
  /** When it ends that the credentials are good, in milliseconds of the epoch; by default never. */
  readonly expiresMs?: number;
}

/** Whoever reaches a gateway in development mode, which listens on loopback alone. */
export const DEVELOPER: Principal = {
  name: 'developer',
  roles: undefined,
  claims: {},
  isAnonymous: true,
};
