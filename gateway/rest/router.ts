/** The REST routes on Express: each hands a request to what reads or writes, and sends what comes back. */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { OperationContext, RequestContext } from '../http/context.ts';
import { cacheControl, hasTag, setCacheHeaders, validatorOf } from '../http/caching.ts';
import { isSettled, requirePresent } from '../http/context.ts';
import { DatabaseError } from '../../schema/error.ts';
import { preferredType } from '../http/accept.ts';
import { nullMarks } from '../read/marks.ts';
import { checkValueNesting } from '../http/nesting.ts';
import { warningsHeader } from '../read/warnings.ts';
import { setValidator } from '../sets/set-validator.ts';
import { chosen } from '../sets/set-view.ts';
import { parseAsOf, parseDatabases } from './from-rest.ts';
import { parsePreferences } from './preferences.ts';
import {
  entityById,
  entityByUnique,
  historyOfEntity,
  listEntities,
  queryEntities,
} from './resources.ts';
import { openApiDocument } from './openapi-document.ts';
import type { AnswerType, RestAnswer, RestRequest, Validator } from './rest-request.ts';
import { JSON_TYPE, LINES_TYPE } from './rest-request.ts';
import type { SetContext } from './set-resources.ts';
import { documentOfSet, listRows, queryRows } from './set-resources.ts';
import type { LinesOptions } from './send-lines.ts';
import { sendLines } from './send-lines.ts';
import { transact } from './transact.ts';
import {
  PATCH_TYPES,
  patchEntities,
  patchEntity,
  postEntity,
  putEntity,
  removeEntities,
  removeEntity,
} from './writes.ts';

type Parameters = Readonly<Record<string, string>>;

type Answer<C> = (
  context: C,
  request: RestRequest,
  parameters: Parameters,
  options: RestOptions,
) => RestAnswer | Promise<RestAnswer>;

/** What an address answers to one method. */
interface Action<C> {
  readonly answer: Answer<C>;
  /** Whether it changes nothing, whatever the method. */
  readonly isRead: boolean;
  readonly types: ReadonlyArray<AnswerType>;
}

const read = <C>(answer: Answer<C>): Action<C> => ({ answer, isRead: true, types: [JSON_TYPE] });
const list = <C>(answer: Answer<C>): Action<C> => ({
  ...read(answer),
  types: [JSON_TYPE, LINES_TYPE],
});
const write = <C>(answer: Answer<C>): Action<C> => ({ ...read(answer), isRead: false });

export interface RestOptions extends LinesOptions {
  /** Finds the database of the path and pins its snapshot. */
  readonly createContext: (request: Request, response: Response) => Promise<RequestContext>;
  /** The names of sets of databases. */
  readonly sets: Pick<ReadonlySet<string>, 'has'>;
  readonly createSetContext: (request: Request, response: Response) => Promise<SetContext>;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
  /** Whether PATCH, PUT and DELETE of one entity have to say of which version. */
  readonly requireIfMatch: boolean;
  /** How many entities may be read for one answer. */
  readonly maxCost: number;
}

/** What is asked: a database, or a set of them. */
interface Ground<C extends OperationContext> {
  readonly createContext: (
    options: RestOptions,
    request: Request,
    response: Response,
  ) => Promise<C>;
  /** Whether code of users may make a part of the answer. */
  readonly runsCode: (context: C, url: URL) => boolean;
  /** As {@link RestRequest.validator}, where no code is run. */
  readonly validator: (context: C, request: Request, url: URL) => ReturnType<Validator>;
  readonly cacheControl: (context: C, url: URL) => string;
}

const ONE_DATABASE: Ground<RequestContext> = {
  createContext: ({ createContext }, request, response) => createContext(request, response),
  runsCode: ({ computed }, { searchParams }) => namesAny(searchParams, computed.names),
  // What is shown of other databases changes with them.
  validator: (context, { originalUrl, headers }) =>
    context.foreignModels.size > 0
      ? undefined
      : validatorOf(context, { url: originalUrl, headers }),
  cacheControl: (context, { searchParams }) =>
    cacheControl(context, isSettled(context, parseAsOf(searchParams))),
};

