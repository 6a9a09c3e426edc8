/**
 * Pages of all that parents are linked to, without a query: the links of all parents in one read, and what they are sorted by in another.
 */
import type { Lists, Projection, Snapshot } from '../../services/reader/reader.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import type { LinkField } from '../select/selection.ts';
import type { PageOf } from './pages.ts';
import { cutPage, EMPTY_PAGE } from './pages.ts';
import type { Row } from './query/list-query.ts';
import type { Order } from './query/order.ts';
import { compareBy, reverseOrder } from './query/order.ts';
import type { PageRequest } from './query/page.ts';

/** A place among all links, and the entity that is there. */
type RowAt = (place: number) => Omit<Row, 'parent'>;

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
    return this.#pageOf(parents, starts, identity, (place) => rowOf(values, NO_VALUES, place));
  }

  /** In the order of values that the linked entities have. */
  async sorted(order: Order, parents: ReadonlyArray<number>): Promise<PageOf> {
    const { starts, values } = await this.#links(parents, undefined);
    const { columns } = await this.#snapshot.project(
      sortProjection(order),
      values as ReadonlyArray<number>,
    );
    const keys = columns as ReadonlyArray<ReadonlyArray<Value | undefined>>;
    const compare = comparing(
      this.#page.backwards ? reverseOrder(order) : order,
      keys,
      values as ReadonlyArray<number>,
    );
    const places = Int32Array.from(values, (_, place) => place);
    for (let i = 0; i + 1 < starts.length; i++)
      places.subarray(starts[i], starts[i + 1]).sort(compare);
    const rowAt: RowAt = (place) =>
      rowOf(
        values,
        keys.map((column) => column[place] ?? null),
        place,
      );
    return this.#pageOf(parents, starts, (i) => places[i] ?? i, rowAt);
  }

  async #links(parents: ReadonlyArray<number>, limit: number | undefined): Promise<Lists> {
    const projection = linkProjection(this.#field, limit);
    const { columns } = await this.#snapshot.project(projection, parents);
    return columns[0] as Lists;
  }

  /** `placeAt`: which link comes at a place of all of them in order. */
  #pageOf(
    parents: ReadonlyArray<number>,
    starts: ReadonlyArray<number>,
    placeAt: (i: number) => number,
    rowAt: RowAt,
  ): PageOf {
    const page = this.#page;
    const indexOf = new Map(parents.map((parent, i) => [parent, i]));
    return (parent) => {
      const i = parent === undefined ? undefined : indexOf.get(parent);
      if (i === undefined) return EMPTY_PAGE;
      const from = (starts[i] ?? 0) + page.offset;
      const to = Math.min(starts[i + 1] ?? 0, from + page.size + 1);
      const rows: Row[] = [];
      for (let at = from; at < to; at++) rows.push({ ...rowAt(placeAt(at)), parent });
      return cutPage(rows, page, page.offset > 0);
    };
  }
}

/** Whether an order is of values that the entities have themselves, in attributes of one value. */
export function isOfOwnValues({ keys }: Order): boolean {
  return keys.every(({ path }) => path.length === 1 && path[0]?.kind === 'value');
}

function comparing(
  { keys, entityDescending }: Order,
  columns: ReadonlyArray<ReadonlyArray<Value | undefined>>,
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

function rowOf(
  entities: ReadonlyArray<Value>,
  values: ReadonlyArray<EdnData>,
  place: number,
): Omit<Row, 'parent'> {
  return { position: { values, entity: Number(entities[place]) } };
}

const NO_VALUES: ReadonlyArray<EdnData> = [];

const identity = (place: number): number => place;

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
