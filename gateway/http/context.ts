/** One request: the snapshot that all of it reads, and what it may write to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType, Model } from '../../schema/model/model.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import type { CancelSignal, QueryLimits, Reader, Snapshot } from '../../services/reader/reader.ts';
import type { Principal } from '../access/principal.ts';
import { DEVELOPER } from '../access/principal.ts';
import { claimAt } from '../access/view.ts';
import type { ExtensionRoute } from '../extend/extension.ts';
import type { ComputedFields } from '../select/computed-fields.ts';
import type { AsOf } from '../read/as-of.ts';
import { asOfFromText, timePointOf } from '../read/as-of.ts';
import type { ListPlans } from '../read/list-plan.ts';
import { NO_FOREIGN } from '../read/scope.ts';
import type { ForeignScopes, ReadScope, RequestCode } from '../read/scope.ts';
import { Warnings } from '../read/warnings.ts';
import { ForeignDatabases } from './foreign-databases.ts';
import type { HoldReader } from './foreign-databases.ts';
import type { Charge } from './caller.ts';
import { FREE } from './caller.ts';
import { RequestSignal } from '../../services/shared/request-signal.ts';

/** What every operation needs of its request, whatever it is answered from. */
export interface OperationContext {
  readonly requestId: string;
  /** The point in time that everything is read at, unless a field names another one. */
  readonly asOf: AsOf | undefined;
  readonly foreign: ForeignDatabases;
  /** What is to be said beside the answer. */
  readonly warnings: Warnings;
  /** What is shown of other databases, by their names. */
  readonly foreignModels: ReadonlyMap<string, ServedModel>;
  /** Code of users, from when something is read. */
  readonly code: RequestCode | undefined;
  readonly principal: Principal;
  /** Takes what the request costs from what its caller may ask for. */
  readonly charge: Charge;
  /** What all queries of the request together may use of time, and each of memory. */
  readonly limits: QueryLimits;
  /** The last transaction that the answer speaks of; undefined where it is of no one database. */
  readonly basisTx: number | undefined;
}

export interface RequestContext extends OperationContext {
  /** The name of who asks. */
  readonly caller: string;
  readonly database: string;
  readonly model: Model;
  readonly lists: ListPlans;
  /** The caller's claims that rules speak of, in the order of their slots. */
  readonly claims: ReadonlyArray<unknown>;
  readonly encodeId: (entity: number) => string;
  /** Tells apart what is seen under different roles, schemas and databases. */
  readonly fingerprint: () => string;
  /** Whether everybody sees the same. */
  readonly isPublic: boolean;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly snapshot: Snapshot;
  /** Undefined where there is no code of users. */
  readonly beginCode: ((context: RequestContext) => RequestCode) | undefined;
  /** Fields that code of users makes. */
  readonly computed: ComputedFields;
  /** The addresses that extensions answer. */
  readonly routes: ReadonlyArray<ExtensionRoute>;
  code: RequestCode | undefined;
  /** That of the snapshot until the request writes. */
  basisTx: number;
}

/** Whether all of an answer is of the one database: then its transaction tells whether the answer is still the same. */
export function isOfOneDatabase(context: OperationContext): context is RequestContext {
  return context.basisTx !== undefined && context.foreignModels.size === 0;
}

/** A request with what the front found out of it. */
export interface GatewayRequest extends IncomingMessage {
  /** Its name in answers and in the log. */
  id?: string;
  /** As Express has it. */
  body?: unknown;
  principal?: Principal;
  charge?: Charge;
  /** Why it cannot be answered. */
  fault?: unknown;
}

/** What a request is answered with: a database, and the schema that it was served with when the request came. */
export interface Served {
  readonly name: string;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly holdOther: HoldReader;
}

export interface ServedModel extends Pick<
  RequestContext,
  'model' | 'lists' | 'encodeId' | 'fingerprint' | 'isPublic' | 'computed' | 'routes'
> {
  /** The claims that rules speak of, in the order of their slots. */
  readonly claimPaths: ReadonlyArray<string>;
  /** What is shown of other databases, by their names. */
  readonly foreign: ReadonlyMap<string, ServedModel>;
  /** Left out where there is no code of users. */
  readonly beginCode?: RequestContext['beginCode'];
}

/** Who asks, and what the answer may take. */
export interface Caller extends Pick<RequestContext, 'requestId' | 'asOf' | 'charge'> {
  readonly principal: Principal;
  readonly limits: QueryLimits;
}

