/**
 * Questions for one entity, as most are that a service asks: each pattern follows from the one before by a unique value, or by the entity and
 * an attribute that has one value. So there is one row at most, whose values need no columns. What can be answered this way is found out once
 * for a query and a schema; a schema never changes, so that is never out of date.
 */
import type { EdnData, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { missOf, prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { SettledDb } from '../db/scan.ts';
import { scan } from '../db/scan.ts';
import type { Schema, SchemaAttribute } from '../db/schema.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Query, Term, Variable } from './language/ast.ts';
import { entityFor, entityNow, isLookupRef } from './patterns/components.ts';
import { isRef } from './patterns/way.ts';

interface Step {
  readonly a: number;
  readonly attribute: SchemaAttribute;
  /** Whether the entity is found by the value, or else what it says is looked at. */
  readonly isByValue: boolean;
  /** Places of the row; undefined where any value will do. */
  readonly e: number;
  readonly v: number | undefined;
  /** Whether the value is known before. */
  readonly isChecked: boolean;
}

export class LookupChain {
  /** The values that are in the query, in their places. */
  readonly #row: ReadonlyArray<EdnData>;
  /** The single inputs, by their places. */
  readonly #inputs: ReadonlyArray<readonly [Variable, number]>;
  readonly #steps: ReadonlyArray<Step>;
  readonly #found: ReadonlyArray<number>;

  private constructor(
    row: ReadonlyArray<EdnData>,
    inputs: ReadonlyArray<readonly [Variable, number]>,
    steps: ReadonlyArray<Step>,
    found: ReadonlyArray<number>,
  ) {
    this.#row = row;
    this.#inputs = inputs;
    this.#steps = steps;
    this.#found = found;
  }

  /** Undefined for queries that may have more than one row, or need more than lookups. */
  static of(query: Query, schema: Schema): LookupChain | undefined {
    let known = chains.get(query);
    if (known === undefined) chains.set(query, (known = new WeakMap()));
    let chain = known.get(schema);
    if (chain === undefined) known.set(schema, (chain = LookupChain.#find(query, schema) ?? null));
    return chain ?? undefined;
  }

  static #find(query: Query, schema: Schema): LookupChain | undefined {
    const inputs: Variable[] = [];
    for (const input of query.in) {
      if (input.kind !== 'binding') continue;
      if (input.binding.kind !== 'scalar') return undefined;
      inputs.push(input.binding.name);
    }
    if (query.orderBy.length + query.with.length > 0) return undefined;
    const row: EdnData[] = inputs.map(() => null);
    const places = new Map(inputs.map((name, place) => [name, place]));
    if (places.size < inputs.length) return undefined;
    const steps = stepsOf(query, schema, row, places);
    if (steps === undefined) return undefined;
    const found: number[] = [];
    for (const { kind, name } of query.find.elements) {
      const place = places.get(name);
      if (kind !== 'variable' || place === undefined) return undefined;
      found.push(place);
    }
    const givens = inputs.map((name, place) => [name, place] as const);
    return new LookupChain(row, givens, steps, found);
  }

  /** Whether all single inputs have values, and none is left open. */
  canRun(constants: ReadonlyMap<Variable, EdnData>): boolean {
    return constants.size === this.#inputs.length;
  }

  /** The only row; undefined where there is none. @throws ENTITY_NOT_FOUND */
  *run(db: SettledDb, constants: ReadonlyMap<Variable, EdnData>): Suspended<EdnData[] | undefined> {
    const row = [...this.#row];
    for (const [name, place] of this.#inputs) row[place] = constants.get(name)!;
    for (const { a, attribute, isByValue, e, v, isChecked } of this.#steps) {
      let order: IndexOrder = 'eavt';
      let bound: Bound;
      let wanted: EdnData | undefined = isChecked ? row[v!] : undefined;
      if (wanted !== undefined && isRef(attribute)) wanted = yield* entityFor(db, wanted);
      if (wanted === null) return undefined;
      if (isByValue) {
        order = 'avet';
        bound = { a, v: wanted as Value };
      } else {
        const ref = row[e]!;
        const entity = isLookupRef(ref) ? yield* entityFor(db, ref) : entityNow(db, ref);
        if (entity === null) return undefined;
        bound = { e: entity, a };
      }
      const rows = scan(db, order, prefixRange(bound));
      let state = rows.next();
      while (state === 'missing') {
        yield missOf(rows);
        state = rows.next();
      }
      if (state === 'done') return undefined;
      const value = rows.keys.value(rows.lo);
      if (wanted !== undefined && value !== wanted && !valueEquals(value, wanted)) return undefined;
      if (isByValue) row[e] = rows.keys.e[rows.lo]!;
      else if (!isChecked && v !== undefined) row[v] = value;
    }
    return this.#found.map((place) => row[place]!);
  }
}

const chains = new WeakMap<Query, WeakMap<Schema, LookupChain | null>>();

/** The patterns in an order in which each follows from what is known, and where their values go. */
function stepsOf(
  { where }: Query,
  schema: Schema,
  row: EdnData[],
  places: Map<Variable, number>,
): Step[] | undefined {
  /** Variables that are known to be entities. */
  const entities = new Set<Variable>(places.keys());
  const rest = [...where];
  const steps: Step[] = [];
  const constants = new Map<Term, number>();
  const placeOf = (term: Term | undefined): number | undefined => {
    if (term?.kind === 'variable') return places.get(term.name);
    if (term?.kind !== 'constant') return undefined;
    const place = constants.get(term) ?? row.push(term.value) - 1;
    constants.set(term, place);
    return place;
  };
  const bind = (name: Variable): number => {
    const place = row.push(null) - 1;
    places.set(name, place);
    return place;
  };
  for (let i = 0; rest.length > 0; i++) {
    if (i === rest.length) return undefined;
    const clause = rest[i]!;
    if (clause.kind !== 'pattern' || clause.source !== '$' || clause.terms.length !== 3)
      return undefined;
    const [e, a, v] = clause.terms;
    const number = a?.kind === 'constant' ? schema.numberFor(a.value) : undefined;
    const attribute = number === undefined ? undefined : schema.attribute(number);
    if (number === undefined || attribute === undefined) return undefined;
    const [ofE, ofV] = [placeOf(e), placeOf(v)];
    const isEntity = e?.kind === 'constant' || (e?.kind === 'variable' && entities.has(e.name));
    const isChecked = ofV !== undefined;
    const step = { a: number, attribute, isChecked };
    if (ofE !== undefined && isEntity && attribute.cardinality !== 'many') {
      const place = v?.kind === 'variable' && !isChecked ? bind(v.name) : ofV;
      if (v?.kind === 'variable' && !isChecked && isRef(attribute)) entities.add(v.name);
      steps.push({ ...step, isByValue: false, e: ofE, v: place });
    } else if (
      ofE === undefined &&
      e?.kind === 'variable' &&
      isChecked &&
      attribute.unique !== undefined
    ) {
      steps.push({ ...step, isByValue: true, e: bind(e.name), v: ofV });
      entities.add(e.name);
    } else continue;
    rest.splice(i, 1);
    i = -1;
  }
  return steps;
}