const SET: Ground<SetContext> = {
  createContext: ({ createSetContext }, request, response) => createSetContext(request, response),
  runsCode: () => false,
  validator: (context, { originalUrl, headers }, { searchParams }) =>
    setValidator(context, context.set, { url: originalUrl, headers }, () =>
      chosen(context.set, { in: parseDatabases(searchParams) ?? null }),
    ),
  cacheControl: () => cacheControl({ isPublic: false }, false),
};

type Methods<C> = Readonly<Record<string, Action<C>>>;
type Routes<C> = ReadonlyArray<readonly [path: string, methods: Methods<C>]>;

/** What each address can be asked, in the order in which they are tried. */
const ROUTES: Routes<RequestContext> = [
  [
    '/:database/openapi.json',
    {
      GET: read(
        whileUnchanged((context, _request, _parameters, { isGuarded }) =>
          openApiDocument(context, isGuarded),
        ),
      ),
    },
  ],
  ['/:database/transact', { POST: write(transact) }],
  [
    '/:database/:type',
    {
      GET: list(whileUnchanged(listEntities)),
      POST: write(postEntity),
      PATCH: write(patchEntities),
      DELETE: write(removeEntities),
    },
  ],
  ['/:database/:type/query', { POST: list(queryEntities) }],
  [
    '/:database/:type/:id',
    {
      GET: read((context, request, { id = '' }) => entityById(context, request, id)),
      PATCH: write((context, request, { id = '' }) => patchEntity(context, request, id)),
      DELETE: write((context, request, { id = '' }) => removeEntity(context, request, id)),
    },
  ],
  [
    '/:database/:type/:id/history',
    {
      GET: read(
        whileUnchanged((context, request, { id = '' }) => historyOfEntity(context, request, id)),
      ),
    },
  ],
  [
    '/:database/:type/by/:attribute/:value',
    {
      GET: read((context, request, { attribute = '', value = '' }) =>
        entityByUnique(context, request, attribute, value),
      ),
      PUT: write((context, request, { attribute = '', value = '' }) =>
        putEntity(context, request, attribute, value),
      ),
    },
  ],
];

/** Of a set lists are read; all else is of its databases. */
const SET_ROUTES: Routes<SetContext> = [
  [
    '/:database/openapi.json',
    {
      GET: read(
        whileUnchanged((context, _request, _parameters, { isGuarded }) =>
          documentOfSet(context, isGuarded),
        ),
      ),
    },
  ],
  ['/:database/:type', { GET: list(whileUnchanged(listRows)) }],
  ['/:database/:type/query', { POST: list(queryRows) }],
];

export function createRestRouter(options: RestOptions): Router {
  const router = Router();
  for (const [path, methods] of ROUTES)
    router.all(path, answerWith(methods, ONE_DATABASE, options));
  return router;
}

/** What is asked of sets; everything else is left to others. */
export function createSetRouter(options: RestOptions): Router {
  const router = Router();
  router.use('/:database', ({ params }, _response, next) => {
    next(options.sets.has(params['database'] ?? '') ? undefined : 'router');
  });
  for (const [path, methods] of SET_ROUTES) router.all(path, answerWith(methods, SET, options));
  router.all('/:database/*path', (request) => {
    const name = String(request.params['database']);
    throw new DatabaseError(
      'NOT_FOUND',
      `'${name}' is a set of databases, of which lists are read: ask one of them for anything else, at /v1/<database>`,
    );
  });
  return router;
}

