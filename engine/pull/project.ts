/**
 * What many entities say of some attributes, as columns: the flat counterpart of a pull, for those who make something else of it than maps.
 * A level of a tree of entities is one projection, so that what a tree costs in round trips follows from its depth.
 */
import type { Keyword } from '../../schema/keyword.ts';
import type { Value } from '../../schema/value.ts';
import type { Bound } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Db } from '../db/db.ts';
import type { VisitRows } from '../db/near-rows.ts';
import { NearRows } from '../db/near-rows.ts';
import { prefetch } from '../db/prefetch.ts';
import type { SettledDb } from '../db/scan.ts';
import type { Schema } from '../db/schema.ts';
import { settle } from '../db/settle.ts';
import type { QueryLimits } from '../shared/budget.ts';
import { budget } from '../shared/budget.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { PAUSE, run } from '../shared/suspend.ts';

/** What is asked of each entity. One projection object is compiled once for each schema. */
export interface Projection {
  readonly attributes: ReadonlyArray<ProjectedAttribute>;
  /** Whether {@link Projected.idents} is wanted. */
  readonly idents?: boolean;
  /** Of {@link Projected.has}. */
  readonly having?: ReadonlyArray<Keyword>;
}

export type ProjectedAttribute =
  /** The value of an attribute; of several the first. */
  | { readonly kind: 'one'; readonly ident: Keyword }
  /** Its values in order, at most so many. */
  | { readonly kind: 'many'; readonly ident: Keyword; readonly limit?: number | undefined }
  /** The entities that refer to the entity by it, in order, at most so many; the attribute has to be indexed. */
  | { readonly kind: 'reverse'; readonly ident: Keyword; readonly limit?: number | undefined };

export interface Projected {
  /** Beside each attribute of the projection its column: of one value a place for each entity, undefined where there is none; else lists. */
  readonly columns: ReadonlyArray<ReadonlyArray<Value | undefined> | Lists>;
  /** The attributes that each entity has, in the order of the index; where that was asked. */
  readonly idents: ReadonlyArray<ReadonlyArray<Keyword>>;
  /** Whether each entity has one attribute at least of those in `having`; where that was asked. */
  readonly has: ReadonlyArray<boolean>;
}

/** A list for each entity: that of entity i is `values[starts[i]]` up to `values[starts[i + 1]]`, exclusive. */
export interface Lists {
  readonly starts: ReadonlyArray<number>;
  readonly values: ReadonlyArray<Value>;
}

/** What entities say, as columns with a place for each entity. Entities may be in any order; near ones beside each other are read fastest. */
export function project(
  db: Db,
  projection: Projection,
  entities: ReadonlyArray<number>,
  limits?: QueryLimits,
): Promise<Projected> {
  return run(projectAll(db, projection, entities), limits);
}

/** The value that each of some entities has for an attribute, of several the first; undefined where there is none. */
export function* projectOne(
  db: SettledDb,
  ident: Keyword,
  entities: ReadonlyArray<number>,
): Suspended<ReadonlyArray<Value | undefined>> {
  const { columns } = yield* projectAll(db, { attributes: [{ kind: 'one', ident }] }, entities);
  return columns[0] as ReadonlyArray<Value | undefined>;
}

function* projectAll(
  db: Db,
  projection: Projection,
  entities: ReadonlyArray<number>,
): Suspended<Projected> {
  const settled = yield* settle(db);
  const { forward, reverse } = compile(projection, db.schema);
  const columns = projection.attributes.map((attribute) =>
    attribute.kind === 'one' ? new Array<Value | undefined>(entities.length) : emptyLists(),
  );
  const idents: Keyword[][] = [];
  const has: boolean[] = [];
  if (forward.bySlot.size > 0 || projection.idents === true) {
    const reader = new ForwardReader(
      columns,
      forward,
      projection.idents === true ? idents : undefined,
      has,
      db.schema,
    );
    yield* readEach(settled, 'eavt', entities, (e) => ({ e }), reader);
  }
  for (const { number, place, limit } of reverse) {
    const reader = new ReverseReader(columns[place] as ListsDraft, limit);
    yield* readEach(settled, 'avet', entities, (v) => ({ a: number, v }), reader);
  }
  for (const column of columns) closeLists(column, entities.length);
  return { columns, idents, has };
}

interface ListsDraft {
  readonly starts: number[];
  readonly values: Value[];
}

function emptyLists(): ListsDraft {
  return { starts: [], values: [] };
}

/** Ends the last list; where nothing was read all are empty. */
function closeLists(column: ReadonlyArray<Value | undefined> | ListsDraft, length: number): void {
  if (Array.isArray(column)) return;
  const { starts, values } = column as ListsDraft;
  while (starts.length <= length) starts.push(values.length);
}

interface Compiled {
  readonly forward: Forward;
  readonly reverse: ReadonlyArray<Reverse>;
}

interface Forward {
  /** The places of attributes in the projection by their numbers. */
  readonly bySlot: ReadonlyMap<number, Slot>;
  readonly many: ReadonlyArray<Slot>;
}

interface Slot {
  /** Negative for an attribute of which only is asked whether it is there. */
  readonly place: number;
  readonly isOne: boolean;
  readonly limit: number;
  readonly isHad: boolean;
}

interface Reverse {
  readonly number: number;
  readonly place: number;
  readonly limit: number;
}

