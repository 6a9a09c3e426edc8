/** An operation as the answers that are streamed for it: one of a query or a mutation, of a subscription as many as there come. */
import { OperationTypeNode } from 'graphql';
import type { QueryLimits } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import { answerBody } from '../graphql/operation.ts';
import type { CompiledOperation } from '../graphql/operation.ts';
import type { Principal } from '../access/principal.ts';
import { contextOn, limitsFromNow } from '../http/context.ts';
import type { Caller, RequestContext } from '../http/context.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import type { ServedDatabase } from '../served-database.ts';
import type { ServedSchema } from '../served-schema.ts';
import type { Variables } from '../select/selection.ts';
import type { LiveAnswer } from './live-queries.ts';
import { recordReads } from './reads.ts';

/** An operation that somebody waits for. */
export interface AskedOperation {
  readonly database: ServedDatabase;
  readonly schema: ServedSchema;
  readonly operation: CompiledOperation;
  /** As they came, and as their types read them. */
  readonly given: Variables;
  readonly variables: Variables;
  readonly requestId: string;
  readonly principal: Principal;
  /** A transaction that answers have to know. */
  readonly minTx: number | undefined;
  readonly queryLimits: QueryLimits;
  readonly log: Log;
}

export interface StreamedAnswer {
  /** The body, JSON. */
  readonly text: string;
  /** Where to go on after it. */
  readonly position: string;
}

/** The answers; the last of them says what went wrong. Ends with the signal. */
export async function* answersOf(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  try {
    yield* asked.operation.type === OperationTypeNode.SUBSCRIPTION
      ? liveAnswers(asked, signal)
      : onlyAnswer(asked, signal);
  } catch (error) {
    if (signal.aborted) return;
    const { body } = toGraphQLBody(error, asked.requestId, asked.log);
    yield { text: `${JSON.stringify(body)}\n`, position: '' };
  }
}

async function* onlyAnswer(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  const context = await currentContext(asked, signal);
  const text = await asked.operation.answer(context, asked.variables);
  yield { text, position: String(context.basisTx) };
}

async function* liveAnswers(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  const { database, operation, variables, given } = asked;
  operation.checkCost(variables);
  const { claims } = await currentContext(asked, signal);
  const run = (reads: Parameters<typeof recordReads>[1], ending: AbortSignal) =>
    runLive(asked, reads, ending);
  const key = JSON.stringify([given, claims]);
  for await (const { content, basisTx } of database.live.watch(operation, key, run, signal))
    yield { text: answerBody(content, basisTx), position: String(basisTx) };
}

async function runLive(
  asked: AskedOperation,
  reads: Parameters<typeof recordReads>[1],
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const { database, schema, operation, variables, requestId, log } = asked;
  const caller = callerOf(asked, signal);
  let basisTx = 0;
  try {
    const snapshot = await database.reader.snapshot({ limits: caller.limits });
    ({ basisTx } = snapshot);
    const context = contextOn(recordReads(snapshot, reads), database, schema, caller);
    return { basisTx, ...(await operation.run(context, variables)) };
  } catch (error) {
    const { body } = toGraphQLBody(error, requestId, log);
    return { basisTx, content: JSON.stringify(body).slice(1, -1), hasErrors: true };
  }
}

async function currentContext(asked: AskedOperation, signal: AbortSignal): Promise<RequestContext> {
  const { database, schema, minTx } = asked;
  const caller = callerOf(asked, signal);
  const snapshot = await database.reader.snapshot({ minTx, limits: caller.limits });
  return contextOn(snapshot, database, schema, caller);
}

function callerOf(
  { requestId, principal, queryLimits }: AskedOperation,
  signal: AbortSignal,
): Caller {
  return { requestId, principal, asOf: undefined, limits: limitsFromNow(queryLimits, signal) };
}