function answerWith<C extends OperationContext>(
  methods: Methods<C>,
  ground: Ground<C>,
  options: RestOptions,
): RequestHandler {
  const allowed = Object.keys(methods).flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  const allow = [...allowed, 'OPTIONS'].join(', ');
  return async (request, response) => {
    if (methods['PATCH'] !== undefined) response.set('Accept-Patch', PATCH_TYPES.join(', '));
    const action = methods[request.method === 'HEAD' ? 'GET' : request.method];
    if (action === undefined) {
      response.set('Allow', allow);
      if (request.method === 'OPTIONS') return void response.status(204).end();
      throw new DatabaseError(
        'METHOD_NOT_ALLOWED',
        `${request.method} is not for this address; it takes ${allow}`,
      );
    }
    const answerType = acceptedType(request, action);
    checkValueNesting(request.body);
    const context = await ground.createContext(options, request, response);
    if (!action.isRead) requirePresent(context);
    const parameters = request.params as Parameters;
    const asked = toRestRequest(request, parameters, answerType, context, ground, options);
    const answered = await action.answer(context, asked, parameters, options);
    const { ETag: tag } = answered.headers;
    if (isGet(request) && tag !== undefined)
      setCacheHeaders(response, tag, ground.cacheControl(context, asked.url));
    await send(request, response, context, answered, options);
  };
}

function isGet({ method }: Pick<Request, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** @throws NOT_ACCEPTABLE, before anything is done */
function acceptedType(request: Request, { types }: Pick<Action<never>, 'types'>): AnswerType {
  const type = preferredType(request.get('accept'), types);
  if (type !== undefined) return type;
  throw new DatabaseError('NOT_ACCEPTABLE', `This address answers in ${types.join(' or ')}`);
}

/** An answer that its caller has is not made again while nothing was written. Lines are not kept: nobody knows how they end before they are sent. */
function whileUnchanged<C>(answer: Answer<C>): Answer<C> {
  return async (context, request, parameters, options) => {
    const tag = request.answerType === LINES_TYPE ? undefined : await request.validator();
    if (tag === undefined) return answer(context, request, parameters, options);
    const headers = { ETag: tag };
    if (hasTag(request.ifNoneMatch, tag)) return { status: 304, headers, body: undefined };
    const answered = await answer(context, request, parameters, options);
    return { ...answered, headers: { ...answered.headers, ...headers } };
  };
}

function toRestRequest<C extends OperationContext>(
  request: Request,
  parameters: Parameters,
  answerType: AnswerType,
  context: C,
  ground: Ground<C>,
  { requireIfMatch, maxCost }: RestOptions,
): RestRequest {
  const { method, originalUrl } = request;
  const url = new URL(originalUrl, 'http://localhost');
  const runsCode = ground.runsCode(context, url);
  return {
    method,
    type: parameters['type'] ?? '',
    url,
    body: request.body,
    answerType,
    bodyType: request.get('content-type')?.split(';')[0]?.trim().toLowerCase(),
    preferences: parsePreferences(request.get('prefer')),
    ifMatch: request.get('if-match'),
    ifNoneMatch: request.get('if-none-match'),
    validator: () => (runsCode ? undefined : ground.validator(context, request, url)),
    runsCode,
    idempotencyKey: request.get('idempotency-key'),
    needsIfMatch: requireIfMatch,
    maxCost,
  };
}

/** Whether paths of fields have one of some names in them. */
function namesAny(parameters: URLSearchParams, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  const paths = ['fields', 'include'].flatMap((name) => parameters.getAll(name));
  return paths.some((each) => each.split(/[.,]/).some((step) => names.has(step.trim())));
}

async function send(
  request: Request,
  response: Response,
  context: OperationContext,
  { status, headers, body: written }: RestAnswer,
  options: RestOptions,
): Promise<void> {
  const body = typeof written === 'string' ? plainJson(written, context) : written;
  response.status(status);
  if (context.basisTx !== undefined) response.set('Datahike-Basis-T', String(context.basisTx));
  response.set(headers);
  const warnings = context.warnings.all;
  if (warnings !== undefined) response.set('Datahike-Warnings', warningsHeader(warnings));
  if (body === undefined) response.end();
  else if (typeof body === 'string') response.type('json').send(body);
  else await sendLines(request, response, context, body, options);
}

/** The body with null for the numbers that JSON does not have, which is said beside it. */
function plainJson(body: string, { warnings }: OperationContext): string {
  const { text, count } = nullMarks(body);
  if (count > 0) warnings.notFinite(count);
  return text;
}
