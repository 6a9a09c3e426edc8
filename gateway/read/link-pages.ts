/**
 * Pages of all that parents are linked to, without a query: the links of all parents in one read, and what they are sorted by in another.
 */
import type { Lists, Projection, Snapshot } from '../../services/reader/reader.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { LinkField } from '../select/selection.ts';
import type { Page, PageOf } from './pages.ts';
import { cutPage, EMPTY_PAGE } from './pages.ts';
import type { Position } from './query/list-clauses.ts';
import type { Order } from './query/order.ts';
import { compareBy, reverseOrder, sortValue } from './query/order.ts';
import type { PageRequest } from './query/page.ts';

export class LinkPages {
  readonly #snapshot: Snapshot;
  readonly #field: LinkField;
  readonly #page: PageRequest;

  constructor(snapshot: Snapshot, field: LinkField, page: PageRequest) {
    this.#snapshot = snapshot;
    this.#field = field;
    this.#page = page;
  }

  /** In the order in which links are stored. */
  async asStored(parents: ReadonlyArray<number>): Promise<PageOf> {
    const { offset, size } = this.#page;
    const { starts, values } = await this.#links(parents, offset + size + 1);
    const entities = values as ReadonlyArray<number>;
    return this.#pageOf(parents, starts, entities, () => NO_VALUES);
  }

  /** In the order of values that the linked entities have. */
  async sorted(order: Order, parents: ReadonlyArray<number>): Promise<PageOf> {
    const { starts, values } = await this.#links(parents, undefined);
    const entities = values as ReadonlyArray<number>;
    const { columns } = await this.#snapshot.project(sortProjection(order), entities);
    const keys = order.keys.map(({ scalar }, i): ReadonlyArray<EdnData | undefined> => {
      const column = columns[i] as ReadonlyArray<Value | undefined>;
      return scalar === 'Float' ? column.map(sortValue) : column;
    });
    const compare = comparing(this.#page.backwards ? reverseOrder(order) : order, keys, entities);
    const places = Int32Array.from(entities, (_, place) => place);
    for (let i = 0; i + 1 < starts.length; i++)
      sortPart(places, starts[i]!, starts[i + 1]!, compare);
    const inOrder = Array.from(places, (place) => entities[place]!);
    return this.#pageOf(parents, starts, inOrder, (at) =>
      keys.map((column) => column[places[at]!] ?? null),
    );
  }

  async #links(parents: ReadonlyArray<number>, limit: number | undefined): Promise<Lists> {
    const projection = linkProjection(this.#field, limit);
    const { columns } = await this.#snapshot.project(projection, parents);
    return columns[0] as Lists;
  }

  /** `entities`: of all links, in order; `valuesAt`: what the one at a place among them is sorted by. */
  #pageOf(
    parents: ReadonlyArray<number>,
    starts: ReadonlyArray<number>,
    entities: ReadonlyArray<number>,
    valuesAt: (at: number) => ReadonlyArray<EdnData>,
  ): PageOf {
    const { offset, size } = this.#page;
    const pages = new Map<number | undefined, Page>();
    for (const [i, parent] of parents.entries()) {
      const from = starts[i]! + offset;
      const read = entities.slice(from, Math.min(starts[i + 1]!, from + size + 1));
      const positionAt = (place: number): Position => ({
        values: valuesAt(from + place),
        entity: read[place]!,
      });
      pages.set(parent, cutPage(read, positionAt, this.#page, offset > 0));
    }
    return (parent) => pages.get(parent) ?? EMPTY_PAGE;
  }
}

/** Whether an order is of values that the entities have themselves, in attributes of one value. */
export function isOfOwnValues({ keys }: Order): boolean {
  return keys.every(({ path }) => path.length === 1 && path[0]?.kind === 'value');
}

function comparing(
  { keys, entityDescending }: Order,
  columns: ReadonlyArray<ReadonlyArray<EdnData | undefined>>,
  entities: ReadonlyArray<number>,
): (one: number, other: number) => number {
  const comparisons = keys.map((key, i) => {
    const column = columns[i] ?? [];
    const compare = compareBy(key);
    return (one: number, other: number): number => compare(column[one], column[other]);
  });
  return (one, other) => {
    for (const compare of comparisons) {
      const difference = compare(one, other);
      if (difference !== 0) return difference;
    }
    const difference = (entities[one] ?? 0) - (entities[other] ?? 0);
    return entityDescending ? -difference : difference;
  };
}

/** Sorts the places from `from` to before `to`; links that were made in their order are in it already. */
function sortPart(
  places: Int32Array,
  from: number,
  to: number,
  compare: (one: number, other: number) => number,
): void {
  for (let at = from + 1; at < to; at++)
    if (compare(places[at - 1]!, places[at]!) > 0)
      return void places.subarray(from, to).sort(compare);
}

const NO_VALUES: ReadonlyArray<EdnData> = [];

/** By order: one object is compiled once. */
const sortProjections = new WeakMap<Order, Projection>();

function sortProjection(order: Order): Projection {
  let projection = sortProjections.get(order);
  if (projection === undefined) {
    const attributes = order.keys.flatMap(({ path: [step] }) =>
      step?.kind === 'value' ? [{ kind: 'one' as const, ident: step.ident }] : [],
    );
    sortProjections.set(order, (projection = { attributes }));
  }
  return projection;
}

/** By field and limit: one object is compiled once. */
const linkProjections = new WeakMap<LinkField, Map<number | undefined, Projection>>();
const MAX_LIMITS = 64;

function linkProjection(field: LinkField, limit: number | undefined): Projection {
  let known = linkProjections.get(field);
  if (known === undefined) linkProjections.set(field, (known = new Map()));
  let projection = known.get(limit);
  if (projection === undefined) {
    if (known.size >= MAX_LIMITS) known.clear();
    const kind = field.kind === 'reverse' ? 'reverse' : 'many';
    projection = { attributes: [{ kind, ident: field.attribute.ident, limit }] };
    known.set(limit, projection);
  }
  return projection;
}
