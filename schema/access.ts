/** Who may do what, as it is configured: plain data. */

export interface AccessConfig {
  /** Tokens of programs; several may be valid at a time, so that one can follow another. */
  readonly tokens?: ReadonlyArray<TokenConfig>;
  readonly jwt?: JwtConfig;
  readonly roles: Readonly<Record<string, RoleConfig>>;
  /** The roles of callers that present nothing; without them such callers are refused. */
  readonly anonymous?: ReadonlyArray<string>;
}

export interface TokenConfig {
  /** What the log calls the caller. */
  readonly name: string;
  /** Of the token, in hex: the token itself is nowhere stored. */
  readonly sha256: string;
  readonly roles: ReadonlyArray<string>;
  readonly claims?: Claims;
  /** RFC 3339; from then on it is refused. */
  readonly expires?: string;
}

export type Claims = Readonly<Record<string, unknown>>;

export interface JwtConfig {
  /** Where the keys are: an `https:` URL, or the path of a file. */
  readonly jwks: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** RS256, ES256 and EdDSA where nothing is said. */
  readonly algorithms?: ReadonlyArray<string>;
  /** The claim that lists the roles; `roles` by default. A path is written with dots. */
  readonly rolesClaim?: string;
  readonly clockToleranceSeconds?: number;
}

/** What its callers may do; several roles of one caller add up. */
export interface RoleConfig {
  /** Names of databases; all where nothing is said. */
  readonly databases?: ReadonlyArray<string>;
  /** By the names of types; `*` is for those that are not named. What is not allowed here is not there. */
  readonly types: Readonly<Record<string, TypeRule>>;
  /** Whether the role sees the schema of what it may use. */
  readonly introspection?: boolean;
}

/**
 * Of each kind of access: all, none, or the entities that a `where` lets through. Its values may be claims: `"$claims.sub"`. What may not be read is as if
 * it were not there; a write of what may not be written fails.
 */
export type Rule = boolean | Readonly<Record<string, unknown>>;

export interface TypeRule {
  readonly read?: Rule;
  /** As they are after the write. */
  readonly create?: Rule;
  /** Of those that may be read, as they are before the write and after it. */
  readonly update?: Rule;
  /** Of those that may be read, as they are before the write. */
  readonly delete?: Rule;
  /** Whether what was is shown: history, `asOf`, `since`. */
  readonly history?: boolean;
  /** By the names of fields; `*` is for those that are not named. Everything is allowed that is not forbidden here. */
  readonly fields?: Readonly<Record<string, FieldRule>>;
}

export interface FieldRule {
  readonly read?: boolean;
  readonly write?: boolean;
}
