/** The REST routes on Express: each hands a request to what reads or writes, and sends what comes back. */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { RequestContext } from '../http/context.ts';
import { cacheControl, hasTag, setCacheHeaders, validatorOf } from '../http/caching.ts';
import { isSettled, requirePresent } from '../http/context.ts';
import { DatabaseError } from '../../schema/error.ts';
import { checkNesting } from '../http/nesting.ts';
import { parseAsOf } from './from-rest.ts';
import { parsePreferences } from './preferences.ts';
import { entityById, entityByUnique, historyOfEntity, listEntities } from './resources.ts';
import { openApiDocument } from './openapi-document.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';
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
) => Promise<RestAnswer>;

export interface RestOptions {
  /** Finds the database of the path and pins its snapshot. */
  readonly createContext: (request: Request, response: Response) => Promise<RequestContext>;
  /** Whether callers need a token. */
  readonly isGuarded: boolean;
  /** Whether PATCH, PUT and DELETE of one entity have to say of which version. */
  readonly requireIfMatch: boolean;
}

/** What each address can be asked, in the order in which they are tried. */
const ROUTES: ReadonlyArray<readonly [path: string, methods: Readonly<Record<string, Answer>>]> = [
  [
    '/:database/openapi.json',
    {
      GET: whileUnchanged(async (context, _request, _parameters, { isGuarded }) =>
        openApiDocument(context, isGuarded),
      ),
    },
  ],
  ['/:database/transact', { POST: transact }],
  [
    '/:database/:type',
    {
      GET: whileUnchanged(listEntities),
      POST: postEntity,
      PATCH: patchEntities,
      DELETE: removeEntities,
    },
  ],
  [
    '/:database/:type/:id',
    {
      GET: (context, request, { id = '' }) => entityById(context, request, id),
      PATCH: (context, request, { id = '' }) => patchEntity(context, request, id),
      DELETE: (context, request, { id = '' }) => removeEntity(context, request, id),
    },
  ],
  [
    '/:database/:type/:id/history',
    {
      GET: whileUnchanged((context, request, { id = '' }) => historyOfEntity(context, request, id)),
    },
  ],
  [
    '/:database/:type/by/:attribute/:value',
    {
      GET: (context, request, { attribute = '', value = '' }) =>
        entityByUnique(context, request, attribute, value),
      PUT: (context, request, { attribute = '', value = '' }) =>
        putEntity(context, request, attribute, value),
    },
  ],
];

export function createRestRouter(options: RestOptions): Router {
  const router = Router();
  for (const [path, methods] of ROUTES) router.all(path, answerWith(methods, options));
  return router;
}

function answerWith(
  methods: Readonly<Record<string, Answer>>,
  options: RestOptions,
): RequestHandler {
  const { createContext, requireIfMatch } = options;
  const allowed = Object.keys(methods).flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  const allow = [...allowed, 'OPTIONS'].join(', ');
  return async (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (methods['PATCH'] !== undefined) response.set('Accept-Patch', PATCH_TYPES.join(', '));
    const answer = methods[isRead ? 'GET' : request.method];
    if (answer === undefined) {
      response.set('Allow', allow);
      if (request.method === 'OPTIONS') return void response.status(204).end();
      throw new DatabaseError(
        'METHOD_NOT_ALLOWED',
        `${request.method} is not for this address; it takes ${allow}`,
      );
    }
    checkNesting(undefined, request.body);
    const context = await createContext(request, response);
    if (!isRead) requirePresent(context);
    const parameters = request.params as Parameters;
    const asked = toRestRequest(request, parameters, requireIfMatch, () =>
      validatorOf(context, { url: request.originalUrl, headers: request.headers }),
    );
    const answered = await answer(context, asked, parameters, options);
    const { ETag: tag } = answered.headers;
    if (isRead && tag !== undefined) {
      const isOver = isSettled(context, parseAsOf(asked.url.searchParams));
      setCacheHeaders(response, tag, cacheControl(context, isOver));
    }
    send(response, context, answered);
  };
}

/** An answer that its caller has is not made again while nothing was written. */
function whileUnchanged(answer: Answer): Answer {
  return async (context, request, parameters, options) => {
    const headers = { ETag: request.validator() };
    if (hasTag(request.ifNoneMatch, headers.ETag)) return { status: 304, headers, body: undefined };
    const answered = await answer(context, request, parameters, options);
    return { ...answered, headers: { ...answered.headers, ...headers } };
  };
}

function toRestRequest(
  request: Request,
  parameters: Parameters,
  needsIfMatch: boolean,
  validator: () => string,
): RestRequest {
  return {
    type: parameters['type'] ?? '',
    url: new URL(request.originalUrl, 'http://localhost'),
    body: request.body,
    bodyType: request.get('content-type')?.split(';')[0]?.trim().toLowerCase(),
    preferences: parsePreferences(request.get('prefer')),
    ifMatch: request.get('if-match'),
    ifNoneMatch: request.get('if-none-match'),
    validator,
    idempotencyKey: request.get('idempotency-key'),
    needsIfMatch,
  };
}

function send(response: Response, context: RequestContext, answer: RestAnswer): void {
  response.status(answer.status).set('Datahike-Basis-T', String(context.basisTx));
  response.set(answer.headers);
  if (answer.body === undefined) response.end();
  else response.type('json').send(answer.body);
}
