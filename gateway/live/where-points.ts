/**
 * Where facts stand that decide whether an entity meets a filter, and whether the caller may see it: on the entity itself, or on others that it refers
 * to or that refer to it. So it is found out what a transaction may have changed without going through all entities.
 *
 *     { country: { name: { eq: "France" } } }    :city/country of the entity;  :country/name one step further along :city/country
 */
import { badInput } from '../read/bad-input.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EntityType, Field, Model } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Datom, Snapshot } from '../../services/reader/reader.ts';
import type { RowRules } from '../read/row-rules.ts';
import { NO_RULES } from '../read/row-rules.ts';
import type { Where } from '../select/selection.ts';

interface Step {
  readonly attribute: Keyword;
  /** Whether it is gone from the value to the entity. */
  readonly isReverse: boolean;
}

export interface WherePoint {
  /** From the entities of the list to those that the facts are of. */
  readonly path: ReadonlyArray<Step>;
  readonly attributes: Set<Keyword>;
  /** Attributes that refer to the entities there. */
  readonly references: Set<Keyword>;
}

/** The points of a filter on entities of a type, and of what lets the caller see them. The filter is valid. */
export function wherePoints(
  model: Model,
  rules: RowRules,
  type: EntityType,
  where: Where,
): ReadonlyArray<WherePoint> {
  const walk = new Walk();
  walk.addType(type, []);
  walk.addWhere({ model, rules }, type.name, where, []);
  walk.addRule({ model, rules }, type.name, []);
  return walk.points;
}

interface Seen {
  readonly model: Model;
  readonly rules: RowRules;
}

const IDENT = kw('db/ident');

class Walk {
  readonly #points = new Map<string, WherePoint>();

  get points(): ReadonlyArray<WherePoint> {
    return Array.from(this.#points.values());
  }

  addType({ attributes }: EntityType, path: ReadonlyArray<Step>): void {
    for (const { ident } of attributes) this.#at(path).attributes.add(ident);
  }

  addWhere(seen: Seen, target: string | undefined, where: Where, path: ReadonlyArray<Step>): void {
    const type = target === undefined ? undefined : seen.model.types.get(target);
    for (const [name, condition] of Object.entries(where)) {
      const foreign = type?.foreign.get(name);
      if (foreign !== undefined)
        throw badInput(
          `where.${name}`,
          `depends on what '${foreign.database}' says, whose changes are not followed here: watch a query instead`,
        );
      const field = type?.fields.get(name);
      if (field !== undefined) this.#addField(seen, field, condition as Where, path);
      else if (name === '_not') this.addWhere(seen, target, condition as Where, path);
      else if (name === '_and' || name === '_or')
        for (const each of condition as ReadonlyArray<Where>)
          this.addWhere(seen, target, each, path);
    }
  }

  /** Rules speak of everything, whoever it is that they let through. */
  addRule(seen: Seen, target: string | undefined, path: ReadonlyArray<Step>): void {
    const { rules, model } = seen;
    if (!rules.isRestricted) return;
    const names = target === undefined ? Array.from(model.types.keys()) : [target];
    for (const name of names) {
      const type = model.types.get(name);
      if (target === undefined && type !== undefined) this.addType(type, path);
      const rule = rules.whereOf(name, 'read');
      if (rule === undefined || rule === false) continue;
      this.addWhere({ model: rules.model ?? model, rules: NO_RULES }, name, rule, path);
    }
  }

  #addField(seen: Seen, field: Field, condition: Where, path: ReadonlyArray<Step>): void {
    const { ident } = field.attribute;
    const step = { attribute: ident, isReverse: field.kind === 'reverse' };
    const further = [...path, step];
    const point = this.#at(path);
    (step.isReverse ? point.references : point.attributes).add(ident);
    if (field.kind === 'scalar') {
      if (field.isIdent) this.#at(further).attributes.add(IDENT);
      return;
    }
    this.addRule(seen, field.target, further);
    if (!field.many) this.addWhere(seen, field.target, condition, further);
    else
      for (const [quantifier, each] of Object.entries(condition))
        if (quantifier !== 'count') this.addWhere(seen, field.target, each as Where, further);
  }

  #at(path: ReadonlyArray<Step>): WherePoint {
    const key = path.map((step) => `${step.isReverse ? '<' : '>'}${step.attribute}`).join(' ');
    let point = this.#points.get(key);
    if (point === undefined) {
      point = { path, attributes: new Set(), references: new Set() };
      this.#points.set(key, point);
    }
    return point;
  }
}

/** The entities of the list that changes may concern, as it was in one of the snapshots. */
export async function concernedBy(
  points: ReadonlyArray<WherePoint>,
  changes: ReadonlyArray<Datom>,
  snapshots: ReadonlyArray<Snapshot>,
): Promise<ReadonlySet<number>> {
  const concerned = new Set<number>();
  for (const point of points) {
    const touched = touchedAt(point, changes);
    if (touched.size === 0) continue;
    if (point.path.length === 0) for (const entity of touched) concerned.add(entity);
    else
      for (const snapshot of snapshots) {
        const found = await snapshot.q(backwards(point), [Array.from(touched)]);
        for (const entity of found as ReadonlyArray<number>) concerned.add(entity);
      }
  }
  return concerned;
}

function touchedAt({ attributes, references }: WherePoint, changes: ReadonlyArray<Datom>) {
  const touched = new Set<number>();
  for (const { e, attribute, v } of changes) {
    if (attributes.has(attribute as Keyword)) touched.add(e);
    if (references.has(attribute as Keyword)) touched.add(v as number);
  }
  return touched;
}

const queries = new WeakMap<WherePoint, EdnData>();

/** From the entities at a point to those of the list. */
function backwards(point: WherePoint): EdnData {
  let query = queries.get(point);
  if (query === undefined) {
    const variable = (place: number) => sym(`?e${place}`);
    const clauses = point.path.map(({ attribute, isReverse }, i) =>
      isReverse
        ? [variable(i + 1), attribute, variable(i)]
        : [variable(i), attribute, variable(i + 1)],
    );
    query = new Map<EdnData, EdnData>([
      [kw('find'), [[variable(0), sym('...')]]],
      [kw('in'), [sym('$'), [variable(point.path.length), sym('...')]]],
      [kw('where'), clauses],
    ]);
    queries.set(point, query);
  }
  return query;
}
