/** An operation as the answers that are streamed for it: one of a query or a mutation, of a subscription as many as there come. */
import { OperationTypeNode } from 'graphql';
import { answerBody } from '../graphql/operation.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import type { AskedOperation, StreamedAnswer } from './asked-operation.ts';
import { answerLimits, contextFrom, currentContext } from './asked-operation.ts';
import { changeAnswers } from './changes.ts';
import type { LiveAnswer } from './live-queries.ts';
import type { Reads } from './reads.ts';
import { recordReads } from './reads.ts';

/** The answers; the last of them says what went wrong. Ends with the signal. */
export async function* answersOf(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  try {
    if (asked.operation.type !== OperationTypeNode.SUBSCRIPTION)
      yield await onlyAnswer(asked, signal);
    else yield* streamedAnswers(asked, signal);
  } catch (error) {
    if (signal.aborted) return;
    const { body } = toGraphQLBody(error, asked.requestId, asked.log);
    yield { text: JSON.stringify(body) };
  }
}

async function onlyAnswer(asked: AskedOperation, signal: AbortSignal): Promise<StreamedAnswer> {
  const context = await currentContext(asked, signal);
  const { operation, variables } = asked;
  asked.charge('cost', operation.checkCost(variables));
  const { content } = await operation.run(context, variables);
  return { text: answerBody(content, context.basisTx), position: String(context.basisTx) };
}

async function* streamedAnswers(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  const { database, operation, variables, given } = asked;
  asked.charge('cost', operation.checkCost(variables));
  const changes = operation.changes(variables);
  if (changes !== undefined) {
    yield* changeAnswers(asked, changes, signal);
    return;
  }
  const { claims } = await currentContext(asked, signal);
  const run = (reads: Reads, ending: AbortSignal) => runLive(asked, reads, ending);
  const key = JSON.stringify([given, claims, asked.asOf]);
  for await (const { content, basisTx } of database.live.watch(operation, key, run, signal))
    yield { text: answerBody(content, basisTx), position: String(basisTx) };
}

/** From the newest state; those who watch the same share it. */
async function runLive(
  asked: AskedOperation,
  reads: Reads,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const limits = answerLimits(asked, signal);
  let basisTx = 0;
  try {
    const snapshot = await asked.database.reader.snapshot({ limits });
    ({ basisTx } = snapshot);
    const context = contextFrom(recordReads(snapshot, reads), asked, limits);
    return { basisTx, ...(await asked.operation.run(context, asked.variables)) };
  } catch (error) {
    const { body } = toGraphQLBody(error, asked.requestId, asked.log);
    return { basisTx, content: JSON.stringify(body).slice(1, -1), hasErrors: true };
  }
}
