/** An operation that somebody waits for, and from what it is answered. */
import type { QueryLimits, Snapshot } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Principal } from '../access/principal.ts';
import type { CompiledOperation } from '../graphql/operation.ts';
import { FREE } from '../http/caller.ts';
import { contextOn, limitsFromNow } from '../http/context.ts';
import type { Caller, RequestContext } from '../http/context.ts';
import type { Variables } from '../select/selection.ts';
import type { ServedDatabase } from '../served-database.ts';
import type { ServedSchema } from '../served-schema.ts';

/** Whoever asks, and what is known of its past. */
export interface Asker extends Pick<Caller, 'requestId' | 'asOf' | 'charge'> {
  readonly principal: Principal;
  /** What the caller has seen or written already, so that its answers are no older. */
  readonly minTx: number | undefined;
  /** Where a stream was left that is gone on with. */
  readonly position: string | undefined;
}

export interface AskedOperation extends Asker {
  readonly database: ServedDatabase;
  readonly schema: ServedSchema;
  readonly operation: CompiledOperation;
  /** As they came, and as their types read them. */
  readonly given: Variables;
  readonly variables: Variables;
  readonly queryLimits: QueryLimits;
  readonly log: Log;
}

export interface StreamedAnswer {
  /** The body, JSON; undefined where only the position has moved. */
  readonly text?: string;
  /** Where to go on after it. */
  readonly position?: string;
}

/** Every answer has the time of a request of its own. */
export function answerLimits({ queryLimits }: AskedOperation, signal: AbortSignal): QueryLimits {
  return limitsFromNow(queryLimits, signal);
}

export function contextFrom(
  snapshot: Snapshot,
  { database, schema, requestId, principal, asOf }: AskedOperation,
  limits: QueryLimits,
): RequestContext {
  // What is told again and again was charged when it was asked for.
  const charge = FREE;
  return contextOn(snapshot, database, schema, { requestId, principal, charge, asOf, limits });
}

/** @throws BASIS_NOT_AVAILABLE */
export async function currentContext(
  asked: AskedOperation,
  signal: AbortSignal,
): Promise<RequestContext> {
  const limits = answerLimits(asked, signal);
  const snapshot = await asked.database.reader.snapshot({ minTx: asked.minTx, limits });
  return contextFrom(snapshot, asked, limits);
}
