/**
 * The queries of lists, each made once for all lists of one shape: of one origin and order, with filters that differ in values alone.
 */
import type { FoldName } from '../../schema/model/folds.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EntityType, Model, ScalarField } from '../../schema/model/model.ts';
import type { OrderInput } from '../select/selection.ts';
import { decodeId } from './global-id.ts';
import type { Bounds, ListOrigin, ListSpec, PositionSlots, Segment } from './query/list-clauses.ts';
import type { QueryForm, RowQuery } from './query/list-query.ts';
import {
  foldQuery,
  membersQuery,
  rowQuery,
  ruleQuery,
  segmentCountQuery,
  segmentsOf,
  totalCountQuery,
  valuesQuery,
} from './query/list-query.ts';
import type { FilterContext } from './query/filter.ts';
import type { TxSpec } from './query/tx-query.ts';
import { txKey, txQuery } from './query/tx-query.ts';
import type { GroupPath } from './query/group-query.ts';
import { groupFoldQuery, groupQuery } from './query/group-query.ts';
import type { AccessKind, RowRules } from './row-rules.ts';
import { NO_RULES, rulesOfPast } from './row-rules.ts';
import type { Order } from './query/order.ts';
import { parseOrder, reverseOrder } from './query/order.ts';
import type { ShapedWhere } from './query/slots.ts';
import { Slot } from './query/slots.ts';

/** The slot of the parents of a link; those of values follow. */
export const PARENTS_SLOT = new Slot(0);

/** Callers choose the shapes; so many are kept. */
const MAX_PLANS = 2_000;
const MAX_FORMS = 64;

/** What the id that a filter names is in a database. @throws BAD_USER_INPUT */
export type DecodeId = (database: string, id: string) => number;

const ANY: ShapedWhere = { key: '', template: () => ({}) };

export class ListPlans {
  readonly #model: Model;
  readonly #database: string;
  readonly rules: RowRules;
  readonly #decodeId: DecodeId;
  readonly #plans = new Map<string, ListPlan>();
  #ofPast: ListPlans | undefined;
  /** Questions that are no pages of entities. */
  readonly #tests = new Map<string, QueryForm>();

  constructor(
    model: Model,
    database: string,
    rules: RowRules = NO_RULES,
    decode: DecodeId = decodeId,
  ) {
    this.#model = model;
    this.#database = database;
    this.rules = rules;
    this.#decodeId = decode;
  }

