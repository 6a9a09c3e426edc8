/** What was ever said of an entity, as a resource. */
import { DatabaseError } from '../../schema/error.ts';
import type { EntityType } from '../../schema/model/model.ts';
import { readScope } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import { readEntities } from '../read/entity-json.ts';
import { isThere } from '../read/find-entity.ts';
import { decodeId } from '../read/global-id.ts';
import type { ShownDatom } from '../read/objects/datoms.ts';
import { historyOf } from '../read/objects/meta.ts';
import type { ObjectPage } from '../read/objects/page.ts';
import { planPage } from '../read/objects/page.ts';
import { DATOM_FIELDS } from '../read/objects/tx.ts';
import type { ObjectPart } from '../select/selection.ts';
import { parseHistoryRequest } from './from-rest.ts';
import type { RestAnswer, RestRequest } from './rest-request.ts';

/** A page of it, the newest first. @throws ENTITY_NOT_FOUND, FORBIDDEN */
export async function entityHistory(
  context: RequestContext,
  type: EntityType,
  { url }: RestRequest,
  id: string,
): Promise<RestAnswer> {
  const { list, asOf } = parseHistoryRequest(url.searchParams);
  if (type.access?.history === false)
    throw new DatabaseError('FORBIDDEN', `The caller may not see what was of ${type.name}`);
  const scope = readScope(context, asOf, type);
  const entity = decodeId(context.database, id);
  const run = { scope, variables: {}, readEntities };
  const page = (await historyOf(run, [entity], list))(entity);
  // Of an entity that is gone there is nobody left to ask whether the caller may see it.
  const isGone = scope.lists.rules.whereOf(type.name, 'read') === undefined && hasType(page, type);
  if (!isGone && !(await isThere(scope, type, entity)))
    throw new DatabaseError('ENTITY_NOT_FOUND', `There is no such ${type.name}`);
  const write = await HISTORY.read(run, [page]);
  return { status: 200, headers: nextLink(url, page), body: write(page) };
}

function hasType({ rows }: ObjectPage<ShownDatom>, type: EntityType): boolean {
  return rows.some(({ types }) => types.includes(type));
}

function nextLink(url: URL, page: ObjectPage<ShownDatom>): Readonly<Record<string, string>> {
  const last = page.rows.at(-1);
  if (!page.hasNextPage || last === undefined) return {};
  const next = new URL(url);
  next.searchParams.set('after', page.cursorOf(last));
  return { Link: `<${next.pathname}${next.search}>; rel="next"` };
}

const part = (name: string, below: ReadonlyArray<ObjectPart> = []): ObjectPart => {
  return { key: name, name, type: '', args: () => ({}), below, entity: undefined };
};

const HISTORY = planPage(
  part('history', [
    part('nodes', [
      ...['field', 'attribute', 'value', 'added'].map((name) => part(name)),
      part('tx', [part('t'), part('instant')]),
    ]),
    part(
      'pageInfo',
      ['hasNextPage', 'endCursor'].map((name) => part(name)),
    ),
    part('totalCount'),
  ]),
  DATOM_FIELDS,
  () => {
    throw new Error('Expected no entities in a history');
  },
);
