/** A REST request and its answer, without HTTP's mechanics. */
import type { Preferences } from './preferences.ts';

/** What REST answers in; lines are one entity each. */
export const JSON_TYPE = 'application/json';
export const LINES_TYPE = 'application/x-ndjson';

export type AnswerType = typeof JSON_TYPE | typeof LINES_TYPE;

export interface RestRequest {
  readonly method: string;
  /** The segment of the entity type. */
  readonly type: string;
  /** Path and query of the request, for links to other pages. */
  readonly url: URL;
  readonly body: unknown;
  /** What the caller likes best of what the address answers in. */
  readonly answerType: AnswerType;
  /** The media type of the body, in lower case and without parameters. */
  readonly bodyType: string | undefined;
  readonly preferences: Preferences;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** The tag of the answer for as long as nothing is written; undefined where it may also show other databases, or what code makes. */
  readonly validator: Validator;
  /** Whether code of users may make a part of the answer, so that nobody knows when it changes. */
  readonly runsCode: boolean;
  readonly idempotencyKey: string | undefined;
  /** Whether a change has to say of which version. */
  readonly needsIfMatch: boolean;
  /** How many entities may be read for one answer. */
  readonly maxCost: number;
}

/** At once, unless databases have to be opened for it. */
export type Validator = () => string | undefined | Promise<string | undefined>;

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or some lines of it at a time; undefined for no body. */
  readonly body: string | Lines | undefined;
}

export type Lines = AsyncGenerator<string, void>;