/** At once where no transaction is waited for. @throws BAD_USER_INPUT, BASIS_NOT_AVAILABLE */
export function createContext(
  served: Served,
  model: ServedModel,
  queryLimits: QueryLimits,
  request: GatewayRequest,
  response: ServerResponse,
): RequestContext | Promise<RequestContext> {
  const { headers, principal = DEVELOPER, charge = FREE } = request;
  const limits = limitsFromNow(queryLimits, new RequestSignal(response));
  const minTx = parseMinTx(headers[MIN_T_HEADER]);
  const asOf = parseAsOf(headers[AS_OF_HEADER]);
  const caller = { requestId: requestIdOf(request), principal, charge, asOf, limits };
  const on = (snapshot: Snapshot): RequestContext => {
    const context = contextOn(snapshot, served, model, caller);
    if (model.foreign.size > 0) response.once('close', () => context.foreign.release());
    return context;
  };
  const snapshot = served.reader.snapshot({ minTx, limits });
  return snapshot instanceof Promise ? snapshot.then(on) : on(snapshot);
}

/** A request to several databases: of each that is read there is one snapshot. @throws BAD_USER_INPUT */
export function createSetContext(
  hold: HoldReader,
  models: OperationContext['foreignModels'],
  queryLimits: QueryLimits,
  request: GatewayRequest,
  response: ServerResponse,
): OperationContext {
  const { headers, principal = DEVELOPER, charge = FREE } = request;
  if (parseMinTx(headers[MIN_T_HEADER]) !== undefined)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'The header Datahike-Min-T names a transaction of one database: expected none for a set of them',
    );
  const limits = limitsFromNow(queryLimits, new RequestSignal(response));
  const foreign = new ForeignDatabases(hold, (reader) => reader.snapshot({ limits }));
  response.once('close', () => foreign.release());
  return {
    requestId: requestIdOf(request),
    asOf: parseAsOf(headers[AS_OF_HEADER]),
    foreign,
    warnings: new Warnings(),
    foreignModels: models,
    code: undefined,
    principal,
    charge,
    limits,
    basisTx: undefined,
  };
}

/** What is answered from a snapshot. */
export function contextOn(
  snapshot: Snapshot,
  { name, reader, writer, holdOther }: Served,
  schema: ServedModel,
  { requestId, principal, charge, asOf, limits }: Caller,
): RequestContext {
  const { model, lists, encodeId, fingerprint, isPublic, foreign, beginCode } = schema;
  const { computed, routes } = schema;
  return {
    requestId,
    caller: principal.name,
    database: name,
    model,
    lists,
    encodeId,
    fingerprint,
    isPublic,
    claims: claimsOf(schema, principal),
    reader,
    writer,
    snapshot,
    asOf,
    foreign: new ForeignDatabases(holdOther, (other) => other.snapshot({ limits })),
    warnings: new Warnings(),
    foreignModels: foreign,
    beginCode,
    computed,
    routes,
    code: undefined,
    principal,
    charge,
    limits,
    basisTx: snapshot.basisTx,
  };
}

/** The caller's claims that the rules of a database speak of, in the order of their slots. */
export function claimsOf(
  { claimPaths }: ServedModel,
  { claims }: Principal,
): ReadonlyArray<unknown> {
  return claimPaths.map((path) => claimAt(claims, path));
}

/** The header by which a caller reads what was. */
export const AS_OF_HEADER = 'datahike-as-of';

/** The header by which a caller reads what it has written. */
export const MIN_T_HEADER = 'datahike-min-t';

/** The header that names a request, taken from the caller or made here. */
export const REQUEST_ID_HEADER = 'x-request-id';

export function requestIdOf({ id = '' }: GatewayRequest): string {
  return id;
}

/** @throws BAD_USER_INPUT */
export function parseMinTx(
  header: string | ReadonlyArray<string> | undefined,
  name = 'Datahike-Min-T',
): number | undefined {
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `The header ${name} must be a transaction number, got '${String(header).slice(0, 40)}'`,
  );
}

/** @throws BAD_USER_INPUT */
export function parseAsOf(header: string | ReadonlyArray<string> | undefined): AsOf | undefined {
  return typeof header === 'string' && header !== ''
    ? asOfFromText(header, 'The header Datahike-As-Of')
    : undefined;
}

/** What is written is written now. @throws BAD_USER_INPUT */
export function requirePresent({ asOf }: Pick<OperationContext, 'asOf'>): void {
  if (asOf !== undefined)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'The header Datahike-As-Of is for reading: what was cannot be written to; send the request without it',
    );
}

/** The limits of one answer that is begun now: its time, and that somebody waits for it. */
export function limitsFromNow(
  limits: QueryLimits,
  signal: CancelSignal | undefined = limits.signal,
): QueryLimits {
  const { timeoutMs, maxRows, maxBytes, maxRounds } = limits;
  const deadlineMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  return { timeoutMs, maxRows, maxBytes, maxRounds, deadlineMs, signal };
}

