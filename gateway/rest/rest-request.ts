/** A REST request and its answer, without HTTP's mechanics. */

export interface RestRequest {
  /** The segment of the entity type. */
  readonly type: string;
  /** Path and query of the request, for links to other pages. */
  readonly url: URL;
  readonly body: unknown;
  /** `Prefer: count=exact` */
  readonly wantsCount: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, undefined for no body. */
  readonly body: string | undefined;
}
