/**
 * A transaction being written down, with what has to hold for it to be written. Everything is said as `[:db/add e a v]` and its opposites: in these
 * forms a value is never taken for a lookup ref, a map or a list of values.
 *
 * What is found out here may be otherwise when the writer comes to it, so whatever the transaction rests on is a condition of it as well: that an
 * entity is there and the caller may see it, that it has the identity by which it was named, that nobody has the one a new entity claims.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EntityType, Field, Model, ScalarField } from '../../schema/model/model.ts';
import { entitiesInPlaces } from '../../schema/model/shapes.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import type { Condition, Refusal } from '../../services/connection/conditions.ts';
import { badInput } from '../read/bad-input.ts';
import type { By } from '../read/find-entity.ts';
import { findEntity, parseBy, requireEntity } from '../read/find-entity.ts';
import { ENTITY } from '../read/query/list-clauses.ts';
import type { QueryForm } from '../read/query/list-query.ts';
import type { AccessKind } from '../read/row-rules.ts';
import type { VisibilityScope } from '../read/visible.ts';
import { visibleAmong } from '../read/visible.ts';

/** `snapshot` is the database that the write starts from. */
export interface WriteScope extends VisibilityScope {
  readonly model: Model;
  readonly database: string;
}

/** An entity id, or the tempid of an entity that the transaction makes. */
export type EntityTerm = number | string;

/** What a name of a caller comes to. */
export interface Named {
  readonly entity: EntityTerm;
  readonly type: EntityType;
}

/** The names that callers give to entities of their transaction. */
export const TEMPID = /^tmp:[\w.-]{1,100}$/;

const ADD = kw('db/add');
const RETRACT = kw('db/retract');
const RETRACT_ATTRIBUTE = kw('db.fn/retractAttribute');
const RETRACT_ENTITY = kw('db/retractEntity');

type WriteKind = Exclude<AccessKind, 'read'>;

interface Question {
  readonly entities: EdnData[];
  readonly inputs: ReadonlyArray<EdnData>;
  readonly refusal: Refusal;
}