/** The same request with all of its time before it again: for an answer in parts, of which each has as long as a whole one. */
export function withTimeAnew<C extends OperationContext>(context: C): C {
  return { ...context, limits: limitsFromNow(context.limits) };
}

/**
 * The scope in which a root field reads: the request's snapshot, or what it was at a point in time. What was of types whose past the caller may not
 * see is as if it had not been.
 *
 * @throws FORBIDDEN where that is so for the type that the caller asks for
 */
export function readScope(
  context: RequestContext,
  given: AsOf | null | undefined,
  type?: EntityType,
): ReadScope {
  const asOf = given ?? context.asOf;
  if (asOf === undefined) return scopeAt(context, context.snapshot);
  const point = timePointOf(asOf);
  // A transaction yet to come is the present: its pages are fixed by their cursors, as those of the present are.
  const isPast = !(typeof point === 'number' && point >= context.basisTx);
  if (isPast && type?.access?.history === false)
    throw new DatabaseError('FORBIDDEN', `The caller may not see what was of ${type.name}`);
  const snapshot = isPast ? context.snapshot.asOf(point) : context.snapshot;
  return scopeAt(context, snapshot, {
    asOf,
    isPast,
    instant: point instanceof Date ? point : undefined,
  });
}

/**
 * Whether what is read at a point in time stays as it is: only before a transaction that is there. Which transaction an instant means may change, where one
 * is written with a time of its own.
 */
export function isSettled(
  { asOf, basisTx }: Pick<OperationContext, 'asOf' | 'basisTx'>,
  given: AsOf | null | undefined,
): boolean {
  const { t, tx = t } = given ?? asOf ?? {};
  return typeof tx === 'number' && basisTx !== undefined && tx < basisTx;
}

/** The scope for what a transaction has just made. */
export async function writtenScope(context: RequestContext, tx: number): Promise<ReadScope> {
  // However late it is: what was written is told, so that nobody writes it again.
  const limits = { ...context.limits, timeoutMs: undefined, deadlineMs: undefined };
  return scopeAt(context, await snapshotAt({ ...context, limits }, tx));
}

/** What a scope is of besides its snapshot. */
interface ScopeTime extends Pick<ReadScope, 'asOf' | 'isPast'> {
  /** Of other databases; undefined for the present. */
  readonly instant: Date | undefined;
}

const PRESENT: ScopeTime = { asOf: undefined, isPast: false, instant: undefined };

/** The scope for one state of the database. */
export function scopeAt(
  context: RequestContext,
  snapshot: Snapshot,
  { asOf, isPast, instant } = PRESENT,
): ReadScope {
  const { model, database, lists, claims, encodeId } = context;
  context.code ??= context.beginCode?.(context);
  return {
    model,
    database,
    lists: isPast ? lists.ofPast : lists,
    claims,
    encodeId,
    snapshot,
    snapshotAt: (tx) => snapshotAt(context, tx),
    log: context.reader,
    limits: context.limits,
    foreign: foreignScopes(context, instant),
    warnings: context.warnings,
    code: context.code,
    asOf,
    isPast,
  };
}

/** Other databases as a request reads them: of an instant all are read as they were, of a transaction only its own. */
export function foreignScopes(
  { foreign, foreignModels, principal, limits, warnings }: OperationContext,
  instant: Date | undefined,
): ForeignScopes {
  return {
    fail: (failure) => foreign.fail(failure),
    open: async (database) => {
      const served = foreignModels.get(database);
      if (served === undefined) throw new Error(`Expected ${database} to be shown`);
      const { reader, snapshot: opened } = await foreign.open(database);
      const snapshot = opened.within(limits);
      const { model, lists, encodeId } = served;
      return {
        model,
        database,
        lists: instant === undefined ? lists : lists.ofPast,
        claims: claimsOf(served, principal),
        encodeId,
        snapshot: instant === undefined ? snapshot : snapshot.asOf(instant),
        snapshotAt: (tx) => snapshotAt({ snapshot, reader, limits }, tx),
        log: reader,
        limits,
        foreign: NO_FOREIGN,
        warnings,
        code: undefined,
        asOf: instant === undefined ? undefined : { instant },
        isPast: instant !== undefined,
      };
    },
  };
}

async function snapshotAt(
  context: Pick<RequestContext, 'snapshot' | 'reader' | 'limits'>,
  tx: number,
): Promise<Snapshot> {
  const { snapshot, reader, limits } = context;
  const current = snapshot.basisTx >= tx ? snapshot : await reader.snapshot({ minTx: tx, limits });
  return current.basisTx === tx ? current : current.asOf(tx);
}
