/**
 * Pulls a plan for many entities, level by level: the datoms of all entities of a level are read in one pass, so that a cold pull costs
 * round trips by its depth and not by how many entities it meets.
 */
import type { Attribute } from '../../schema/attribute.ts';
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import { fromJs } from '../../schema/js.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import { datomsNow, datomsWith } from '../db/lookup.ts';
import { prefetch } from '../db/prefetch.ts';
import type { SettledDb } from '../db/scan.ts';
import { budget } from '../shared/budget.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { didYouMean } from '../shared/suggest.ts';
import type { CompiledPlan, CompiledSpec } from './compile.ts';
import { compilePull, compileSpec } from './compile.ts';
import { attributeSpec } from './parse.ts';
import type { PullPlan, PullSpec } from './parse.ts';

/** An entity to pull, and the recursion that led to it. */
interface Visit {
  readonly e: number;
  readonly path: Path | undefined;
}

/** The entities that a recursion entered, and by which spec, the last first. The one that it started from is not among them. */
interface Path {
  readonly e: number;
  readonly spec: PullSpec;
  readonly up: Path | undefined;
}

type Result = Map<EdnData, EdnData>;

/** References that were found and whose entities are pulled together, one level further down. */
interface Descent {
  readonly spec: PullSpec;
  readonly plan: PullPlan;
  readonly visits: Visit[];
  /** Puts the pulled entities of one parent in their place; `count` of them are its. */
  readonly places: Array<{
    readonly count: number;
    readonly put: (entities: ReadonlyArray<EdnMap | null>) => void;
  }>;
}

/** What a map takes in memory, and each entry of it. */
const BYTES_PER_ENTITY = 200;
const BYTES_PER_ENTRY = 40;

/** One result for each entity, in order; null where nothing matched. */
export function* pullMany(
  db: SettledDb,
  plan: PullPlan,
  entities: ReadonlyArray<number>,
): Suspended<Array<EdnMap | null>> {
  return yield* pullLevel(
    db,
    plan,
    entities.map((e) => ({ e, path: undefined })),
  );
}

/**
 * The result for one entity where all that it needs is in memory and no reference has to be followed; undefined otherwise. Nodes that are not
 * in memory are noted in `misses`.
 */
export function pullNow(
  db: SettledDb,
  plan: PullPlan,
  e: number,
  misses: Miss[],
): EdnMap | null | undefined {
  checkAttributes(db, plan, e);
  const level = new Level(db, compilePull(plan, db.schema));
  const result = level.visitNow({ e, path: undefined }, misses);
  if (result === undefined || level.descents !== undefined) return undefined;
  return result.size > 0 ? result : null;
}

function* pullLevel(
  db: SettledDb,
  plan: PullPlan,
  visits: ReadonlyArray<Visit>,
): Suspended<Array<EdnMap | null>> {
  const [first] = visits;
  if (first !== undefined) checkAttributes(db, plan, first.e);
  const level = new Level(db, compilePull(plan, db.schema));
  const results: Result[] = [];
  for (const [i, visit] of visits.entries()) {
    let result = level.visitNow(visit);
    if (result === undefined) {
      yield* level.prefetch(visits.slice(i));
      result = level.visitNow(visit) ?? (yield* level.visit(visit));
    }
    results.push(result);
    budget().hold(BYTES_PER_ENTITY + result.size * BYTES_PER_ENTRY);
    if (i % 256 === 255) yield PAUSE;
  }
  for (const { plan: below, visits: children, places } of level.descents?.values() ?? []) {
    const pulled = yield* pullLevel(db, below, children);
    let at = 0;
    for (const { count, put } of places) put(pulled.slice(at, (at += count)));
  }
  return results.map((result) => (result.size > 0 ? result : null));
}

class Level {
  /** Where references lead, by the specs that follow them. */
  descents: Map<PullSpec, Descent> | undefined;
  readonly #db: SettledDb;
  readonly #compiled: CompiledPlan;

  constructor(db: SettledDb, compiled: CompiledPlan) {
    this.#db = db;
    this.#compiled = compiled;
  }