export class Draft {
  readonly scope: WriteScope;
  /** The tempids that callers gave, with the types of their entities. */
  readonly #declared: ReadonlyMap<string, EntityType>;
  readonly #operations: EdnData[] = [];
  readonly #conditions: Condition[] = [];
  /** By their forms, so that a form is asked once for all of its entities. */
  readonly #questions = {
    before: new Map<QueryForm, Question>(),
    after: new Map<QueryForm, Question>(),
  };
  readonly #claimed = new Set<unknown>();
  #tempids = 0;

  constructor(scope: WriteScope, declared: ReadonlyMap<string, EntityType>) {
    this.scope = scope;
    this.#declared = declared;
  }

  get operations(): ReadonlyArray<EdnData> {
    return this.#operations;
  }

  get conditions(): ReadonlyArray<Condition> {
    const asked = (['before', 'after'] as const).flatMap((when) =>
      Array.from(this.#questions[when], ([{ query }, question]): Condition => ({
        kind: 'matches',
        when,
        query,
        ...question,
      })),
    );
    return [...this.#conditions, ...asked];
  }

  newTempid(): string {
    this.#tempids += 1;
    return `new-${this.#tempids}`;
  }

  add(field: Field, entity: EntityTerm, value: EdnData): void {
    this.addFact(...edge(field, entity, value));
  }

  addFact(entity: EdnData, attribute: Keyword, value: EdnData): void {
    this.#operations.push([ADD, entity, attribute, value]);
  }

  /** A component does not outlive its place. */
  retract(field: Field, entity: number, value: EdnData): void {
    const source = field.kind === 'reverse' ? this.scope.model.types.get(field.target) : undefined;
    if (source !== undefined) this.permit({ entity: value as number, type: source }, 'update');
    this.#operations.push(
      isComponent(field) ? [RETRACT_ENTITY, value] : [RETRACT, ...edge(field, entity, value)],
    );
  }

  async retractAll(field: Field, entity: number): Promise<void> {
    if (field.kind !== 'reverse')
      this.#operations.push([RETRACT_ATTRIBUTE, entity, field.attribute.ident]);
    else for (const value of await this.valuesOf(field, entity)) this.retract(field, entity, value);
  }

  retractEntity(entity: number): void {
    this.#operations.push([RETRACT_ENTITY, entity]);
  }

  /** What a field of an entity holds now; where it leads to entities, the ids of those that the caller may see. */
  async valuesOf(field: Field, entity: EntityTerm): Promise<ReadonlyArray<EdnData>> {
    if (typeof entity === 'string') return [];
    const { ident } = field.attribute;
    const [from, attribute, to] =
      field.kind === 'reverse' ? [VALUE, ident, ENTITY] : [ENTITY, ident, VALUE];
    const query = new Map<EdnData, EdnData>([
      [kw('find'), [[VALUE, sym('...')]]],
      [kw('in'), [sym('$'), ENTITY]],
      [kw('where'), [[from, attribute, to]]],
    ]);
    const values = (await this.scope.snapshot.q(query, [entity])) as ReadonlyArray<EdnData>;
    if (field.kind === 'scalar' || field.target === undefined) return values;
    const visible = await visibleAmong(this.scope, field.target, values as ReadonlyArray<number>);
    return visible === undefined ? values : Array.from(visible);
  }

  /**
   * A value of a field as it is stored: floating point numbers in the length that the attribute has them in; in a tuple the entities that it names by
   * their ids, which are there, and which the caller may see.
   *
   * @throws ENTITY_NOT_FOUND, BAD_USER_INPUT
   */
  async stored({ name, shape, attribute }: ScalarField, value: EdnData): Promise<EdnData> {
    if (attribute.valueType === 'float-array' && value instanceof Float64Array)
      return Float32Array.from(value);
    const ids: string[] = [];
    const collect = entitiesInPlaces(shape, (id) => ids.push(id));
    if (collect === undefined) return value;
    collect(value);
    const entities = new Map<string, number>();
    for (const id of ids) {
      const { entity } = await this.named(undefined, { id });
      if (typeof entity === 'string')
        throw badInput(
          name,
          `holds ${entity}, which the transaction makes: a tuple holds what is there`,
        );
      entities.set(id, entity);
    }
    return entitiesInPlaces(shape, (id) => entities.get(id) ?? 0)?.(value) ?? value;
  }

  require(condition: Condition): void {
    this.#conditions.push(condition);
  }

  /**
   * The entity that a caller names, which is there, and which it may see.
   *
   * @throws ENTITY_NOT_FOUND, BAD_USER_INPUT
   */
  async named(target: EntityType | undefined, by: By): Promise<Named> {
    const { id } = by;
    if (typeof id === 'string' && TEMPID.test(id)) return this.#declaredAs(target, id);
    const name = parseBy(this.scope.model, this.scope.database, target?.name, by);
    const found = await requireEntity(this.scope, target, name);
    const { entity, type } = found;
    if (name.kind === 'unique')
      this.require({ kind: 'holder', attribute: name.attribute, value: name.value, entity });
    const wanted = name.kind === 'id' ? 'with this id' : `with this ${name.attribute}`;
    const refusal: Refusal = {
      code: 'ENTITY_NOT_FOUND',
      message: `There is no ${target?.name ?? 'entity'} ${wanted}`,
    };
    // Where nobody is hidden it is enough to look for an attribute, which takes the writer a fraction of the time of a query.
    if (this.scope.lists.rule(type.name, 'read') === undefined)
      this.require({ kind: 'has', entity, attributes: identsOf(type), refusal });
    else this.#ask('before', this.scope.lists.members(type), [entity], refusal);
    return found;
  }

  /** That entities are still what a question found. */
  confirm(form: QueryForm, slots: ReadonlyArray<unknown>, entities: ReadonlyArray<number>): void {
    const message = 'What the write was to change has changed meanwhile; try again';
    this.#ask('before', form, entities, { code: 'CAS_CONFLICT', message }, slots);
  }

  /** That a rule lets the caller write an entity: as it is before the write and, but for one that is removed, as it is after. */
  permit({ entity, type }: Named, kind: WriteKind): void {
    if (type.access?.[kind] === false)
      throw new DatabaseError('FORBIDDEN', `The caller may not ${kind} entities of ${type.name}`);
    const form = this.scope.lists.rule(type.name, kind);
    if (form === undefined) return;
    const refusal = forbidden(type, kind);
    if (kind !== 'create' && typeof entity === 'number')
      this.#ask('before', form, [entity], refusal);
    if (kind !== 'delete') this.#ask('after', form, [entity], refusal);
  }

  /** That nobody has an identity: a new entity with one that is taken would silently become the entity that has it. */
  claim(attribute: Keyword, value: EdnData): void {
    const key = valueKey([attribute, value]);
    if (this.#claimed.has(key)) {
      const { code, message, data } = taken(attribute);
      throw new DatabaseError(code, message, { data });
    }
    this.#claimed.add(key);
    this.require({ kind: 'holder', attribute, value, entity: null });
  }

  /** That whoever has an identity is an entity that the caller may see and update: an upsert would change it. */
  join(type: EntityType, attribute: Keyword, value: EdnData): void {
    const holder = [attribute, value];
    const visible = this.scope.lists.rule(type.name, 'read');
    if (visible !== undefined) this.#ask('before', visible, [holder], taken(attribute));
    const writable = this.scope.lists.rule(type.name, 'update');
    if (writable !== undefined) this.#ask('before', writable, [holder], forbidden(type, 'update'));
  }

  /** The entity with a unique value, if there is one. */
  holderOf(attribute: Keyword, value: EdnData): Promise<number | undefined> {
    const name = { kind: 'unique', attribute, value, identity: false } as const;
    return findEntity(this.scope.snapshot, name);
  }

  #declaredAs(target: EntityType | undefined, tempid: string): Named {
    const type = this.#declared.get(tempid);
    if (type === undefined)
      throw badInput(tempid, 'is the tempid of nothing that the transaction makes');
    if (target !== undefined && type !== target)
      throw badInput(tempid, `is the tempid of a ${type.name}, where a ${target.name} is expected`);
    return { entity: tempid, type };
  }

  #ask(
    when: 'before' | 'after',
    form: QueryForm,
    entities: ReadonlyArray<EdnData>,
    refusal: Refusal,
    slots: ReadonlyArray<unknown> = [[], ...this.scope.claims],
  ): void {
    const questions = this.#questions[when];
    const question = questions.get(form);
    if (question !== undefined) question.entities.push(...entities);
    else {
      const inputs = form.inputs(slots).slice(1);
      questions.set(form, { entities: [...entities], inputs, refusal });
    }
  }
}

const VALUE = sym('?v');

function identsOf({ attributes }: EntityType): ReadonlyArray<Keyword> {
  return attributes.map(({ ident }) => ident);
}

/** A fact between an entity and what its field leads to, from the end that states it. */
function edge(
  field: Field,
  entity: EntityTerm,
  value: EdnData,
): [entity: EdnData, attribute: Keyword, value: EdnData] {
  const { ident } = field.attribute;
  return field.kind === 'reverse' ? [value, ident, entity] : [entity, ident, value];
}

function isComponent({ kind, attribute }: Field): boolean {
  return kind === 'ref' && attribute.component === true;
}

function taken(attribute: Keyword) {
  const data = { attribute: attribute.toString() };
  return {
    code: 'UNIQUE_CONFLICT',
    message: `Another entity has this ${attribute}`,
    data,
  } as const;
}

function forbidden({ name }: EntityType, kind: WriteKind): Refusal {
  return { code: 'FORBIDDEN', message: `The caller may not ${kind} this entity of ${name}` };
}
