/** A REST request and its answer, without HTTP's mechanics. */
import type { Preferences } from './preferences.ts';

export interface RestRequest {
  /** The segment of the entity type. */
  readonly type: string;
  /** Path and query of the request, for links to other pages. */
  readonly url: URL;
  readonly body: unknown;
  /** The media type of the body, in lower case and without parameters. */
  readonly bodyType: string | undefined;
  readonly preferences: Preferences;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** The tag of the answer for as long as nothing is written. */
  readonly validator: () => string;
  readonly idempotencyKey: string | undefined;
  /** Whether a change has to say of which version. */
  readonly needsIfMatch: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, undefined for no body. */
  readonly body: string | undefined;
}