  /** Those for what was. */
  get ofPast(): ListPlans {
    if (this.#ofPast === undefined) {
      const rules = rulesOfPast(this.rules, this.#model);
      this.#ofPast =
        rules === this.rules
          ? this
          : new ListPlans(this.#model, this.#database, rules, this.#decodeId);
    }
    return this.#ofPast;
  }

  /** Of entities of a type in the slot of the parents those that a rule lets through; undefined where those are all. */
  rule(type: string, kind: AccessKind): QueryForm | undefined {
    if (this.rules.whereOf(type, kind) === undefined) return undefined;
    return this.#test(`${kind} ${type}`, () => ruleQuery(this.#context, type, kind, PARENTS_SLOT));
  }

  /** Of entities in the slot of the parents those of a type that the caller may see and that a filter lets through. */
  members(type: EntityType, { key, template }: ShapedWhere = ANY): QueryForm {
    return this.#test(`members ${type.name}|${key}`, () =>
      membersQuery(this.#context, type, template(), PARENTS_SLOT),
    );
  }

  /** The values of an attribute that entities of a type have which the caller may see and a filter lets through. */
  values(type: EntityType, attribute: Keyword, { key, template }: ShapedWhere): QueryForm {
    return this.#test(`values ${attribute} ${type.name}|${key}`, () =>
      valuesQuery(this.#context, type, attribute, template()),
    );
  }

  /** The transactions, newest or oldest first. */
  transactions(spec: TxSpec): QueryForm {
    return this.#test(`tx ${txKey(spec)}`, () => txQuery(this.#context, spec));
  }

  #test(key: string, make: () => QueryForm): QueryForm {
    let form = this.#tests.get(key);
    if (form === undefined) {
      if (this.#tests.size >= MAX_PLANS) this.#tests.clear();
      form = make();
      this.#tests.set(key, form);
    }
    return form;
  }

  get #context(): Omit<FilterContext, 'scope'> {
    return {
      model: this.#model,
      decodeId: (id) => this.#decodeId(this.#database, id),
      rules: this.rules,
    };
  }

  /** @throws BAD_USER_INPUT for an order that is none; for a filter that is none when it is first read */
  of(
    origin: ListOrigin,
    { key, template }: ShapedWhere,
    orderBy: ReadonlyArray<OrderInput>,
  ): ListPlan {
    const name = `${originKey(origin)}|${orderKey(orderBy)}|${key}`;
    let plan = this.#plans.get(name);
    if (plan === undefined) {
      if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
      const order = parseOrder(this.#model, targetOf(origin), orderBy);
      const parents = PARENTS_SLOT;
      plan = new ListPlan({ ...this.#context, origin, parents, where: template(), order });
      this.#plans.set(name, plan);
    }
    return plan;
  }
}

interface NamedPath extends GroupPath {
  readonly name: string;
}

interface Folded {
  readonly field: ScalarField;
  readonly folds: ReadonlyArray<FoldName>;
}

export class ListPlan {
  readonly order: Order;
  readonly #forward: DirectedPlan;
  #backward: DirectedPlan | undefined;
  readonly #spec: ListSpec;
  #members: QueryForm | undefined;
  #totalCount: QueryForm | undefined;
  readonly #folds = new Map<string, QueryForm>();

  constructor(spec: ListSpec) {
    this.#spec = spec;
    this.order = spec.order;
    this.#forward = new DirectedPlan(spec);
  }

  get origin(): ListOrigin {
    return this.#spec.origin;
  }

  directed(isBackwards: boolean): DirectedPlan {
    if (!isBackwards) return this.#forward;
    const spec = this.#spec;
    return (this.#backward ??= new DirectedPlan({ ...spec, order: reverseOrder(spec.order) }));
  }

  /** What the values of a field come to. */
  folds(field: ScalarField, folds: ReadonlyArray<FoldName>): QueryForm {
    return this.#folded(`${field.name} ${folds.join(' ')}`, () =>
      foldQuery(this.#spec, field, folds),
    );
  }

  /** The groups of the list by some keys: how many entities they have, or what values of a field come to. */
  groups(keys: ReadonlyArray<NamedPath>, folded?: Folded): QueryForm {
    const by = keys.map(({ name, period }) => `${name}:${period ?? ''}`).join(',');
    const key = `by ${by} ${folded?.field.name ?? ''} ${folded?.folds.join(' ') ?? ''}`;
    return this.#folded(key, () =>
      folded === undefined
        ? groupQuery(this.#spec, keys)
        : groupFoldQuery(this.#spec, keys, folded.field, folded.folds),
    );
  }

  #folded(key: string, make: () => QueryForm): QueryForm {
    let form = this.#folds.get(key);
    if (form === undefined) {
      if (this.#folds.size >= MAX_FORMS) this.#folds.clear();
      form = make();
      this.#folds.set(key, form);
    }
    return form;
  }

  /** Which entities of a list of a type are among those in the slot of the parents. */
  get members(): QueryForm {
    return (this.#members ??= membersOf(this.#spec));
  }

  /** How many entities there are in all. */
  get totalCount(): QueryForm {
    return (this.#totalCount ??= totalCountQuery(this.#spec));
  }
}

/** A list read from one of its ends. */
export class DirectedPlan {
  readonly #spec: ListSpec;
  readonly #rows = new Map<string, RowQuery>();

  constructor(spec: ListSpec) {
    this.#spec = spec;
  }

  segments(bounds: Bounds): ReadonlyArray<Segment> {
    return segmentsOf(this.#spec, bounds);
  }

  rows(segment: Segment, bounds: Bounds): RowQuery {
    const key = `${segment.valued} ${segment.equal}|${keyOf(bounds.after)}|${keyOf(bounds.before)}`;
    let query = this.#rows.get(key);
    if (query === undefined) {
      if (this.#rows.size >= MAX_FORMS) this.#rows.clear();
      query = rowQuery(this.#spec, segment, bounds);
      this.#rows.set(key, query);
    }
    return query;
  }

  /** How many rows a segment has; seldom asked. */
  count(segment: Segment, bounds: Bounds): QueryForm {
    return segmentCountQuery(this.#spec, segment, bounds);
  }
}

/** Which values a position has: slots of one shape are the same ones. */
function keyOf(position: PositionSlots | undefined): string {
  if (position === undefined) return '';
  const { entity, values } = position;
  const place = (value: unknown): string => (value instanceof Slot ? String(value.index) : '-');
  return [entity, ...values].map(place).join(' ');
}

export function targetOf(origin: ListOrigin): string | undefined {
  return origin.kind === 'type' ? origin.type.name : origin.field.target;
}

const orderKeys = new WeakMap<ReadonlyArray<OrderInput>, string>();

/** An order that an operation says itself is one object for all its requests. */
function orderKey(orderBy: ReadonlyArray<OrderInput>): string {
  if (orderBy.length === 0) return '';
  let key = orderKeys.get(orderBy);
  if (key === undefined) orderKeys.set(orderBy, (key = JSON.stringify(orderBy)));
  return key;
}

export function originKey(origin: ListOrigin): string {
  if (origin.kind === 'type') return origin.type.name;
  const { kind, attribute } = origin.field;
  return `${kind} ${attribute.ident.toString()}`;
}

function membersOf(spec: ListSpec): QueryForm {
  const { origin, where, parents } = spec;
  if (origin.kind !== 'type') throw new Error('Expected a list of a type');
  return membersQuery(spec, origin.type, where, parents);
}
