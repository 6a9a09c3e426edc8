/** A compiled operation's answer, or what kept it from running: the same whoever asks it, the front or Apollo. */
import { OperationTypeNode } from 'graphql';
import { DatabaseError } from '../../schema/error.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import type { OperationContext } from '../http/context.ts';
import type { Variables } from '../select/selection.ts';
import type { Log } from '../../services/shared/log.ts';
import type { CompiledOperation } from './operation.ts';
import { answerBody } from './operation.ts';

export interface OperationAnswer {
  /** Of HTTP. */
  readonly status: number;
  /** JSON. */
  readonly text: string;
  readonly hasErrors: boolean;
}

export async function answerOperation<C extends OperationContext>(
  operation: CompiledOperation<C>,
  context: C,
  variables: Variables,
  log: Log,
): Promise<OperationAnswer> {
  try {
    if (operation.type === OperationTypeNode.SUBSCRIPTION) throw needsStream();
    const outcome = operation.run(context, variables);
    const made = outcome instanceof Promise ? await outcome : outcome;
    return {
      status: 200,
      text: answerBody(made, context.basisTx, context.foreign.bases()),
      hasErrors: made.hasErrors,
    };
  } catch (error) {
    const { requestId, basisTx } = context;
    const extensions = basisTx === undefined ? undefined : { basisT: String(basisTx) };
    return refusal(error, requestId, log, extensions);
  }
}

/** The answer to an operation that was not run. */
export function refusal(
  error: unknown,
  requestId: string,
  log: Log,
  extensions?: object,
): OperationAnswer {
  const { status, body } = toGraphQLBody(error, requestId, log);
  const text = `${JSON.stringify({ ...body, extensions })}\n`;
  return { status, text, hasErrors: true };
}

function needsStream(): DatabaseError {
  return new DatabaseError(
    'BAD_USER_INPUT',
    'A subscription is answered as a stream: expected `Accept: text/event-stream`, or a WebSocket',
  );
}
