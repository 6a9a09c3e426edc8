/** The document of a database's REST interface, as the caller may use it; written once for each view. */
import type { Model } from '../../schema/model/model.ts';
import type { RequestContext } from '../http/context.ts';
import { openApi } from '../generate/rest/openapi.ts';
import type { RestAnswer } from './rest-request.ts';

const documents = new WeakMap<Model, string>();

export function openApiDocument(
  { model, database, computed, routes }: RequestContext,
  isGuarded: boolean,
): RestAnswer {
  let body = documents.get(model);
  if (body === undefined) {
    body = JSON.stringify(
      openApi(model, { database, isGuarded, computed: computed.byType, routes }),
    );
    documents.set(model, body);
  }
  return { status: 200, headers: {}, body };
}
