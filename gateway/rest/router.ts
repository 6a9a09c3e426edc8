/** The REST routes on Express: each hands a request to `resolve/rest.ts` and sends what comes back. */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { RequestContext } from '../http/context.ts';
import { requirePresent } from '../http/context.ts';
import {
  entityById,
  entityByUnique,
  historyOfEntity,
  listEntities,
  patchEntity,
  postEntity,
  removeEntity,
} from './resources.ts';
import { openApiDocument } from './openapi-document.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';

/** `createContext` finds the database of the path and pins its snapshot. */
export function createRestRouter(
  createContext: (request: Request, response: Response) => Promise<RequestContext>,
  { isGuarded }: { readonly isGuarded: boolean },
): Router {
  const route =
    (
      answer: (
        context: RequestContext,
        request: RestRequest,
        parameters: Readonly<Record<string, string>>,
      ) => Promise<RestAnswer>,
    ): RequestHandler =>
    async (request, response) => {
      const context = await createContext(request, response);
      if (request.method !== 'GET' && request.method !== 'HEAD') requirePresent(context);
      const parameters = request.params as Readonly<Record<string, string>>;
      const answered = await answer(context, toRestRequest(request, parameters), parameters);
      send(response, context, answered);
    };
  const router = Router();
  router.get(
    '/:database/openapi.json',
    route(async (context) => openApiDocument(context, isGuarded)),
  );
  router.route('/:database/:type').get(route(listEntities)).post(route(postEntity));
  router
    .route('/:database/:type/:id')
    .get(route((context, request, { id = '' }) => entityById(context, request, id)))
    .patch(route((context, request, { id = '' }) => patchEntity(context, request, id)))
    .delete(route((context, request, { id = '' }) => removeEntity(context, request, id)));
  router.get(
    '/:database/:type/:id/history',
    route((context, request, { id = '' }) => historyOfEntity(context, request, id)),
  );
  router.get(
    '/:database/:type/by/:attribute/:value',
    route((context, request, { attribute = '', value = '' }) =>
      entityByUnique(context, request, attribute, value),
    ),
  );
  return router;
}

function toRestRequest(
  request: Request,
  parameters: Readonly<Record<string, string>>,
): RestRequest {
  return {
    type: parameters['type'] ?? '',
    url: new URL(request.originalUrl, 'http://localhost'),
    body: request.body,
    wantsCount: /(^|,)\s*count=exact\s*(,|$)/.test(request.get('prefer') ?? ''),
  };
}

function send(response: Response, context: RequestContext, answer: RestAnswer): void {
  response.status(answer.status).set('Datahike-Basis-T', String(context.basisTx));
  response.set(answer.headers);
  if (answer.body === undefined) response.end();
  else response.type('json').send(answer.body);
}
