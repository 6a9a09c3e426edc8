/**
 * The one mechanism that answers reads, for GraphQL and REST alike: a query for the rows of a list, one pull for the entities on it,
 * and for lists inside them that a pull cannot express one more query and pull for each level, whatever the number of entities.
 */
import type { EntityType } from '../../../schema/model/model.ts';
import type { EdnData, EdnMap } from '../../../schema/value.ts';
import { DEFAULT_REFS } from '../../generate/page-sizes.ts';
import type { ListOrigin } from '../query/list-clauses.ts';
import { openList } from './pages.ts';
import type { List, Page, ReadScope } from './pages.ts';
import { answerObject } from '../selection.ts';
import type {
  AnswerObject,
  ConnectionPart,
  EntitySelection,
  LinkConnection,
  ListArguments,
  ListSelection,
  PageInfoPart,
} from '../selection.ts';
import { shapeEntity } from './shape.ts';
import type { Waiting } from './shape.ts';
import { toPull } from './to-pull.ts';

/** What one selection shows of an entity. */
export async function readEntity(
  scope: ReadScope,
  entity: number,
  selection: EntitySelection,
): Promise<AnswerObject | null> {
  const [objects] = await readEntities(scope, [entity], [selection]);
  return objects?.get(entity) ?? null;
}

/** A page of a type's entities. */
export async function readConnection(
  scope: ReadScope,
  type: EntityType,
  list: ListArguments,
  parts: ReadonlyArray<ConnectionPart>,
): Promise<AnswerObject> {
  const connections = await readConnections(scope, { kind: 'type', type }, list, parts, [
    undefined,
  ]);
  return connections(undefined);
}

type ObjectsById = ReadonlyMap<number, AnswerObject>;

/** What each selection shows of some entities: one pull, then what it left open. */
async function readEntities(
  scope: ReadScope,
  entities: ReadonlyArray<number>,
  selections: ReadonlyArray<EntitySelection>,
): Promise<ReadonlyArray<ObjectsById>> {
  if (entities.length === 0 || selections.length === 0) return selections.map(() => new Map());
  const pulled = await scope.snapshot.pullMany(toPull(selections), entities);
  const waiting: Waiting = new Map();
  const shaped = selections.map((selection) =>
    shapeAll({ ...scope, waiting }, selection, entities, pulled),
  );
  await Promise.all(Array.from(waiting, ([selected, objects]) => fill(scope, selected, objects)));
  return shaped;
}

function shapeAll(
  context: ReadScope & { readonly waiting: Waiting },
  selection: EntitySelection,
  entities: ReadonlyArray<number>,
  pulled: ReadonlyArray<EdnMap | null>,
): ObjectsById {
  const objects = new Map<number, AnswerObject>();
  for (const [i, entity] of entities.entries()) {
    const found: EdnData = pulled[i] ?? null;
    const object = shapeEntity(context, selection, found);
    if (object !== null) objects.set(entity, object);
  }
  return objects;
}

/** Reads one list for all the objects that wait for it. */
async function fill(
  scope: ReadScope,
  selected: ListSelection | LinkConnection,
  waiting: ReadonlyArray<{ readonly parent: number; readonly object: AnswerObject }>,
): Promise<void> {
  const parents = Array.from(new Set(waiting.map(({ parent }) => parent)));
  const origin: ListOrigin = { kind: 'link', field: selected.field, parents };
  const answers =
    selected.kind === 'list'
      ? await readLists(scope, origin, selected, parents)
      : await readConnections(scope, origin, selected.list, selected.parts, parents);
  for (const { parent, object } of waiting) object[selected.key] = answers(parent);
}

async function readLists(
  scope: ReadScope,
  origin: ListOrigin,
  selected: ListSelection,
  parents: ReadonlyArray<number>,
): Promise<(parent: number | undefined) => ReadonlyArray<AnswerObject>> {
  const list = await openList(scope, origin, selected.list, DEFAULT_REFS);
  const pageOf = await list.pages();
  const [objects] = await readEntities(list.scope, entitiesOf(pageOf, parents), [
    selected.selection,
  ]);
  return (parent) => showNodes(pageOf(parent), objects);
}

