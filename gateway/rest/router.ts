/** The REST routes on Express: each hands a request to what reads or writes, and sends what comes back. */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { RequestContext } from '../http/context.ts';
import { cacheControl, hasTag, setCacheHeaders, validatorOf } from '../http/caching.ts';
import { isSettled, requirePresent } from '../http/context.ts';
import { DatabaseError } from '../../schema/error.ts';
import { preferredType } from '../http/accept.ts';
import { checkValueNesting } from '../http/nesting.ts';
import { warningsHeader } from '../read/warnings.ts';
import { parseAsOf } from './from-rest.ts';
import { parsePreferences } from './preferences.ts';
import {
  entityById,
  entityByUnique,
  historyOfEntity,
  listEntities,
  queryEntities,
} from './resources.ts';
import { openApiDocument } from './openapi-document.ts';
import type { AnswerType, RestAnswer, RestRequest } from './rest-request.ts';
import { JSON_TYPE, LINES_TYPE } from './rest-request.ts';
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

type Answer = (
  context: RequestContext,
  request: RestRequest,
  parameters: Parameters,
  options: RestOptions,
) => RestAnswer | Promise<RestAnswer>;

/** What an address answers to one method. */
interface Action {
  readonly answer: Answer;
  /** Whether it changes nothing, whatever the method. */
  readonly isRead: boolean;
  readonly types: ReadonlyArray<AnswerType>;
}

const read = (answer: Answer): Action => ({ answer, isRead: true, types: [JSON_TYPE] });
const list = (answer: Answer): Action => ({ ...read(answer), types: [JSON_TYPE, LINES_TYPE] });
const write = (answer: Answer): Action => ({ ...read(answer), isRead: false });

export interface RestOptions extends LinesOptions {
  /** Finds the database of the path and pins its snapshot. */
  readonly createContext: (request: Request, response: Response) => Promise<RequestContext>;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
  /** Whether PATCH, PUT and DELETE of one entity have to say of which version. */
  readonly requireIfMatch: boolean;
  /** How many entities may be read for one answer. */
  readonly maxCost: number;
}

type Methods = Readonly<Record<string, Action>>;

/** What each address can be asked, in the order in which they are tried. */
const ROUTES: ReadonlyArray<readonly [path: string, methods: Methods]> = [
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

export function createRestRouter(options: RestOptions): Router {
  const router = Router();
  for (const [path, methods] of ROUTES) router.all(path, answerWith(methods, options));
  return router;
}

function answerWith(methods: Methods, options: RestOptions): RequestHandler {
  const { createContext } = options;
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
    const context = await createContext(request, response);
    if (!action.isRead) requirePresent(context);
    const parameters = request.params as Parameters;
    const asked = toRestRequest(request, parameters, answerType, context, options);
    const answered = await action.answer(context, asked, parameters, options);
    const { ETag: tag } = answered.headers;
    if (isGet(request) && tag !== undefined) {
      const isOver = isSettled(context, parseAsOf(asked.url.searchParams));
      setCacheHeaders(response, tag, cacheControl(context, isOver));
    }
    await send(request, response, context, answered, options);
  };
}

function isGet({ method }: Pick<Request, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** @throws NOT_ACCEPTABLE, before anything is done */
function acceptedType(request: Request, { types }: Action): AnswerType {
  const type = preferredType(request.get('accept'), types);
  if (type !== undefined) return type;
  throw new DatabaseError('NOT_ACCEPTABLE', `This address answers in ${types.join(' or ')}`);
}

/** An answer that its caller has is not made again while nothing was written. Lines are not kept: nobody knows how they end before they are sent. */
function whileUnchanged(answer: Answer): Answer {
  return async (context, request, parameters, options) => {
    const tag = request.answerType === LINES_TYPE ? undefined : request.validator();
    if (tag === undefined) return answer(context, request, parameters, options);
    const headers = { ETag: tag };
    if (hasTag(request.ifNoneMatch, tag)) return { status: 304, headers, body: undefined };
    const answered = await answer(context, request, parameters, options);
    return { ...answered, headers: { ...answered.headers, ...headers } };
  };
}

function toRestRequest(
  request: Request,
  parameters: Parameters,
  answerType: AnswerType,
  context: RequestContext,
  { requireIfMatch, maxCost }: RestOptions,
): RestRequest {
  const { method, originalUrl, headers } = request;
  const url = new URL(originalUrl, 'http://localhost');
  const runsCode = namesAny(url.searchParams, context.computed.names);
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
    // What is shown of other databases changes with them.
    validator: () =>
      context.foreignModels.size > 0 || runsCode
        ? undefined
        : validatorOf(context, { url: originalUrl, headers }),
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
  context: RequestContext,
  { status, headers, body }: RestAnswer,
  options: RestOptions,
): Promise<void> {
  response.status(status).set('Datahike-Basis-T', String(context.basisTx));
  response.set(headers);
  const warnings = context.warnings.all;
  if (warnings !== undefined) response.set('Datahike-Warnings', warningsHeader(warnings));
  if (body === undefined) response.end();
  else if (typeof body === 'string') response.type('json').send(body);
  else await sendLines(request, response, context, body, options);
}
