/**
 * Pulls a plan for many entities, level by level: the datoms of all entities of a level are read in one pass, so that a cold pull costs
 * round trips by its depth and not by how many entities it meets.
 */
import type { Attribute } from '../../schema/attribute.ts';
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { datomsWith } from '../db/lookup.ts';
import { prefetch } from '../db/prefetch.ts';
import type { SettledDb } from '../db/scan.ts';
import { must } from '../shared/assert.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { didYouMean } from '../shared/suggest.ts';
import type { PullPlan, PullSpec, PullTarget } from './parse.ts';

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

function* pullLevel(
  db: SettledDb,
  plan: PullPlan,
  visits: ReadonlyArray<Visit>,
): Suspended<Array<EdnMap | null>> {
  if (visits.length > 0) checkAttributes(db, plan);
  const level = new Level(db, plan);
  yield* prefetch(
    db,
    'eavt',
    visits.map(({ e }) => ({ e })),
  );
  for (const { isReverse, ident } of plan.specs) {
    const a = db.schema.numberOf(ident);
    if (isReverse && a !== undefined)
      yield* prefetch(
        db,
        'avet',
        visits.map(({ e }) => ({ a, v: e })),
      );
  }
  const results: Result[] = [];
  for (const [i, visit] of visits.entries()) {
    results.push(yield* level.visit(visit));
    if (i % 256 === 255) yield PAUSE;
  }
  for (const { plan: below, visits: children, places } of level.descents.values()) {
    const pulled = yield* pullLevel(db, below, children);
    let at = 0;
    for (const { count, put } of places) put(pulled.slice(at, (at += count)));
  }
  return results.map((result) => (result.size > 0 ? result : null));
}

class Level {
  readonly descents = new Map<PullSpec, Descent>();
  readonly #db: SettledDb;
  readonly #plan: PullPlan;
  readonly #specByAttribute: ReadonlyMap<number, PullSpec>;
  readonly #named: ReadonlySet<PullSpec>;
  /** Specs that a wildcard makes for attributes that the pattern does not name. */
  readonly #wildcardSpecs = new Map<number, PullSpec>();

  constructor(db: SettledDb, plan: PullPlan) {
    this.#db = db;
    this.#plan = plan;
    this.#specByAttribute = new Map(
      plan.specs.flatMap((spec) => {
        const a = db.schema.numberOf(spec.ident);
        return spec.isReverse || a === undefined ? [] : [[a, spec]];
      }),
    );
    this.#named = new Set(this.#specByAttribute.values());
  }

  *visit(visit: Visit): Suspended<Result> {
    const result: Result = new Map();
    const datoms = yield* datomsWith(this.#db, 'eavt', { e: visit.e });
    const { idKey, isWildcard } = this.#plan;
    if (idKey !== undefined && (isWildcard || datoms.length > 0)) result.set(idKey, visit.e);
    const valuesBySpec = new Map<PullSpec, Value[]>();
    for (const { a, v } of datoms) {
      const spec = this.#specOf(a);
      if (spec === undefined) continue;
      const values = valuesBySpec.get(spec);
      if (values === undefined) valuesBySpec.set(spec, [v]);
      else values.push(v);
    }
    for (const [spec, values] of valuesBySpec)
      if (!this.#named.has(spec)) this.#put(result, spec, values, visit);
    for (const spec of this.#plan.specs) {
      const values = spec.isReverse ? yield* this.#sources(spec, visit.e) : valuesBySpec.get(spec);
      this.#put(result, spec, values ?? [], visit);
    }
    return result;
  }

  #specOf(a: number): PullSpec | undefined {
    const spec = this.#specByAttribute.get(a);
    return spec === undefined && this.#plan.isWildcard ? this.#wildcardSpec(a) : spec;
  }

  #wildcardSpec(a: number): PullSpec {
    let spec = this.#wildcardSpecs.get(a);
    if (spec === undefined) {
      const ident = must(this.#db.schema.identOfNumber(a), 'an ident for an attribute with values');
      const target: PullTarget = { kind: 'plain' };
      spec = { ident, isReverse: false, key: ident, limit: 1_000, default: undefined, target };
      this.#wildcardSpecs.set(a, spec);
    }
    return spec;
  }

  *#sources(spec: PullSpec, e: number): Suspended<Value[]> {
    const a = this.#db.schema.numberOf(spec.ident);
    if (a === undefined) return [];
    const datoms = yield* datomsWith(this.#db, 'avet', { a, v: e });
    return datoms.map((datom) => datom.e);
  }

  #put(result: Result, spec: PullSpec, all: ReadonlyArray<Value>, visit: Visit): void {
    if (all.length === 0) {
      if (spec.default !== undefined && !this.#plan.isWildcard) result.set(spec.key, spec.default);
      return;
    }
    const values = spec.limit === undefined ? all : all.slice(0, spec.limit);
    const attribute = this.#db.schema.attributeNamed(spec.ident);
    const isSingle = spec.isReverse
      ? attribute?.component === true
      : attribute?.cardinality !== 'many';
    if (attribute?.valueType !== 'ref' && spec.target.kind === 'plain') {
      result.set(spec.key, isSingle ? (values[0] ?? null) : values);
      return;
    }
    this.#putEntities(result, spec, attribute, values.map(entityIdOf), isSingle, visit);
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
      if (!isSingle) result.set(spec.key, present);
      else if (present[0] !== undefined) result.set(spec.key, present[0]);
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
          : { plan: this.#plan, isRecursive: true };
    }
  }

  #descent(spec: PullSpec, plan: PullPlan): Descent {
    let descent = this.descents.get(spec);
    if (descent === undefined) {
      descent = { spec, plan, visits: [], places: [] };
      this.descents.set(spec, descent);
    }
    return descent;
  }
}

/** What a component shows without a pattern of its own: everything. */
const WHOLE: PullPlan = { isWildcard: true, idKey: DB.id, specs: [] };

/** A pattern below an attribute that is no ref takes its values for entity ids. */
function entityIdOf(value: Value): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected number or lookup ref for entity id, got ${printEdn(value)}`,
    { kind: 'entity-id/syntax', data: { entityId: value } },
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
function checkAttributes(db: SettledDb, plan: PullPlan): void {
  const { schemaFlexibility, attributeRefs } = db.config;
  if (schemaFlexibility === 'read' || attributeRefs || plan.isWildcard) return;
  for (const { ident } of plan.specs)
    if (db.schema.attributeNamed(ident) === undefined)
      throw new DatabaseError(
        'SCHEMA_VIOLATION',
        `Bad entity attribute ${ident.toString()} in pull pattern, not defined in current schema${didYouMean(ident.toString(), db.schema.idents)}`,
        { kind: 'transact/schema', data: { attribute: ident } },
      );
}
