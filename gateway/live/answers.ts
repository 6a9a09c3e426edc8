/** An operation as the answers that are streamed for it: one of a query or a mutation, of a subscription as many as there come. */
import { OperationTypeNode } from 'graphql';
import { answerBody } from '../graphql/operation.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import type { AskedOperation, StreamedAnswer } from './asked-operation.ts';
import { claimsOf } from '../http/context.ts';
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
  try {
    asked.charge('cost', operation.checkCost(variables));
    const outcome = await operation.run(context, variables);
    const text = answerBody(outcome, context.basisTx, context.foreign.bases());
    return { text, position: String(context.basisTx) };
  } finally {
    context.foreign.release();
  }
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
  const { claims, foreignModels, principal } = await currentContext(asked, signal);
  // Whoever shares an answer is let see the same, also of other databases.
  const claimsThere = Array.from(foreignModels.values(), (each) => claimsOf(each, principal));
  const run = (reads: Reads, ending: AbortSignal) => runLive(asked, reads, ending);
  // What code of users makes may be of the caller.
  const caller = operation.runsCode ? [principal.name, principal.roles, principal.claims] : [];
  const key = JSON.stringify([given, claims, claimsThere, asked.asOf, caller]);
  for await (const answer of database.live.watch(operation, key, run, signal)) {
    const { basisTx, bases } = answer;
    yield { text: answerBody(answer, basisTx, bases), position: String(basisTx) };
  }
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
    const outcome = await asked.operation.run(context, asked.variables);
    return {
      basisTx,
      ...outcome,
      bases: context.foreign.bases(),
      followOthers: (changed) => context.foreign.follow(changed),
    };
  } catch (error) {
    const { body } = toGraphQLBody(error, asked.requestId, asked.log);
    return { basisTx, content: JSON.stringify(body).slice(1, -1), hasErrors: true };
  }
}