/** What each projection was last compiled to; databases of one schema follow each other. */
const lastCompiled = new WeakMap<
  Projection,
  { readonly schema: Schema; readonly compiled: Compiled }
>();

function compile(projection: Projection, schema: Schema): Compiled {
  const last = lastCompiled.get(projection);
  if (last?.schema === schema) return last.compiled;
  const bySlot = new Map<number, Slot>();
  const reverse: Reverse[] = [];
  for (const [place, attribute] of projection.attributes.entries()) {
    const number = schema.numberOf(attribute.ident);
    if (number === undefined) continue;
    const limit = (attribute.kind === 'one' ? 1 : attribute.limit) ?? Infinity;
    if (attribute.kind === 'reverse') reverse.push({ number, place, limit });
    else bySlot.set(number, { place, isOne: attribute.kind === 'one', limit, isHad: false });
  }
  for (const ident of projection.having ?? []) {
    const number = schema.numberOf(ident);
    if (number === undefined) continue;
    const slot = bySlot.get(number) ?? { place: -1, isOne: true, limit: 0 };
    bySlot.set(number, { ...slot, isHad: true });
  }
  const many = Array.from(bySlot.values()).filter(({ isOne }) => !isOne);
  const compiled = { forward: { bySlot, many }, reverse };
  lastCompiled.set(projection, { schema, compiled });
  return compiled;
}

/** Takes in the rows of one entity after the other. */
interface EntityReader {
  /** Also called again for an entity of which not all could be read. */
  begin(place: number): void;
  readonly visit: VisitRows;
}

class ForwardReader implements EntityReader {
  readonly #columns: ReadonlyArray<Array<Value | undefined> | ListsDraft>;
  readonly #forward: Forward;
  readonly #idents: Keyword[][] | undefined;
  readonly #has: boolean[];
  readonly #schema: Schema;
  #place = 0;

  constructor(
    columns: ReadonlyArray<Array<Value | undefined> | ListsDraft>,
    forward: Forward,
    idents: Keyword[][] | undefined,
    has: boolean[],
    schema: Schema,
  ) {
    this.#columns = columns;
    this.#forward = forward;
    this.#idents = idents;
    this.#has = has;
    this.#schema = schema;
  }

  begin(place: number): void {
    this.#place = place;
    for (const slot of this.#forward.many)
      beginList(this.#columns[slot.place] as ListsDraft, place);
    if (this.#idents !== undefined) this.#idents[place] = [];
    this.#has[place] = false;
  }

  readonly visit: VisitRows = (keys, lo, hi) => {
    const { bySlot } = this.#forward;
    const place = this.#place;
    for (let row = lo; row < hi; row++) {
      const a = keys.a[row]!;
      if (this.#idents !== undefined) this.#noteIdent(this.#idents[place]!, a);
      const slot = bySlot.get(a);
      if (slot === undefined) continue;
      if (slot.isHad) this.#has[place] = true;
      if (slot.place < 0) continue;
      const column = this.#columns[slot.place]!;
      if (slot.isOne) (column as Array<Value | undefined>)[place] ??= keys.value(row);
      else addToList(column as ListsDraft, place, slot.limit, keys.value(row));
    }
    return true;
  };

  #noteIdent(idents: Keyword[], a: number): void {
    const ident = this.#schema.identOfNumber(a);
    if (ident !== undefined && idents.at(-1) !== ident) idents.push(ident);
  }
}

class ReverseReader implements EntityReader {
  readonly #column: ListsDraft;
  readonly #limit: number;
  #place = 0;

  constructor(column: ListsDraft, limit: number) {
    this.#column = column;
    this.#limit = limit;
  }

  begin(place: number): void {
    this.#place = place;
    beginList(this.#column, place);
  }

  readonly visit: VisitRows = (keys, lo, hi) => {
    const { starts, values } = this.#column;
    const end = Math.min(hi, lo + this.#limit - (values.length - starts[this.#place]!));
    for (let row = lo; row < end; row++) values.push(keys.e[row]!);
    return end === hi;
  };
}

function beginList({ starts, values }: ListsDraft, place: number): void {
  if (starts.length > place) values.length = starts[place]!;
  else starts.push(values.length);
}

function addToList(
  { starts, values }: ListsDraft,
  place: number,
  limit: number,
  value: Value,
): void {
  if (values.length - starts[place]! < limit) values.push(value);
}

const ENTITIES_PER_PAUSE = 256;

/** What a value takes in a column. */
const BYTES_PER_VALUE = 16;

function* readEach(
  db: SettledDb,
  order: IndexOrder,
  entities: ReadonlyArray<number>,
  boundOf: (entity: number) => Bound,
  reader: EntityReader,
): Suspended<void> {
  budget().hold(entities.length * BYTES_PER_VALUE);
  const near = new NearRows(db, order);
  for (let place = 0; place < entities.length; place++) {
    const bound = boundOf(entities[place]!);
    const misses: Miss[] = [];
    reader.begin(place);
    let isRead = near.visit(bound, reader.visit, misses);
    if (!isRead) yield* prefetch(db, order, entities.slice(place).map(boundOf));
    while (!isRead) {
      reader.begin(place);
      misses.length = 0;
      isRead = near.visit(bound, reader.visit, misses);
      if (!isRead) yield misses;
    }
    if (place % ENTITIES_PER_PAUSE === ENTITIES_PER_PAUSE - 1) yield PAUSE;
  }
}
