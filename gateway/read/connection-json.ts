/** Lists and connections as JSON: a page of a type's entities, or a page for each of many parents. */
import { DEFAULT_PAGE } from '../generate/page-sizes.ts';
import type { ListArguments } from '../select/selection.ts';
import type { AggregatePlan } from './aggregate-plan.ts';
import { writeAggregate } from './aggregate-plan.ts';
import type { FoldsOf } from './list.ts';
import { List } from './list.ts';
import type { Page, PageOf } from './pages.ts';
import { EMPTY_PAGE } from './pages.ts';
import type { ListOrigin, Position } from './query/list-clauses.ts';
import type {
  ConnectionPartPlan,
  ConnectionPlan,
  EdgePartPlan,
  EntityPlan,
  Fragments,
  PageFact,
  PageInfoPartPlan,
  ReadEntities,
  Run,
} from './plan.ts';

/** A connection for each parent; a list of a type has the one parent undefined. @throws BAD_USER_INPUT, BAD_CURSOR */
export async function readConnections(
  readEntities: ReadEntities,
  run: Run,
  /** Where the list stands, for what is to be said of it. */
  place: string,
  origin: ListOrigin,
  args: ListArguments,
  plan: ConnectionPlan,
  parents: ReadonlyArray<number | undefined>,
): Promise<Connections> {
  const { parts, nodes, wantsRows, wantsPositions, wantsCount } = plan;
  const list = await List.open(run.scope, origin, args);
  const pageOf = wantsRows ? await list.pages(parents, wantsPositions) : noPage;
  const countOf = wantsCount ? await list.totalCounts(parents) : noCount;
  const entities = nodes.length === 0 ? [] : entitiesOn(pageOf, parents);
  const scoped = { ...run, scope: list.scope };
  const fragments = await Promise.all(nodes.map((node) => readEntities(scoped, node, entities)));
  const aggregates = new Map<AggregatePlan, FoldsOf>();
  for (const part of parts)
    if (part.kind === 'aggregate')
      aggregates.set(part.aggregate, await list.folds(part.aggregate.folds, parents));
  if (origin.kind === 'link')
    for (const [i, node] of nodes.entries())
      tellOfOthers(run, place, node, entities.length - (fragments[i]?.size ?? 0));
  const written = { list, pageOf, countOf, aggregates, fragments };
  const isSilent = wantsRows && !plan.tellsOfMore && hasNoSize(args);
  return {
    write: (parent) => {
      if (isSilent && pageOf(parent).hasNextPage) run.scope.warnings.listCut(place, DEFAULT_PAGE);
      return writeConnection(written, parts, parent);
    },
    pageInfo: (parent, name) => pageFact(written, pageOf(parent), name),
  };
}

/** The connections of some parents. */
export interface Connections {
  readonly write: (parent: number | undefined) => string;
  readonly pageInfo: (parent: number | undefined, name: PageFact) => string | boolean | null;
}

function writeConnection(
  written: Written,
  parts: ReadonlyArray<ConnectionPartPlan>,
  parent: number | undefined,
): string {
  let text = '';
  for (const part of parts) {
    if (text !== '') text += ',';
    text += part.prefix + writePart(written, part, parent);
  }
  return `{${text}}`;
}

const noPage = (): Page => EMPTY_PAGE;
const noCount = (): number => 0;

/** What was read of a connection. */
interface Written {
  readonly list: List;
  readonly pageOf: PageOf;
  readonly countOf: (parent: number | undefined) => number;
  readonly aggregates: ReadonlyMap<AggregatePlan, FoldsOf>;
  /** Beside each of the plan's `nodes`. */
  readonly fragments: ReadonlyArray<Fragments>;
}

function writePart(written: Written, part: ConnectionPartPlan, parent: number | undefined): string {
  switch (part.kind) {
    case 'constant':
      return part.text;
    case 'totalCount':
      return String(written.countOf(parent));
    case 'aggregate': {
      const { aggregate } = part;
      const folds = written.aggregates.get(aggregate)?.(parent) ?? [];
      return writeAggregate(aggregate, written.countOf(parent), folds);
    }
    case 'nodes':
      return writeNodes(written.pageOf(parent), written.fragments[part.node]);
    case 'edges':
      return writeEdges(written, part.parts, parent);
    case 'pageInfo':
      return writePageInfo(written, part.parts, parent);
  }
}

function writeEdges(
  written: Written,
  parts: ReadonlyArray<EdgePartPlan>,
  parent: number | undefined,
): string {
  const { entities, positionAt } = written.pageOf(parent);
  let edges = '';
  for (let place = 0; place < entities.length; place++) {
    const edge = writeEdge(written, parts, entities[place]!, () => positionAt(place));
    if (edge !== undefined) edges += edges === '' ? edge : `,${edge}`;
  }
  return `[${edges}]`;
}

/** Undefined where the entity is not of the type: an edge to it is none. */
function writeEdge(
  { list, fragments }: Written,
  parts: ReadonlyArray<EdgePartPlan>,
  entity: number,
  position: () => Position,
): string | undefined {
  let edge = '';
  for (const part of parts) {
    const text =
      part.kind === 'constant'
        ? part.text
        : part.kind === 'cursor'
          ? `"${list.cursorOf(position())}"`
          : fragments[part.node]?.get(entity);
    if (text === undefined || text === null) return undefined;
    edge += edge === '' ? part.prefix : `,${part.prefix}`;
    edge += text;
  }
  return `{${edge}}`;
}

function writePageInfo(
  written: Written,
  parts: ReadonlyArray<PageInfoPartPlan>,
  parent: number | undefined,
): string {
  const page = written.pageOf(parent);
  const texts = parts.map((part) => {
    if (part.kind === 'constant') return part.prefix + part.text;
    return part.prefix + JSON.stringify(pageFact(written, page, part.name));
  });
  return `{${texts.join(',')}}`;
}

function pageFact({ list }: Written, page: Page, name: PageFact): string | boolean | null {
  switch (name) {
    case 'hasNextPage':
    case 'hasPreviousPage':
      return page[name];
    case 'startCursor':
    case 'endCursor': {
      const { length } = page.entities;
      if (length === 0) return null;
      return list.cursorOf(page.positionAt(name === 'startCursor' ? 0 : length - 1));
    }
  }
}

/** Whether nobody said how long the list is to be. */
function hasNoSize({ first, last }: ListArguments): boolean {
  return (first ?? last ?? null) === null;
}

/** Takes note of references to what is not of their type. Who may not see everything is not told that there is something else. */
export function tellOfOthers(
  { scope }: Run,
  place: string,
  { shows }: EntityPlan,
  count: number,
): void {
  if (count > 0 && shows.kind === 'typed' && !scope.lists.rules.isRestricted)
    scope.warnings.notOfType(place, shows.type, count);
}

/** The entities on pages, each once. */
export function entitiesOn(
  pageOf: PageOf,
  parents: ReadonlyArray<number | undefined>,
): ReadonlyArray<number> {
  // A page has an entity once.
  if (parents.length === 1) return pageOf(parents[0]).entities;
  const found = new Set<number>();
  for (const parent of parents) for (const entity of pageOf(parent).entities) found.add(entity);
  return Array.from(found);
}

export function writeNodes({ entities }: Page, fragments: Fragments | undefined): string {
  let text = '';
  for (const entity of entities) {
    const node = fragments?.get(entity);
    if (node !== undefined && node !== null) text += text === '' ? node : `,${node}`;
  }
  return `[${text}]`;
}
