/** A pull plan as it is run on databases of one schema: its attributes looked up, once for many pulls. */
import type { Schema, SchemaAttribute } from '../db/schema.ts';
import type { PullPlan, PullSpec } from './parse.ts';

export interface CompiledPlan {
  readonly plan: PullPlan;
  readonly specs: ReadonlyArray<CompiledSpec>;
  /** The specs that are not backward, by the numbers of their attributes. */
  readonly byNumber: ReadonlyMap<number, CompiledSpec>;
  readonly hasReverse: boolean;
  /** Which rows of an entity each spec has; while one entity is looked at. */
  readonly found: ReadonlyArray<Found>;
  /** Specs for what a wildcard shows beside what the pattern names; made as attributes are met. */
  readonly wildcard: Map<number, CompiledSpec>;
}

/** Rows `from <= i < to`. */
interface Found {
  from: number;
  to: number;
}

export interface CompiledSpec {
  readonly spec: PullSpec;
  /** Its place among the specs of the plan. */
  readonly slot: number;
  /** What stands for the attribute in datoms; undefined where no datom can have it. */
  readonly number: number | undefined;
  readonly attribute: SchemaAttribute | undefined;
  readonly isSingle: boolean;
  /** Whether values are shown as they are: no entities. */
  readonly isScalar: boolean;
}

interface Compiled {
  readonly schema: Schema;
  readonly compiled: CompiledPlan;
}

/** What each plan was last compiled to; databases of one schema follow each other. */
const lastCompiled = new WeakMap<PullPlan, Compiled>();

export function compilePull(plan: PullPlan, schema: Schema): CompiledPlan {
  const last = lastCompiled.get(plan);
  if (last?.schema === schema) return last.compiled;
  const specs = plan.specs.map((spec, slot) => compileSpec(spec, slot, schema));
  const byNumber = new Map<number, CompiledSpec>();
  for (const spec of specs)
    if (!spec.spec.isReverse && spec.number !== undefined) byNumber.set(spec.number, spec);
  const hasReverse = specs.some(({ spec }) => spec.isReverse);
  const found = specs.map(() => ({ from: 0, to: 0 }));
  const compiled = { plan, specs, byNumber, hasReverse, found, wildcard: new Map() };
  lastCompiled.set(plan, { schema, compiled });
  return compiled;
}

export function compileSpec(spec: PullSpec, slot: number, schema: Schema): CompiledSpec {
  const number = schema.numberOf(spec.ident);
  const attribute = number === undefined ? undefined : schema.attribute(number);
  const isSingle = spec.isReverse
    ? attribute?.component === true
    : attribute?.cardinality !== 'many';
  const isScalar =
    attribute?.valueType !== 'ref' && spec.target.kind === 'plain' && !spec.isReverse;
  return { spec, slot, number, attribute, isSingle, isScalar };
}