  /** Brings what some entities need into memory. */
  *prefetch(visits: ReadonlyArray<Visit>): Suspended<void> {
    const rows = visits.map(({ e }) => ({ e }));
    yield* prefetch(this.#db, 'eavt', rows);
    for (const { spec, number } of this.#compiled.specs)
      if (spec.isReverse && number !== undefined) {
        const sources = visits.map(({ e }) => ({ a: number, v: e }));
        yield* prefetch(this.#db, 'avet', sources);
      }
  }

  /** What an entity shows; undefined where a node is not in memory. */
  visitNow(visit: Visit, misses?: Miss[]): Result | undefined {
    const datoms = datomsNow(this.#db, 'eavt', { e: visit.e }, misses);
    if (datoms === undefined) return undefined;
    if (!this.#compiled.hasReverse) return this.#show(visit, datoms, NO_SOURCES);
    const sources = new Map<CompiledSpec, ReadonlyArray<Datom>>();
    for (const spec of this.#compiled.specs) {
      if (!spec.spec.isReverse || spec.number === undefined) continue;
      const found = datomsNow(this.#db, 'avet', { a: spec.number, v: visit.e }, misses);
      if (found === undefined) return undefined;
      sources.set(spec, found);
    }
    return this.#show(visit, datoms, sources);
  }

  /** As {@link visitNow}, however much there is to read. */
  *visit(visit: Visit): Suspended<Result> {
    const datoms = yield* datomsWith(this.#db, 'eavt', { e: visit.e });
    const sources = new Map<CompiledSpec, ReadonlyArray<Datom>>();
    for (const spec of this.#compiled.specs)
      if (spec.spec.isReverse && spec.number !== undefined)
        sources.set(spec, yield* datomsWith(this.#db, 'avet', { a: spec.number, v: visit.e }));
    return this.#show(visit, datoms, sources);
  }

  /** The rows of an entity, which stand in the order of their attributes, in the shape of the pattern. */
  #show(
    visit: Visit,
    datoms: ReadonlyArray<Datom>,
    sources: ReadonlyMap<CompiledSpec, ReadonlyArray<Datom>>,
  ): Result {
    const result: Result = new Map();
    const { plan, specs, byNumber, found: places } = this.#compiled;
    if (plan.idKey !== undefined && (plan.isWildcard || datoms.length > 0))
      result.set(plan.idKey, visit.e);
    for (const place of places) place.to = 0;
    for (let from = 0, to = 0; from < datoms.length; from = to) {
      const { a } = datoms[from]!;
      to = from + 1;
      while (to < datoms.length && datoms[to]!.a === a) to++;
      const spec = byNumber.get(a);
      if (spec !== undefined) {
        const place = places[spec.slot]!;
        place.from = from;
        place.to = to;
      } else if (plan.isWildcard) {
        const other = this.#wildcardSpec(a);
        if (other !== undefined) this.#put(result, other, datoms, from, to, visit);
      }
    }
    for (const spec of specs) {
      const { from, to } = places[spec.slot]!;
      const pointing = spec.spec.isReverse ? (sources.get(spec) ?? []) : undefined;
      if (pointing === undefined) this.#put(result, spec, datoms, from, to, visit);
      else this.#put(result, spec, pointing, 0, pointing.length, visit);
    }
    return result;
  }

  /** Undefined for an attribute that is an entity and has no ident any more. */
  #wildcardSpec(a: number): CompiledSpec | undefined {
    const { wildcard } = this.#compiled;
    let spec = wildcard.get(a);
    if (spec === undefined) {
      const { schema } = this.#db;
      const ident = schema.identOfNumber(a);
      if (ident === undefined) return undefined;
      spec = compileSpec(attributeSpec(ident), -1, schema);
      wildcard.set(a, spec);
    }
    return spec;
  }

  /** Puts what rows `from <= i < to` say under the key of the spec. */
  #put(
    result: Result,
    compiled: CompiledSpec,
    datoms: ReadonlyArray<Datom>,
    from: number,
    to: number,
    visit: Visit,
  ): void {
    const { spec, isSingle, isScalar } = compiled;
    if (to <= from) {
      if (spec.default !== undefined && !this.#compiled.plan.isWildcard)
        result.set(spec.key, spec.default);
      return;
    }
    if (isScalar && isSingle) {
      result.set(spec.key, transformed(spec, datoms[from]!.v));
      return;
    }
    const end = spec.limit === undefined ? to : Math.min(to, from + spec.limit);
    const values = datoms.slice(from, end).map((datom) => (spec.isReverse ? datom.e : datom.v));
    if (isScalar) result.set(spec.key, transformed(spec, values));
    else
      this.#putEntities(result, spec, compiled.attribute, values.map(entityIdOf), isSingle, visit);
  }

  #putEntities(
    result: Result,
    spec: PullSpec,
    attribute: Attribute | undefined,
    ids: ReadonlyArray<number>,
    isSingle: boolean,
    visit: Visit,
  ): void {
    const below = this.#planBelow(spec, attribute, visit);
    const show = (entities: ReadonlyArray<EdnMap | null>): void => {
      const present = entities.filter((entity) => entity !== null);
      if (!isSingle) result.set(spec.key, transformed(spec, present));
      else if (present[0] !== undefined) result.set(spec.key, transformed(spec, present[0]));
      else result.delete(spec.key);
    };
    if (below === undefined) {
      if (spec.target.kind === 'plain') show(ids.map((id) => reference(this.#db, id)));
      return;
    }
    // Keeps the place of the key in the result.
    result.set(spec.key, null);
    const isLoop = below.isRecursive;
    const isWhole = spec.target.kind === 'plain';
    const seen = ids.map((e) => isLoop && (isOnPath(visit.path, e) || (isWhole && e === visit.e)));
    const descent = this.#descent(spec, below.plan);
    const fresh = ids.filter((_, i) => seen[i] !== true);
    for (const e of fresh)
      descent.visits.push({ e, path: isLoop ? pathTo(e, spec, visit) : undefined });
    descent.places.push({
      count: fresh.length,
      put: (pulled) => {
        let next = 0;
        show(
          ids.map((e, i) => (seen[i] === true ? reference(this.#db, e) : (pulled[next++] ?? null))),
        );
      },
    });
  }

  /** What to pull of the entities behind a ref; undefined for their ids alone, or nothing where a recursion ends. */
  #planBelow(
    spec: PullSpec,
    attribute: Attribute | undefined,
    visit: Visit,
  ): { readonly plan: PullPlan; readonly isRecursive: boolean } | undefined {
    switch (spec.target.kind) {
      case 'pattern':
        return { plan: spec.target.plan, isRecursive: false };
      case 'plain':
        return attribute?.component === true && !spec.isReverse
          ? { plan: WHOLE, isRecursive: true }
          : undefined;
      case 'recursion':
        return spec.target.depth <= depthOf(visit.path, spec)
          ? undefined
          : { plan: this.#compiled.plan, isRecursive: true };
    }
  }

  #descent(spec: PullSpec, plan: PullPlan): Descent {
    this.descents ??= new Map();
    let descent = this.descents.get(spec);
    if (descent === undefined) {
      descent = { spec, plan, visits: [], places: [] };
      this.descents.set(spec, descent);
    }
    return descent;
  }
}

const NO_SOURCES: ReadonlyMap<CompiledSpec, ReadonlyArray<Datom>> = new Map();

/** A value as `:xform` makes it. */
function transformed(spec: PullSpec, value: EdnData): EdnData {
  return spec.transform === undefined ? value : fromJs(spec.transform(value));
}

/** What a component shows without a pattern of its own: everything. */
const WHOLE: PullPlan = { isWildcard: true, idKey: DB.id, specs: [] };

/** A pattern below an attribute that is no ref takes its values for entity ids. */
function entityIdOf(value: Value): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected number or lookup ref for entity id, got ${printEdn(value)}`,
    { kind: 'entity-id/syntax', data: { 'entity-id': value } },
  );
}

/** An entity that is not pulled any further; where attributes are entities, with the ident that it may have. */
function reference({ schema }: SettledDb, e: number): EdnMap {
  const ident = schema.names.areEntities ? schema.identOf(e) : undefined;
  const id: [EdnData, EdnData] = [DB.id, e];
  return new Map(ident === undefined ? [id] : [id, [DB.ident, ident]]);
}

/** The entity whose components are shown counts as entered by that; the one that a recursion starts from does not. */
function pathTo(e: number, spec: PullSpec, visit: Visit): Path {
  const isStart = spec.target.kind === 'plain' && !isOnPath(visit.path, visit.e);
  const up = isStart ? { e: visit.e, spec, up: visit.path } : visit.path;
  return { e, spec, up };
}

function isOnPath(path: Path | undefined, e: number): boolean {
  for (let at = path; at !== undefined; at = at.up) if (at.e === e) return true;
  return false;
}

/** How often the recursion of one spec led on. */
function depthOf(path: Path | undefined, spec: PullSpec): number {
  let depth = 0;
  for (let at = path; at !== undefined; at = at.up) if (at.spec === spec) depth++;
  return depth;
}

/** @throws SCHEMA_VIOLATION for an attribute that a strict database does not know */
function checkAttributes(db: SettledDb, plan: PullPlan, e: number): void {
  const { schemaFlexibility, attributeRefs } = db.config;
  if (schemaFlexibility === 'read' || attributeRefs || plan.isWildcard) return;
  for (const { ident } of plan.specs) {
    if (db.schema.attributeNamed(ident) !== undefined) continue;
    const name = ident.toString();
    throw new DatabaseError(
      'SCHEMA_VIOLATION',
      `Bad entity attribute ${name} in pull pattern, not defined in current schema${didYouMean(name, db.schema.idents)}`,
      {
        kind: 'transact/schema',
        data: { attribute: ident },
        summary: `Bad entity attribute ${name} at (resolve-datom db ${e} ${name} nil nil), not defined in current schema`,
      },
    );
  }
}