async function readConnections(
  scope: ReadScope,
  origin: ListOrigin,
  args: ListArguments,
  parts: ReadonlyArray<ConnectionPart>,
  parents: ReadonlyArray<number | undefined>,
): Promise<(parent: number | undefined) => AnswerObject> {
  const list = await openList(scope, origin, args);
  const wantsRows = parts.some((part) => part.kind !== 'totalCount');
  const wantsCount = parts.some((part) => part.kind === 'totalCount');
  const [pageOf, countOf] = await Promise.all([
    wantsRows ? list.pages() : () => EMPTY_PAGE,
    wantsCount ? list.totalCounts() : () => 0,
  ]);
  const selections = parts.flatMap(nodeSelections);
  const objects = await readEntities(list.scope, entitiesOf(pageOf, parents), selections);
  const objectsBySelection: ObjectsBySelection = new Map(
    selections.map((each, i) => [each, objects[i] ?? new Map<number, AnswerObject>()]),
  );
  return (parent) => {
    const connection = answerObject();
    for (const part of parts) {
      connection[part.key] =
        part.kind === 'totalCount'
          ? countOf(parent)
          : showPart(part, list, pageOf(parent), objectsBySelection);
    }
    return connection;
  };
}

const EMPTY_PAGE: Page = { rows: [], hasNextPage: false, hasPreviousPage: false };

type ObjectsBySelection = ReadonlyMap<EntitySelection, ObjectsById>;

function showPart(
  part: Exclude<ConnectionPart, { kind: 'totalCount' }>,
  list: List,
  page: Page,
  objects: ObjectsBySelection,
): unknown {
  switch (part.kind) {
    case 'nodes':
      return showNodes(page, objects.get(part.selection));
    case 'edges':
      return showEdges(part, list, page, objects);
    case 'pageInfo': {
      const info = answerObject();
      for (const each of part.parts) info[each.key] = pageInfo(each.name, list, page);
      return info;
    }
  }
}

function showNodes(page: Page, objects: ObjectsById | undefined): ReadonlyArray<AnswerObject> {
  return page.rows
    .map((row) => objects?.get(row.position.entity))
    .filter((object) => object !== undefined);
}

function showEdges(
  { parts }: Extract<ConnectionPart, { kind: 'edges' }>,
  list: List,
  page: Page,
  objects: ObjectsBySelection,
): ReadonlyArray<AnswerObject> {
  return page.rows.flatMap((row) => {
    const edge = answerObject();
    for (const part of parts) {
      if (part.kind === 'cursor') edge[part.key] = list.cursorOf(row);
      else {
        const node = objects.get(part.selection)?.get(row.position.entity);
        if (node === undefined) return [];
        edge[part.key] = node;
      }
    }
    return [edge];
  });
}

function pageInfo(name: PageInfoPart['name'], list: List, page: Page): unknown {
  switch (name) {
    case 'hasNextPage':
    case 'hasPreviousPage':
      return page[name];
    case 'startCursor':
    case 'endCursor': {
      const row = page.rows.at(name === 'startCursor' ? 0 : -1);
      return row === undefined ? null : list.cursorOf(row);
    }
  }
}

function nodeSelections(part: ConnectionPart): ReadonlyArray<EntitySelection> {
  switch (part.kind) {
    case 'nodes':
      return [part.selection];
    case 'edges':
      return part.parts.flatMap((each) => (each.kind === 'node' ? [each.selection] : []));
    case 'pageInfo':
    case 'totalCount':
      return [];
  }
}

function entitiesOf(
  pageOf: (parent: number | undefined) => Page,
  parents: ReadonlyArray<number | undefined>,
): ReadonlyArray<number> {
  return Array.from(
    new Set(parents.flatMap((parent) => pageOf(parent).rows.map((row) => row.position.entity))),
  );
}
