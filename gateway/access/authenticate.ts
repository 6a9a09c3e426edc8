/**
 * Credentials to who sends a request. The hash of a token is compared with those that are configured, and a JWT is verified; what was found good is known by
 * its hash until it expires, so that the next request of its bearer costs that hash and a look into a map. Neither tells by its time how much of a token was right.
 */
import { hash as hashOf, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import type { AccessConfig, JwtConfig, TokenConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Principal } from './principal.ts';
import { DEVELOPER } from './principal.ts';

/** The principal of an `Authorization` header. @throws UNAUTHENTICATED */
export type Authenticate = (authorization: string | undefined) => Principal | Promise<Principal>;

/**
 * What a request says of who sends it. Whoever says two things may mean one to a server on the way and the other to this one.
 *
 * @param besides what it says elsewhere than in its headers
 * @throws UNAUTHENTICATED
 */
export function authorizationOf(
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  besides: ReadonlyArray<unknown> = [],
): string | undefined {
  const { authorization } = headers;
  // Of several such headers only the first is among `headers`.
  const isAlone = authorization === undefined || countOf('authorization', rawHeaders) === 1;
  const [first, ...others] = [authorization, ...besides].filter((each) => each !== undefined);
  if (!isAlone || others.some((each) => each !== first))
    throw unauthenticated('Expected one bearer token, got several that are not the same');
  if (first === undefined || typeof first === 'string') return first;
  throw unauthenticated('Expected one bearer token, as text');
}

/** How often a header is among those of a request: names and values by turns. */
function countOf(name: string, rawHeaders: ReadonlyArray<string>): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? '';
    if (given.length === name.length && given.toLowerCase() === name) count++;
  }
  return count;
}

/** `undefined` is development mode: everybody may do everything. @throws BAD_CONFIG where keys cannot be read */
export function createAuthenticator(access: AccessConfig | undefined): Authenticate {
  if (access === undefined) return () => DEVELOPER;
  const findToken = tokenFinder(access.tokens ?? []);
  const verify = access.jwt === undefined ? undefined : jwtVerifier(access.jwt);
  const anonymous: Principal | undefined =
    access.anonymous === undefined
      ? undefined
      : { name: 'anonymous', roles: access.anonymous, claims: {}, isAnonymous: true };
  const known = new Map<string, Bearer>();
  const remember = (hash: string, bearer: Bearer): Bearer => {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(hash, bearer);
    return bearer;
  };
  return (authorization) => {
    if (authorization === undefined) {
      if (anonymous === undefined) throw unauthenticated('This needs a token');
      return anonymous;
    }
    const token = bearerToken(authorization);
    const hash = hashOf('sha256', token, 'hex');
    const last = known.get(hash);
    if (last !== undefined && Date.now() < last.expiresMs) return last;
    known.delete(hash);
    const found = findToken(hash);
    if (found !== undefined) return remember(hash, found);
    if (verify === undefined)
      throw unauthenticated('The token is not known, or not valid any more');
    return verify(token).then((bearer) => remember(hash, bearer));
  };
}

/** Of a token, or of a JWT. */
type Bearer = Principal & { readonly expiresMs: number };

const MAX_KNOWN = 10_000;

/** A token has no spaces and is not long; everything else is refused before it is looked at. */
const MAX_TOKEN_LENGTH = 8_192;

function bearerToken(authorization: string): string {
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (token !== undefined && token.length <= MAX_TOKEN_LENGTH) return token;
  throw unauthenticated('Expected one bearer token in the Authorization header');
}

/** Looks at all tokens, each as long as the others. */
function tokenFinder(tokens: ReadonlyArray<TokenConfig>): (hash: string) => Bearer | undefined {
  const bearers = tokens.map(({ name, sha256, roles, claims = {}, expires }) => ({
    hash: Buffer.from(sha256, 'hex'),
    bearer: {
      name,
      roles,
      claims,
      expiresMs: expires === undefined ? Infinity : Date.parse(expires),
    },
  }));
  return (given) => {
    const hash = Buffer.from(given, 'hex');
    const found = bearers.filter((each) => timingSafeEqual(each.hash, hash));
    return found.findLast(({ bearer }) => Date.now() < bearer.expiresMs)?.bearer;
  };
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

function jwtVerifier(config: JwtConfig): (token: string) => Promise<Bearer> {
  const keys = keySet(config.jwks);
  const options = {
    algorithms: [...(config.algorithms ?? DEFAULT_ALGORITHMS)],
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
    ...(config.audience === undefined ? {} : { audience: config.audience }),
    clockTolerance: config.clockToleranceSeconds ?? 0,
    requiredClaims: ['exp'],
  };
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, options).catch((error: unknown) => {
      throw refusal(error);
    });
    const expiresMs = ((payload.exp ?? 0) + options.clockTolerance) * 1_000;
    return { ...principalOf(payload, config.rolesClaim ?? 'roles'), expiresMs };
  };
}

function keySet(jwks: string): ReturnType<typeof createRemoteJWKSet> {
  if (/^https?:/.test(jwks)) return createRemoteJWKSet(new URL(jwks));
  try {
    const keys = JSON.parse(readFileSync(jwks, 'utf8')) as JSONWebKeySet;
    return createLocalJWKSet(keys) as ReturnType<typeof createRemoteJWKSet>;
  } catch (cause) {
    throw new DatabaseError('BAD_CONFIG', `access.jwt.jwks: expected keys in the file ${jwks}`, {
      cause,
    });
  }
}

function principalOf(payload: JWTPayload, rolesClaim: string): Principal {
  const roles = rolesClaim
    .split('.')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Record<string, unknown>)[step]
          : undefined,
      payload,
    );
  const listed = typeof roles === 'string' ? roles.split(' ') : roles;
  const names = Array.isArray(listed) ? listed.filter((role) => typeof role === 'string') : [];
  return { name: payload.sub ?? 'a bearer of a JWT', roles: names, claims: payload };
}

/** What is wrong with a token is said; that its keys cannot be had is not the bearer's fault. */
function refusal(error: unknown): DatabaseError {
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
    return new DatabaseError(
      'AUTHENTICATION_UNAVAILABLE',
      'The keys of tokens cannot be read now',
      {
        cause: error,
      },
    );
  const why =
    error instanceof errors.JWTExpired ? 'The token has expired' : 'The token is not valid';
  return unauthenticated(why);
}

function unauthenticated(message: string): DatabaseError {
  return new DatabaseError('UNAUTHENTICATED', message);
}
