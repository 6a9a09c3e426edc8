/** What code of users meets in one request: its contexts, the time that it has, and what became of its failures. */
import DataLoader from 'dataloader';
import { DatabaseError } from '../../schema/error.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import type { RequestContext } from '../http/context.ts';
import { writtenScope } from '../http/context.ts';
import type { ReadScope, RequestCode } from '../read/scope.ts';
import { parseTransaction } from '../rest/transact.ts';
import { commitWrites } from '../write/commit.ts';
import { findEntities } from './entity-refs.ts';
import type { ExtensionContext, Loader, LoadBatch } from './extension.ts';
import { markOf } from '../read/marks.ts';

/** The longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function beginRequestCode(request: RequestContext, log: Log): RequestCode {
  const time = new RequestTime(request);
  const contexts = new Map<Snapshot, ExtensionContext>();
  const failures: unknown[] = [];
  let written: Promise<ReadScope> | undefined;
  const write: ExtensionContext['transact'] = async ({ idempotencyKey, ...body }) => {
    const transaction = parseTransaction(request.model, body);
    const { entities, result } = await commitWrites(request, { ...transaction, idempotencyKey });
    if (transaction.dryRun !== true && result !== undefined)
      written = writtenScope(request, request.basisTx);
    return { tx: result?.tx, entities };
  };
  return {
    contextOn: (snapshot) => {
      let context = contexts.get(snapshot);
      if (context === undefined) {
        context = createContext(request, snapshot, { time, write, log });
        contexts.set(snapshot, context);
      }
      return context;
    },
    scopeAfter: (scope) => written ?? scope,
    within: (promised) => Promise.race([promised, time.over]),
    fail: (error) => markOf(failures.push(error) - 1),
    failures,
    end: () => time.end(),
  };
}

interface ContextParts {
  readonly time: RequestTime;
  readonly write: ExtensionContext['transact'];
  readonly log: Log;
}

function createContext(
  request: RequestContext,
  snapshot: Snapshot,
  { time, write, log }: ContextParts,
): ExtensionContext {
  const { database, principal, requestId, encodeId } = request;
  const loaders = new Map<unknown, unknown>();
  const entity: ExtensionContext['entity'] = async (ref) => {
    const found = (await findEntities(database, snapshot, [ref])).get(ref);
    if (found instanceof Error) throw found;
    return found;
  };
  const context: ExtensionContext = {
    database,
    principal,
    requestId,
    basisTx: snapshot.basisTx,
    get signal() {
      return time.signal;
    },
    log: log.with({ requestId, database }),
    q: (query, ...inputs) => snapshot.q(query, inputs),
    pull: async (pattern, ref) => {
      const found = await entity(ref);
      return found === undefined ? null : snapshot.pull(pattern, found);
    },
    entity,
    id: encodeId,
    transact: write,
    loader: <K, V>(batch: LoadBatch<K, V>): Loader<K, V> => {
      const known = loaders.get(batch) as Loader<K, V> | undefined;
      if (known !== undefined) return known;
      const made = new DataLoader<K, V>((keys) => batch(keys, context));
      loaders.set(batch, made);
      return made;
    },
  };
  return context;
}

/** The time of a request, which is watched from when the first promise is waited for. */
class RequestTime {
  readonly #limits: RequestContext['limits'];
  #controller: AbortController | undefined;
  #over: Promise<never> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #cancel = (): void =>
    this.#controller?.abort(new DatabaseError('CANCELLED', 'Nobody waits for the answer any more'));

  constructor({ limits }: Pick<RequestContext, 'limits'>) {
    this.#limits = limits;
  }

  get signal(): AbortSignal {
    return this.#watched().signal;
  }

  /** Rejects when it is over. */
  get over(): Promise<never> {
    if (this.#over !== undefined) return this.#over;
    const { signal } = this.#watched();
    this.#over = new Promise((_resolve, reject) => {
      const end = (): void => reject(signal.reason as DatabaseError);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
    // Whoever waits is told; that nobody does is no fault.
    this.#over.catch(() => undefined);
    return this.#over;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#limits.signal?.removeEventListener('abort', this.#cancel);
  }

  #watched(): AbortController {
    if (this.#controller !== undefined) return this.#controller;
    const controller = new AbortController();
    this.#controller = controller;
    const { signal, deadlineMs } = this.#limits;
    if (signal?.aborted === true) this.#cancel();
    signal?.addEventListener('abort', this.#cancel, { once: true });
    if (deadlineMs === undefined) return controller;
    const end = (): void =>
      controller.abort(
        new DatabaseError('DEADLINE_EXCEEDED', 'It took longer than the request may take'),
      );
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) end();
    else this.#timer = setTimeout(end, Math.min(leftMs, MAX_TIMER_MS)).unref();
    return controller;
  }
}
